private import Glibc

/// Restores the terminal when the user stops this program with Ctrl-Z, so that the shell finds the terminal unchanged.
/// Changes the terminal again when the program continues.
package enum TerminalSuspend {
    /// The text to write when the process stops. `nonisolated(unsafe)`: written once, before the handlers that read it
    /// are set, and never released.
    nonisolated(unsafe) private static var onStop = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
    /// The text to write when the process continues. `nonisolated(unsafe)` is safe for the same reason as at `onStop`.
    nonisolated(unsafe) private static var onContinue = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

    /// The terminal's mode while the process is stopped; nil if the program has not changed the mode.
    /// `nonisolated(unsafe)`: set before the program reads the first key; the handlers only read this variable.
    nonisolated(unsafe) private static var modeOnStop: termios?
    /// The terminal's mode after the process continues. `nonisolated(unsafe)` is safe for the same reason as at
    /// `modeOnStop`.
    nonisolated(unsafe) private static var modeOnContinue: termios?

    /// Sets the modes that the handlers apply from now on, until the process ends.
    fileprivate static func setModes(onStop stop: termios, onContinue go: termios) {
        unsafe modeOnStop = stop
        unsafe modeOnContinue = go
    }

    /// Sets the texts that are written to standard output on stop and continue, until the process ends. Call it once in
    /// a process.
    package static func write(onStop stop: String, onContinue go: String) {
        unsafe onStop = copy(stop)
        unsafe onContinue = copy(go)
        handleStop()
        set(SIGCONT) { _ in
            let before = errno
            unsafe TerminalSuspend.apply(TerminalSuspend.modeOnContinue)
            unsafe TerminalSuspend.put(TerminalSuspend.onContinue)
            TerminalSuspend.handleStop()
            errno = before
        }
    }

    private static func copy(_ text: String) -> UnsafeMutableBufferPointer<UInt8> {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = unsafe bytes.initialize(fromContentsOf: text.utf8)
        return unsafe bytes
    }

    private static func handleStop() {
        set(SIGTSTP) { number in
            let before = errno
            unsafe TerminalSuspend.put(TerminalSuspend.onStop)
            unsafe TerminalSuspend.apply(TerminalSuspend.modeOnStop)
            // SIGTSTP is blocked while this handler runs. When the handler returns, the default action stops the
            // process.
            signal(number, SIG_DFL)
            raise(number)
            errno = before
        }
    }

    /// Writes bytes to standard output. This function runs in a signal handler, so it may call only functions that
    /// signal-safety(7) lists.
    private static func put(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        unsafe _ = Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
    }

    private static func apply(_ mode: termios?) {
        guard var mode else { return }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    }

    private static func set(_ number: CInt, _ handler: @escaping @convention(c) (CInt) -> Void) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART
        unsafe sigaction(number, &action, nil)
    }
}

/// Makes a terminal report each key immediately and without an echo, until this value is destroyed. Ctrl-C and Ctrl-Z
/// still send signals. While the process is stopped, the terminal has its original mode.
package struct KeyboardMode: ~Copyable {
    private let descriptor: CInt
    private let before: termios

    /// Changes the mode of the terminal `file`; nil if `file` is not a terminal.
    package static func passingKeys(of file: borrowing File) -> KeyboardMode? {
        var mode = termios()
        // The calls access only `mode`, which exists until they return.
        guard unsafe tcgetattr(file.descriptor, &mode) == 0 else { return nil }
        let before = mode
        mode.c_lflag &= ~tcflag_t(UInt32(bitPattern: ICANON | ECHO))
        guard unsafe tcsetattr(file.descriptor, TCSANOW, &mode) == 0 else { return nil }
        TerminalSuspend.setModes(onStop: before, onContinue: mode)
        return KeyboardMode(descriptor: file.descriptor, before: before)
    }

    private init(descriptor: CInt, before: termios) {
        self.descriptor = descriptor
        self.before = before
    }

    deinit {
        var mode = before
        _ = unsafe tcsetattr(descriptor, TCSANOW, &mode)
    }
}

/// The size of a terminal.
package enum Terminal {
    /// Returns the number of columns of the terminal; nil if `file` is not a terminal or its number of columns is
    /// unknown.
    package static func columns(of file: borrowing File) -> Int? {
        size(of: file).flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil }
    }

    /// Returns the number of lines of the terminal; nil if `file` is not a terminal or its number of lines is unknown.
    package static func lines(of file: borrowing File) -> Int? {
        size(of: file).flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil }
    }

    private static func size(of file: borrowing File) -> winsize? {
        var size = winsize()
        // The call writes only `size`, which exists until the call returns.
        return unsafe ioctl(file.descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
    }
}
