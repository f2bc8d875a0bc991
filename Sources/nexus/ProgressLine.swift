import Foundation
import Reports
import Synchronization
import SystemSupport

/// A progress bar for work of known length. It is one line on a terminal, and each update overwrites it.
final class ProgressLine: Sendable {
    private static let columns = 30

    private let total: Int
    private let shown = Mutex(-1)

    /// Creates a progress bar for `total` bytes or other units. Nil if standard error is not a terminal, or if `total`
    /// is 0.
    init?(total: Int) {
        guard total > 0, File.standardError.isTerminal else { return nil }
        self.total = total
    }

    /// Shows that `bytes` of the total are done; writes only when the percentage changes.
    func show(_ bytes: Int) {
        let percent = min(100, bytes * 100 / total)
        shown.withLock { last in
            guard percent != last else { return }
            last = percent
            let filled = percent * Self.columns / 100
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.columns - filled)
            try? File.standardError.write("\r[\(bar)] \(percent)%")
        }
    }

    /// Erases the line.
    func clear() {
        shown.withLock { last in
            guard last >= 0 else { return }
            last = -1
            try? File.standardError.write("\r" + String(repeating: " ", count: Self.columns + 8) + "\r")
        }
    }
}

extension TerminalStyle {
    /// Returns the style that this process's output supports.
    static func ofOutput() -> TerminalStyle {
        let output = File.standardOutput
        return TerminalStyle(
            terminalColumns: Terminal.columns(of: output), isTerminal: output.isTerminal,
            environment: Environment.value)
    }
}
