import Core
import SystemSupport
import WriteAheadBuffer

/// The way of events through the ring: batches of one event into the batcher, and from there, many at a time, into the
/// write-ahead buffer.
public final class RingSubject: Sendable {
    private let batch = SubjectKey.batch(1)
    private let batcher: EventBatcher

    /// Into the data folder at `path`.
    public init(path: String) {
        let buffer = WriteAheadBuffer(folder: DataFolder(path).bufferFolder)
        batcher = EventBatcher(appender: BufferAppender(buffer: buffer, durable: false))
    }

    /// Puts so many batches through it.
    public func run(batches: Int) async throws {
        for _ in 0..<batches { try await batcher.add(batch) }
        try await batcher.flush()
    }
}
