import SystemSupport

/// A report on the terminal's second screen, drawn anew in place; the first comes back as it was.
struct WatchScreen: ~Copyable {
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
    private static let leave = "\u{1B}[?25h\u{1B}[?1049l"
    private static let home = "\u{1B}[H"
    private static let clearLine = "\u{1B}[K"
    private static let clearBelow = "\u{1B}[J"

    init() throws {
        try File.standardOutput.write(Self.enter)
        TerminalSuspend.write(onStop: Self.leave, onContinue: Self.enter)
    }

    deinit {
        // A terminal that is gone needs nothing.
        try? File.standardOutput.write(Self.leave)
    }

    /// Shows as many lines of `text` as the terminal has. One write, over what stands there, so that nothing flickers.
    borrowing func show(_ text: String) throws {
        let room = Terminal.lines(of: File.standardOutput) ?? 24
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(room)
        let frame = lines.map { $0 + Self.clearLine }.joined(separator: "\r\n")
        try File.standardOutput.write(Self.home + frame + Self.clearBelow)
    }
}

/// Draws a report again and again until a signal asks to stop.
struct ReportWatch {
    /// Time between two drawings: often enough to see work go on, seldom enough to cost nothing noticeable.
    static let interval: Duration = .seconds(2)

    /// Draws what `text` gives, at once and after each interval, until SIGINT or SIGTERM comes.
    static func run(_ text: () async throws -> String) async throws {
        let signals = try StopSignals()
        let screen = try WatchScreen()
        let waiter = SignalWaiter(signals: signals)
        repeat {
            try await screen.show(text())
        } while try await waiter.wait(atMost: interval) == nil
        _ = consume screen
    }
}

/// Waits for signals on a thread of its own, so that no other work is held up.
private actor SignalWaiter {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let signals: StopSignals

    init(signals: consuming StopSignals) {
        self.signals = signals
    }

    /// The number of the signal that came, nil when none did in that time.
    func wait(atMost duration: Duration) throws -> CInt? { try signals.wait(atMost: duration) }
}
