import EventModel
import Logging
import Platform
import ServiceLifecycle
import Store

/// Drains the buffer as long as the service lives, whenever it is woken: the service has appended, other processes have,
/// or somebody asks.
///
/// It becomes the writer as soon as nobody else is, a stream that drains itself for example.
struct DrainService: Service {
    /// Rest between two drains under load, so that a transaction holds many events.
    private static let rest: Duration = .milliseconds(20)
    /// After this long without events what was stored is put on disk and its segments go.
    private static let quietTime: Duration = .seconds(2)
    /// After a failure, and while another process is the writer, the next try comes after this.
    private static let retryInterval: Duration = .milliseconds(500)

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
        wake()
        try await withThrowingDiscardingTaskGroup { group in
            var writer: SQLiteWriter?
            var isTidy = false
            var gate = RecordingGate(data)
            // When it is looked next whether things have become quiet: there is always one such look ahead.
            var nextLook = ContinuousClock.now
            for await _ in wakeUps.cancelOnGracefulShutdown() {
                do {
                    if let current = writer, try await current.mustYield() {
                        writer = nil
                        // Whoever waits may take more than one turn.
                        group.addTask { await wake(after: Self.retryInterval) }
                        continue
                    }
                    // Whatever comes once recording is on again wakes it.
                    guard gate.isOpen() else { continue }
                    writer = try writer ?? openWriter()
                    guard let writer else {
                        group.addTask { await wake(after: Self.retryInterval) }
                        continue
                    }
                    if try await writer.drain() > 0 {
                        isTidy = false
                        if ContinuousClock.now >= nextLook {
                            nextLook = .now + Self.quietTime
                            group.addTask { await wake(after: Self.quietTime) }
                        }
                        try? await Task.sleep(for: Self.rest)
                    } else if await writer.isHeldUp {
                        group.addTask { await wake(after: Self.quietTime) }
                    } else if !isTidy {
                        try await writer.finish()
                        isTidy = true
                        Memory.releaseCode()
                    }
                } catch {
                    // What was accepted waits in the buffer.
                    logger.error("\(String(describing: error).escapedForDisplay)")
                    writer = nil
                    group.addTask { await wake(after: Self.retryInterval) }
                }
            }
            try await drainForGood(writer)
            group.cancelAll()
        }
    }

    private func wake(after duration: Duration) async {
        guard (try? await Task.sleep(for: duration)) != nil else { return }
        wake()
    }

    private func drainForGood(_ current: SQLiteWriter?) async throws {
        guard let writer = try current ?? openWriter(), try await !writer.mustYield() else { return }
        _ = try await writer.drain()
        try await writer.finish()
    }

    private func openWriter() throws -> SQLiteWriter? {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return nil }
        return try SQLiteWriter(data: data, lock: lock)
    }
}
