private import CPlatform
private import Glibc

/// Provides the current time for all event timestamps. Tests pass their own clock.
package protocol WallClock: Sendable {
    /// Milliseconds since 1970, UTC.
    func now() -> Int64
}

/// The computer's clock.
package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Returns the nanoseconds since an arbitrary instant in the past, for measuring durations. This clock never goes
    /// back.
    package static func monotonicNanoseconds() -> UInt64 {
        let time = SystemClock().read(CLOCK_MONOTONIC)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Returns the processor time that this process has used since its start, in nanoseconds. It includes the time to
    /// load the program.
    package static func processorNanoseconds() -> UInt64 {
        let time = SystemClock().read(CLOCK_PROCESS_CPUTIME_ID)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // These clocks exist on every Linux. The call writes only `time`.
        unsafe clock_gettime(clock, &time)
        return time
    }
}
