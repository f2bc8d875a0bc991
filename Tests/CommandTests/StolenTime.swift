import Foundation
import Synchronization

/// Measures how much time a machine that is busy with other things takes from a thread that only computes: what the clock
/// shows and the thread did not get.
///
/// A promise about time is then one about the program: what it took, less what the machine gave to others meanwhile. On a
/// machine with nothing else to do nothing is taken off.
final class StolenTime: Sendable {
    private struct State {
        var stolen: Duration = .zero
        var isStopped = false
    }

    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    init() {
        Thread { [self] in
            let (start, startOfWork) = (ContinuousClock.now, Self.threadTime())
            while !state.withLock({ $0.isStopped }) {}
            let stolen = (ContinuousClock.now - start) - (Self.threadTime() - startOfWork)
            state.withLock { $0.stolen = stolen }
            ended.signal()
        }.start()
    }

    /// Stops, and tells how much that was.
    func stop() -> Duration {
        state.withLock { $0.isStopped = true }
        ended.wait()
        return state.withLock { $0.stolen }
    }

    /// How long the processor has worked for this thread.
    private static func threadTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
