private import Glibc

/// What a program that has changed the terminal writes to it when it is stopped with Ctrl-Z, so that the shell finds it as it
/// was, and when it goes on.
package enum TerminalSuspend {
    /// `nonisolated(unsafe)`: written once, before the handlers are set that read them, and never released.
    nonisolated(unsafe) private static var onStop = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
    nonisolated(unsafe) private static var onContinue = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

    /// How the terminal's keys are when the process is stopped, and when it goes on. `nonisolated(unsafe)`: written before a key is
    /// read, and read by the handlers.
    nonisolated(unsafe) private static var modeOnStop: termios?
    nonisolated(unsafe) private static var modeOnContinue: termios?

    /// Has the modes set from now on, until the process ends.
    fileprivate static func setModes(onStop stop: termios, onContinue go: termios) {
        unsafe modeOnStop = stop
        unsafe modeOnContinue = go
    }

    /// Has the texts written to standard output from now on, until the process ends; once in a process.
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
            // The signal is held back as long as this runs, and does then what it does to everybody.
            signal(number, SIG_DFL)
            raise(number)
            errno = before
        }
    }

    /// A handler calls only what signal-safety(7) lists.
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

/// A terminal that passes on each key at once and shows none, from now until the value goes. Ctrl-C and Ctrl-Z send signals as
/// ever; while the process is stopped the terminal is as it was.
package struct KeyboardMode: ~Copyable {
    private let descriptor: CInt
    private let before: termios

    /// Changes the terminal that `file` is; nil where it is none.
    package static func passingKeys(of file: borrowing File) -> KeyboardMode? {
        var mode = termios()
        // The calls read and write the one value that they are given, which outlives them.
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

/// The terminal that a file may be.
package enum Terminal {
    /// How many columns the terminal has; nil when `file` is none or does not say.
    package static func columns(of file: borrowing File) -> Int? {
        size(of: file).flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil }
    }

    /// How many lines the terminal has; nil when `file` is none or does not say.
    package static func lines(of file: borrowing File) -> Int? {
        size(of: file).flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil }
    }

    private static func size(of file: borrowing File) -> winsize? {
        var size = winsize()
        // The call fills in the one value it is given, which outlives it.
        return unsafe ioctl(file.descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
    }
}
