package import SystemSupport

/// The default session of a shell, for which the user has chosen no session id. The id identifies the shell's process,
/// so any other process can check later whether the shell still runs.
///
///     shell-<first four bytes of the boot id, hexadecimal>-<process number>-<start time in clock ticks>
package struct ShellSession: Equatable, Sendable {
    private let boot: String
    private let shell: ProcessIdentity

    package init(shell: ProcessIdentity, bootID: [UInt8]?) {
        boot = Self.text(of: bootID)
        self.shell = shell
    }

    /// Reads a session id; nil if it is not the id of a shell's session.
    package init?(id: String) {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "shell", let processID = Int32(parts[2]), let startTime = UInt64(parts[3])
        else { return nil }
        boot = String(parts[1])
        shell = ProcessIdentity(processID: processID, startTime: startTime)
    }

    package var id: String { "shell-\(boot)-\(shell.processID)-\(shell.startTime)" }

    /// Returns whether the shell has ended. This is so if the computer was restarted, or if no process has the shell's
    /// process number and start time.
    package func isGone(bootID: [UInt8]? = ProcessIdentity.bootID()) -> Bool {
        boot != Self.text(of: bootID) || ProcessIdentity(processID: shell.processID) != shell
    }

    private static func text(of bootID: [UInt8]?) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in (bootID ?? [0, 0, 0, 0]).prefix(4) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text.text
    }
}

/// The sessions under which the entries of imported histories are stored. A history has no sessions of its own.
/// Therefore these sessions count in no figure about sessions and have no row in the table `sessions`.
///
///     imported-history-<source>
package enum HistorySession {
    /// The prefix of the ids of these sessions.
    package static let prefix = "imported-history-"

    /// The source with the reports of test suites. It is the only source that is not the history of a shell.
    private static let tests = "junit"

    /// Returns whether a source is the history of a shell.
    package static func isOfShell(_ source: String) -> Bool { source != tests }

    /// Returns the session id for the entries of a source.
    package static func id(of source: String) -> String { prefix + source }

    /// Returns whether `id` belongs to an imported history.
    package static func contains(_ id: Span<UInt8>) -> Bool {
        let length = prefix.utf8.count
        return id.count >= length && id.extracting(0..<length).equals(prefix.utf8.span)
    }
}
