import Reports
import SystemSupport

/// The terminal's alternate screen, on which a report is redrawn in place. `deinit` restores the main screen.
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
        // If the terminal is disconnected, the write fails, and there is no screen to restore.
        try? File.standardOutput.write(Self.leave)
    }

    /// Draws lines over the previous lines with one write, so that the screen does not flicker.
    borrowing func draw(_ lines: [String]) throws {
        let frame = lines.map { $0 + Self.clearLine }.joined(separator: "\r\n")
        try File.standardOutput.write(Self.home + frame + Self.clearBelow)
    }
}

/// Redraws a report until `q` or a signal requests a stop.
struct ReportWatch {
    /// Time between two drawings. It is short enough to follow work, and long enough to use little processor time.
    static let interval: Duration = .seconds(2)

    /// Calls `text` at the start and after each interval, and draws the result. A key scrolls the last result.
    /// Returns after `q`, after SIGINT, SIGTERM or SIGHUP, or at the end of the terminal's input.
    static func run(_ text: () async throws -> String) async throws {
        let signals = try StopSignals()
        let screen = try WatchScreen()
        let keyboard = KeyboardMode.passingKeys(of: .standardInput)
        let hasKeys = keyboard != nil
        let waiter = WatchWaiter(signals: signals)
        var view = WatchView()
        while true {
            view.show(try await text())
            let time = LocalCalendar.timeOfDay(of: SystemClock().now())
            let deadline = ContinuousClock.now + interval
            repeat {
                view.resize(rows: Terminal.lines(of: .standardOutput) ?? 24)
                try screen.draw(view.frame(time: time, .ofOutput()))
                switch try await waiter.wait(until: deadline, withKeys: hasKeys) {
                case .stop?: return end(screen, keyboard)
                case .keys(let bytes)?:
                    let keys = WatchView.keys(in: bytes)
                    if keys.contains(.quit) { return end(screen, keyboard) }
                    for key in keys { view.press(key) }
                case nil: break
                }
            } while ContinuousClock.now < deadline
        }
    }

    /// Restores the terminal.
    private static func end(_ screen: consuming WatchScreen, _ keyboard: consuming KeyboardMode?) {
        _ = consume screen
        _ = consume keyboard
    }
}

/// Repeats work until a signal requests a stop.
enum FileWatch {
    /// Runs `work` after each interval until SIGINT, SIGTERM or SIGHUP.
    static func run(every interval: Duration, _ work: () async throws -> Void) async throws {
        let waiter = WatchWaiter(signals: try StopSignals())
        while try await waiter.wait(until: ContinuousClock.now + interval, withKeys: false) == nil { try await work() }
    }
}

/// Waits for keys and signals on a thread of its own, so that no other work is blocked.
private actor WatchWaiter {
    enum Event: Sendable {
        /// A signal, or the end of the terminal's input.
        case stop
        case keys([UInt8])
    }

    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let signals: StopSignals

    init(signals: consuming StopSignals) {
        self.signals = signals
    }

    /// Returns the first event; nil if no event occurred before the deadline.
    func wait(until deadline: ContinuousClock.Instant, withKeys: Bool) throws -> Event? {
        let left = max(.zero, deadline - ContinuousClock.now)
        guard withKeys else { return try signals.wait(atMost: left) == nil ? nil : .stop }
        switch try signals.wait(for: .standardInput, atMost: left) {
        case nil: return nil
        case .signal?: return .stop
        case .input?:
            var bytes: [UInt8] = []
            return try File.standardInput.read(appendingTo: &bytes, limit: 256) == 0 ? .stop : .keys(bytes)
        }
    }
}
