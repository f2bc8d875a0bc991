import Synchronization

/// A clock whose time only changes if a test calls `advance`.
package final class SteppedClock: Clock {
    package struct Instant: InstantProtocol {
        let offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let wake: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [Sleeper] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { state.withLock { $0.now } }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                guard deadline > state.now else { return continuation.resume() }
                state.sleepers.append(Sleeper(deadline: deadline, wake: continuation))
                for watcher in state.watchers { watcher.resume() }
                state.watchers.removeAll()
            }
        }
    }

    /// Returns as soon as at least one task sleeps on this clock.
    package func waitForSleeper() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.sleepers.isEmpty { state.watchers.append(continuation) } else { continuation.resume() }
            }
        }
    }

    /// Advances the time and wakes the tasks whose deadline is reached.
    package func advance(by duration: Duration) {
        state.withLock { state in
            let now = state.now.advanced(by: duration)
            state.now = now
            for sleeper in state.sleepers where sleeper.deadline <= now { sleeper.wake.resume() }
            state.sleepers.removeAll { $0.deadline <= now }
        }
    }
}
