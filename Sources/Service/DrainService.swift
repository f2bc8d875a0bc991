import Application
import Core
import Database
import Logging
import Maintenance
import ServiceLifecycle
import SystemSupport

/// Drains the buffer as long as the service lives, whenever it is woken: the service has appended, other processes have,
/// or somebody asks.
///
/// It becomes the writer as soon as nobody else is, a stream that drains itself for example.
struct DrainService: Service {
    /// A drain comes when nothing was appended for this long …
    private static let pause: Duration = .milliseconds(20)
    /// … and after this time in any case.
    private static let longestDelay: Duration = .milliseconds(500)
    /// After this long without events what was stored is put on disk and its segments go.
    private static let quietTime: Duration = .seconds(2)
    /// After a failure, and while another process is the writer, the next try comes after this.
    private static let retryInterval: Duration = .milliseconds(500)

    private let data: DataFolder
    private let scheduler: DrainScheduler
    private let logger: Logger

    init(data: DataFolder, scheduler: DrainScheduler, logger: Logger) {
        self.data = data
        self.scheduler = scheduler
        self.logger = logger
    }

    func run() async throws {
        scheduler.askForDrain()
        try await withThrowingDiscardingTaskGroup { group in
            var writer: SQLiteWriter?
            var isTidy = false
            var policy = RecordingPolicyCache(data)
            // When it is looked next whether things have become quiet: there is always one such look ahead.
            var nextLook = ContinuousClock.now
            for await _ in scheduler.calls.cancelOnGracefulShutdown() {
                do {
                    if let current = writer, try await current.shouldYield() {
                        writer = nil
                        await current.close()
                        // Whoever waits may take more than one turn.
                        group.addTask { await call(after: Self.retryInterval) }
                        continue
                    }
                    // Whatever comes once recording is on again wakes it.
                    guard policy.isOpen() else { continue }
                    writer = try writer ?? openWriter()
                    guard let current = writer else {
                        group.addTask { await call(after: Self.retryInterval) }
                        continue
                    }
                    await gather()
                    let events = try await drain(current)
                    if try await current.shouldYield() {
                        writer = nil
                        await current.close()
                        group.addTask { await call(after: Self.retryInterval) }
                    } else if events > 0 {
                        isTidy = false
                        if ContinuousClock.now >= nextLook {
                            nextLook = .now + Self.quietTime
                            group.addTask { await call(after: Self.quietTime) }
                        }
                    } else if await current.blockedReason != nil {
                        group.addTask { await call(after: Self.quietTime) }
                    } else if !isTidy {
                        try await current.endDrain()
                        isTidy = true
                    }
                } catch {
                    // What was accepted waits in the buffer.
                    logger.error("\(String(describing: error).escapedForDisplay)")
                    await writer?.close()
                    writer = nil
                    group.addTask { await call(after: Self.retryInterval) }
                }
            }
            try await drainForGood(writer)
            group.cancelAll()
        }
    }

    /// Waits for a moment in which nothing is appended, but not for long and not when somebody asks.
    private func gather() async {
        let deadline = ContinuousClock.now + Self.longestDelay
        var last = scheduler.look
        while !last.isAsked, ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
            let now = scheduler.look
            if now.changes == last.changes { return }
            last = now
        }
    }

    /// Takes in all that waits, unless somebody else wants to write; returns how many events that were.
    private func drain(_ writer: SQLiteWriter) async throws -> Int {
        scheduler.beginDrain()
        var events = 0
        while !Task.isCancelled {
            let changes = scheduler.look.changes
            guard let step = try await writer.drainOnce() else {
                scheduler.empty(since: changes)
                break
            }
            events += step
            scheduler.shrink(by: step)
            if try await writer.shouldYield() { break }
        }
        return events
    }

    private func call(after duration: Duration) async {
        guard (try? await Task.sleep(for: duration)) != nil else { return }
        scheduler.askForDrain()
    }

    private func drainForGood(_ current: SQLiteWriter?) async throws {
        guard let writer = try current ?? openWriter() else { return }
        do {
            if try await !writer.shouldYield() {
                _ = try await writer.drain()
                try await writer.endDrain()
            }
        } catch {
            await writer.close()
            throw error
        }
        await writer.close()
    }

    private func openWriter() throws -> SQLiteWriter? {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return nil }
        return try SQLiteWriter(data: data, lock: lock)
    }
}
