private import CPlatform
private import Glibc

/// SIGINT and SIGTERM as something to wait for beside input: the first asks to stop in good order, a second ends the
/// process as it always would.
package struct StopSignals: ~Copyable, Sendable {
    private let descriptor: CInt

    /// Takes the two signals over. Call it before the first thread is started: threads inherit what is blocked.
    package init() throws(SystemError) {
        var signals = Self.signals
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        descriptor = unsafe signalfd(-1, &signals, CInt(SFD_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("watch for", "signals") }
    }

    deinit { close(descriptor) }

    /// What ended a wait.
    package enum Event: Equatable, Sendable {
        /// There is input, or its end.
        case input
        /// The signal of this number came.
        case signal(CInt)
    }

    /// Waits until `input` can be read without waiting, or a signal comes.
    package func wait(for input: borrowing File) throws(SystemError) -> Event {
        let readable = Int16(POLLIN | POLLHUP)
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input.descriptor, events: readable, revents: 0),
        ]
        guard retryingInterrupts({ Int(unsafe poll(&descriptors, 2, -1)) }) >= 0 else {
            throw SystemError("wait for", input.path)
        }
        guard descriptors[0].revents & Int16(POLLIN) != 0 else { return .input }
        return .signal(try receive())
    }

    private func receive() throws(SystemError) -> CInt {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        let descriptor = self.descriptor
        guard retryingInterrupts({ unsafe read(descriptor, &information, size) }) == size else {
            throw SystemError("receive", "a signal")
        }
        var signals = Self.signals
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        return CInt(information.ssi_signo)
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        return signals
    }
}
