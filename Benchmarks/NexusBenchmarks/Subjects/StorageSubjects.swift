import Application
import Core
import Database
import SystemSupport
import WriteAheadBuffer

/// Appending a batch to the write-ahead buffer, under its lock.
final class AppendSubject {
    private let batch: RecordBatch
    private let appender: SegmentAppender

    /// With so many events in a batch, into the data folder at `path`.
    init(events: Int, path: String) {
        batch = SubjectKey.batch(events)
        appender = SegmentAppender(buffer: WriteAheadBuffer(folder: DataFolder(path).bufferFolder))
    }

    /// Appends the batch once more.
    func run() throws {
        let bytes = batch.bytes
        _ = try appender.append(bytes.span)
    }
}

/// Draining: from the write-ahead buffer to SQLite, rows, sessions, rollups and counters.
final class DrainSubject: Sendable {
    private let batch: RecordBatch
    private let buffer: WriteAheadBuffer
    private let writer: SQLiteWriter

    /// With so many events in a run, in the data folder at `path`.
    init(events: Int, path: String) throws {
        let data = DataFolder(path)
        try data.folder.prepare()
        guard let lock = try WriterLock.acquire(in: data) else { preconditionFailure("the folder has a writer") }
        batch = SubjectKey.batch(events)
        buffer = WriteAheadBuffer(folder: data.bufferFolder)
        writer = try SQLiteWriter(data: data, lock: lock)
    }

    /// Puts the events of a run into the buffer.
    func prepare() throws {
        let bytes = batch.bytes
        _ = try SegmentAppender(buffer: buffer).append(bytes.span)
    }

    /// Drains them, and returns how many they were.
    func run() async throws -> Int { try await writer.drain() }
}

/// The way of events through the ring: batches of one event into the batcher, and from there, many at a time, into the
/// write-ahead buffer.
final class RingSubject: Sendable {
    private let batch = SubjectKey.batch(1)
    private let batcher: EventBatcher

    /// Into the data folder at `path`.
    init(path: String) {
        let buffer = WriteAheadBuffer(folder: DataFolder(path).bufferFolder)
        batcher = EventBatcher(appender: BufferAppender(buffer: buffer, durable: false))
    }

    /// Puts so many batches through it.
    func run(batches: Int) async throws {
        for _ in 0..<batches { try await batcher.add(batch) }
        try await batcher.flush()
    }
}
