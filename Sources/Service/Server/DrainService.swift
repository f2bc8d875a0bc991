import EventModel
import Logging
import Platform
import ServiceLifecycle
import Store

/// Drains the buffer as long as the service lives: at once when the service itself has appended, when somebody asks, and
/// now and then for what other processes append.
///
/// It becomes the writer as soon as nobody else is, a stream that drains itself for example.
struct DrainService: Service {
    /// How long what other processes append may wait where nobody asks for it.
    private static let interval: Duration = .seconds(4)
    /// Rest between two drains under load, so that a transaction holds many events.
    private static let rest: Duration = .milliseconds(20)

    private let data: DataFolder
    private let logger: Logger
    /// Tells that something waits. Holds one element at most.
    private let wakeUps: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(data: DataFolder, logger: Logger) {
        self.data = data
        self.logger = logger
        (wakeUps, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something was appended, or somebody wants it to be stored.
    func wake() {
        waker.yield()
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tick() }
            try await drainUntilShutdown()
            group.cancelAll()
        }
    }

    private func tick() async throws {
        wake()
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval, tolerance: Self.interval / 4)
            // Segments that are stored go, so in an empty folder nothing waits, and no other thread is woken.
            if (try? data.bufferFolder.names().isEmpty) != true { wake() }
        }
    }

    private func drainUntilShutdown() async throws {
        var writer: SQLiteWriter?
        var isTidy = false
        for await _ in wakeUps.cancelOnGracefulShutdown() {
            do {
                if writer == nil { writer = try openWriter() }
                guard let writer else { continue }
                let events = try await writer.drain()
                // When nothing new came since the last look, what was stored is put on disk and its segments go.
                if events > 0 {
                    isTidy = false
                } else if !isTidy {
                    try await writer.finish()
                    isTidy = true
                }
            } catch {
                // What was accepted waits in the buffer; the next look tries again.
                logger.error("\(String(describing: error).escapedForDisplay)")
                writer = nil
            }
            try? await Task.sleep(for: Self.rest)
        }
        guard let writer = try writer ?? openWriter() else { return }
        _ = try await writer.drain()
        try await writer.finish()
    }

    private func openWriter() throws -> SQLiteWriter? {
        guard let lock = try WriterLock.acquire(in: data) else { return nil }
        return try SQLiteWriter(data: data, lock: lock)
    }
}
