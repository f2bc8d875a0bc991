package import Core
import Database
import Maintenance
import SystemSupport

/// The observer of a drain loop.
package protocol DrainObserver: Sendable {
    /// Returns when the loop may store events: immediately, or after a pause in recording.
    func waitToDrain() async
    /// Returns a number that changes with every append. The loop calls this before it checks for waiting events.
    func appendCount() async -> Int
    /// Notes that a transaction has stored events.
    func stored(_ events: Int) async
    /// Notes that the loop found no event that it can store now.
    /// - Parameters:
    ///   - count: the result of `appendCount` from before the check.
    ///   - isBlocked: whether events wait that cannot be stored yet.
    func foundNothing(since count: Int, isBlocked: Bool) async
    /// Notes that the loop has no writer: another process has the writer lock, or recording is off.
    func released() async
    /// Notes that the database failed. The loop tries again later, or ends if this call throws.
    func failed(_ error: any Error) async throws
}

/// The drain loop of the service and of streams. It drains the buffer at each wake-up; `DrainState` decides the next
/// step.
///
/// The loop keeps the writer lock. It releases the lock if another process requests it, for example maintenance or
/// another stream.
package struct DrainLoop<Observer: DrainObserver>: Sendable {
    private let data: DataFolder
    private let options: DrainState.Options
    private let observer: Observer

    /// - Parameters:
    ///   - quietTime: after this time without events, stored events are checkpointed and their segments are removed.
    ///   - closesWhenQuiet: whether the database is closed after `quietTime` too.
    package init(data: DataFolder, quietTime: Duration, closesWhenQuiet: Bool, observer: Observer) {
        self.data = data
        options = DrainState.Options(quietTime: quietTime, closesWhenQuiet: closesWhenQuiet)
        self.observer = observer
    }

    /// Drains at each wake-up until the wake-ups end, and then drains all waiting events.
    /// - Parameter wake: adds an element to `wakeUps`.
    /// - Returns: whether everything was stored in the end.
    package func run<WakeUps: AsyncSequence & Sendable>(
        _ wakeUps: WakeUps, wake: @escaping @Sendable () -> Void
    ) async throws -> Bool where WakeUps.Element == Void {
        var policy = RecordingPolicyCache(data)
        var state = DrainState(options: options, now: .now)
        var writer: SQLiteWriter?
        do {
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                for try await _ in wakeUps {
                    var outcome = DrainState.Outcome.failed
                    do {
                        outcome = try await attempt(&writer, &state, &policy)
                    } catch {
                        await close(&writer)
                        try await observer.failed(error)
                    }
                    var action = state.next(after: outcome, at: .now)
                    if case .end(let closing) = action {
                        action = .rest
                        do {
                            try await writer?.endDrain()
                            if closing { await close(&writer) }
                        } catch {
                            await close(&writer)
                            try await observer.failed(error)
                            action = state.next(after: .failed, at: .now)
                        }
                    }
                    guard case .retry(let due) = action else { continue }
                    group.addTask {
                        guard (try? await Task.sleep(until: due)) != nil else { return }
                        wake()
                    }
                }
            }
            let isStored = try await drainToEnd(&writer)
            await close(&writer)
            return isStored
        } catch {
            await close(&writer)
            throw error
        }
    }

    /// Stores the waiting events if the loop may write.
    private func attempt(
        _ writer: inout SQLiteWriter?, _ state: inout DrainState, _ policy: inout RecordingPolicyCache
    ) async throws -> DrainState.Outcome {
        guard let current = try await open(&writer, &state, &policy) else {
            await observer.released()
            return policy.isOpen() ? .busy : .off
        }
        await observer.waitToDrain()
        let outcome = try await drain(current)
        guard try await current.shouldYield() else { return outcome }
        await close(&writer)
        await observer.released()
        return policy.isOpen() ? .busy : .off
    }

    /// Returns the writer, and opens it if it is closed. Returns nil if another process holds or requests the writer
    /// lock, or if recording is off.
    private func open(
        _ writer: inout SQLiteWriter?, _ state: inout DrainState, _ policy: inout RecordingPolicyCache
    ) async throws -> SQLiteWriter? {
        if let current = writer {
            guard try await current.shouldYield() else { return current }
            await close(&writer)
            return nil
        }
        guard policy.isOpen(), let lock = try WriterLock.acquireToStore(in: data) else { return nil }
        writer = try SQLiteWriter(data: data, lock: lock)
        state.opened()
        return writer
    }

    private func drain(_ writer: SQLiteWriter) async throws -> DrainState.Outcome {
        var events = 0
        while !Task.isCancelled {
            let count = await observer.appendCount()
            guard let step = try await writer.drainOnce() else {
                let isBlocked = await writer.blockedReason != nil
                await observer.foundNothing(since: count, isBlocked: isBlocked)
                return events > 0 ? .stored : isBlocked ? .blocked : .empty
            }
            events += step
            await observer.stored(step)
            if try await writer.shouldYield() { break }
        }
        return .stored
    }

    private func drainToEnd(_ writer: inout SQLiteWriter?) async throws -> Bool {
        if writer == nil, let lock = try WriterLock.acquireToStore(in: data) {
            writer = try SQLiteWriter(data: data, lock: lock)
        }
        guard let current = writer, try await current.drainToEnd() != nil else { return false }
        return await current.blockedReason == nil
    }

    private func close(_ writer: inout SQLiteWriter?) async {
        await writer?.close()
        writer = nil
    }
}

extension SQLiteWriter {
    /// Stores all waiting events and ends the drain.
    /// - Returns: the number of stored events; nil if the writer must yield, because events may remain in the buffer.
    func drainToEnd() throws(StoreError) -> Int? {
        guard try !shouldYield() else { return nil }
        let events = try drain()
        try endDrain()
        return try shouldYield() ? nil : events
    }
}
