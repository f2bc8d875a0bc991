import Core
import Synchronization
import SystemSupport

/// The pending events behind their lock, and those who wait for room.
final class EventQueue: Sendable {
    private struct State: Sendable {
        var pending: PendingEvents
        /// How often the worker has taken what waited.
        var takes: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]

        /// Lets those try again who wait for room.
        mutating func wakeWaiters() {
            for continuation in waiters.values { continuation.resume() }
            waiters.removeAll(keepingCapacity: true)
        }
    }

    private let state: Mutex<State>
    private let signals: WorkerSignals

    init(capacity: Int, signals: WorkerSignals) {
        state = Mutex(State(pending: PendingEvents(capacity: capacity)))
        self.signals = signals
    }

    var counters: TelemetryCounters { state.withLock { $0.pending.counters } }
    var capacity: Int { state.withLock { $0.pending.capacity } }

    /// Takes an event if there is room, without waiting; without, it counts as dropped. The lock is held for as long as
    /// it takes to copy the event.
    func add(_ event: borrowing TelemetryEvent) -> RecordOutcome {
        let now = event.timestamp ?? SystemClock().now()
        let (outcome, signal) = state.withLock { state in
            let result = state.pending.add(event, at: now)
            if result.outcome == .dropped { state.pending.countDrop() }
            return result
        }
        if signal != .none { signals.send(signal) }
        return outcome
    }

    /// Takes an event as soon as there is room. When the task is cancelled before, the event counts as dropped.
    func addWaiting(_ event: TelemetryEvent) async -> RecordOutcome {
        let now = event.timestamp ?? SystemClock().now()
        while true {
            let (outcome, signal, takes) = state.withLock { state in
                let result = state.pending.add(event, at: now)
                return (result.outcome, result.signal, state.takes)
            }
            if signal != .none { signals.send(signal) }
            guard outcome == .dropped else { return outcome }
            guard !Task.isCancelled else {
                state.withLock { $0.pending.countDrop() }
                return .dropped
            }
            await waitForRoom(after: takes)
        }
    }

    /// Returns once the worker has taken what waited since `takes` was read, nothing is taken any more, or the task is
    /// cancelled.
    private func waitForRoom(after takes: UInt64) async {
        let number = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    // Looked at under the lock that the worker and the cancellation take too: neither is missed.
                    guard state.takes == takes, !state.pending.isClosed, !Task.isCancelled else {
                        return continuation.resume()
                    }
                    state.waiters[number] = continuation
                }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number)?.resume() }
        }
    }

    /// Hands what waits to the worker, in exchange for an empty half.
    func take(exchanging half: inout [UInt8]) -> PendingEvents.Taken {
        state.withLock { state in
            state.takes += 1
            state.wakeWaiters()
            return state.pending.take(exchanging: &half)
        }
    }

    func countWritten(_ events: Int) {
        state.withLock { $0.pending.countWritten(events) }
    }

    func countDiscarded(_ events: Int) {
        state.withLock { $0.pending.countDiscarded(events) }
    }

    func countRejected(_ rejections: RejectionCounters) {
        state.withLock { $0.pending.countRejected(rejections) }
    }

    /// Takes nothing more.
    func close() {
        state.withLock { state in
            state.pending.close()
            state.wakeWaiters()
        }
    }
}
