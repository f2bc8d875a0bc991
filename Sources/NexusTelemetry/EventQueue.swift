import Core
import Synchronization
import SystemSupport

/// The pending events with their lock, and the tasks that wait for capacity.
final class EventQueue: Sendable {
    private struct State: Sendable {
        var pending: PendingEvents
        /// Number of times that the worker has taken the pending events.
        var takes: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]

        /// Resumes all tasks that wait for capacity. Each task then tries to add its event again.
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

    /// Adds an event without waiting. If there is no capacity, the event counts as dropped. The lock is held only while
    /// the event is copied.
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

    /// Adds an event, and waits until there is capacity. If the task is cancelled during the wait, the event counts as
    /// dropped.
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

    /// Waits until the worker has taken the pending events at least once after `takes` was read. Returns earlier if the
    /// queue is closed or the task is cancelled.
    private func waitForRoom(after takes: UInt64) async {
        let number = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    // `take` and the cancellation handler acquire the same lock, so neither can run between this
                    // check and the storing of the continuation.
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

    /// Passes the pending events to the worker, in exchange for the empty half of the double buffer.
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

    /// Refuses all further events.
    func close() {
        state.withLock { state in
            state.pending.close()
            state.wakeWaiters()
        }
    }
}
