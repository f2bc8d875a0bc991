private import Glibc

/// Waits for input and for the signals SIGINT, SIGTERM and SIGHUP. The first signal requests an orderly stop. If the
/// same signal arrives again, it has its default action and ends the process.
///
/// A handler writes the signal's number into a pipe. It would be simpler to block the signals and read them from a
/// descriptor. However, the first thread of a concurrent Swift program does not block signals while it waits.
package struct StopSignals: ~Copyable, Sendable {
    /// The end of the pipe to which the handler writes. `nonisolated(unsafe)`: written once, before the handler that
    /// reads this variable is set.
    nonisolated(unsafe) private static var handlerEnd: CInt = -1

    private let descriptor: CInt

    /// Installs the handler of the signals. SIGHUP is left out if the process was started with SIGHUP ignored. Create
    /// this value only once in a process.
    package init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SystemError("watch for", "signals") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        unsafe Self.handlerEnd = ends[1]
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            // A handler may call only a few functions, such as `write` (signal-safety(7)), and must leave `errno`
            // unchanged.
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            unsafe _ = write(StopSignals.handlerEnd, &byte, 1)
            errno = before
        }
        // After its first delivery a signal has its default action again.
        action.sa_flags = CInt(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
        let numbers = [SIGINT, SIGTERM] + (ThisProcess.ignoresHangup ? [] : [SIGHUP])
        for number in numbers { unsafe sigaction(number, &action, nil) }
    }

    deinit { close(descriptor) }

    /// The event that ended a wait.
    package enum Event: Equatable, Sendable {
        /// Input is available, or has ended.
        case input
        /// The signal with this number.
        case signal(CInt)
    }

    /// Waits at most `duration` for a signal and returns its number; nil if no signal arrived in that time.
    package func wait(atMost duration: Duration) throws(SystemError) -> CInt? {
        let deadline = ContinuousClock.now + duration
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = max(.zero, deadline - ContinuousClock.now)
            let milliseconds = CInt(min(left / .milliseconds(1), Double(CInt.max)).rounded(.up))
            let ready = unsafe poll(&entry, 1, milliseconds)
            guard ready >= 0 || errno == EINTR else { throw SystemError("watch for", "signals") }
            var number: UInt8 = 0
            if ready > 0, unsafe read(descriptor, &number, 1) == 1 { return CInt(number) }
            if left == .zero { return nil }
        }
    }

    /// Waits until `input` can be read without blocking, or until a signal arrives.
    package func wait(for input: borrowing File) throws(SystemError) -> Event {
        try wait(for: input, milliseconds: -1) ?? .input
    }

    /// Waits at most `duration` until `input` can be read without blocking or a signal arrives; nil if neither
    /// happened. Any other signal may also end the wait, for example SIGWINCH when the terminal changes its size. The
    /// result is then nil.
    package func wait(for input: borrowing File, atMost duration: Duration) throws(SystemError) -> Event? {
        let milliseconds = max(0, min(duration / .milliseconds(1), Double(CInt.max)).rounded(.up))
        return try wait(for: input, milliseconds: CInt(milliseconds))
    }

    private func wait(for input: borrowing File, milliseconds: CInt) throws(SystemError) -> Event? {
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input.descriptor, events: Int16(POLLIN | POLLHUP), revents: 0),
        ]
        let ready =
            milliseconds < 0
            ? retryingInterrupts { Int(unsafe poll(&descriptors, 2, -1)) }
            : Int(unsafe poll(&descriptors, 2, milliseconds))
        guard ready >= 0 else {
            if errno == EINTR { return nil }
            throw SystemError("wait for", input.path)
        }
        if ready == 0 { return nil }
        var number: UInt8 = 0
        guard descriptors[0].revents & Int16(POLLIN) != 0, unsafe read(descriptor, &number, 1) == 1 else {
            return .input
        }
        return .signal(CInt(number))
    }
}
