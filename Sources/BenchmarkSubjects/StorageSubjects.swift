import Application
import Core
import Database
import SystemSupport
import WriteAheadBuffer

/// Appending a batch to the write-ahead buffer, under its lock.
public final class AppendSubject {
    private let batch: RecordBatch
    private let appender: SegmentAppender

    /// With so many events in a batch, into the data folder at `path`.
    public init(events: Int, path: String) {
        batch = SubjectKey.batch(events)
        appender = SegmentAppender(buffer: WriteAheadBuffer(folder: DataFolder(path).bufferFolder))
    }

    /// Appends the batch once more.
    public func run() throws {
        let bytes = batch.bytes
        _ = try appender.append(bytes.span)
    }
}

/// Draining: from the write-ahead buffer to SQLite, rows, sessions, rollups and counters.
public final class DrainSubject: Sendable {
    private let batch: RecordBatch
    private let buffer: WriteAheadBuffer
    private let writer: SQLiteWriter

    /// With so many events in a run, in the data folder at `path`.
    public init(events: Int, path: String) throws {
        let data = DataFolder(path)
        try data.folder.prepare()
        guard let lock = try WriterLock.acquire(in: data) else { preconditionFailure("the folder has a writer") }
        batch = SubjectKey.batch(events)
        buffer = WriteAheadBuffer(folder: data.bufferFolder)
        writer = try SQLiteWriter(data: data, lock: lock)
    }

    /// Puts the events of a run into the buffer.
    public func prepare() throws {
        let bytes = batch.bytes
        _ = try SegmentAppender(buffer: buffer).append(bytes.span)
    }

    /// Drains them, and returns how many they were.
    public func run() async throws -> Int { try await writer.drain() }
}

/// Draining what waits in the buffer of a data folder, as `DrainSubject`, with rollups or without them.
public final class WaitingDrainSubject: Sendable {
    private let writer: SQLiteWriter

    /// In the data folder at `path`.
    public init(path: String, keepsRollups: Bool) throws {
        let data = DataFolder(path)
        guard let lock = try WriterLock.acquire(in: data) else { preconditionFailure("the folder has a writer") }
        writer = try SQLiteWriter(
            data: data, lock: lock,
            parts: keepsRollups ? .standard : WriterParts(derivedTables: NoDerivedTables(), resume: { _, _ in }))
    }

    /// Drains everything, and returns how many events that were.
    public func run() async throws -> Int {
        let events = try await writer.drain()
        try await writer.finish()
        return events
    }
}
