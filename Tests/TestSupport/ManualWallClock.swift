import Synchronization
import SystemSupport

/// A clock that a test sets by hand.
package final class ManualWallClock: WallClock {
    private let time: Mutex<Int64>

    /// Creates a clock that is set to a time in milliseconds since 1970.
    package init(_ milliseconds: Int64) {
        time = Mutex(milliseconds)
    }

    package func now() -> Int64 { time.withLock { $0 } }

    package func set(_ milliseconds: Int64) { time.withLock { $0 = milliseconds } }
}
