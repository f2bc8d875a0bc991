import Reports
import SystemSupport

extension TerminalStyle {
    /// What this process's output can show.
    static func ofOutput() -> TerminalStyle {
        let output = File.standardOutput
        return TerminalStyle(
            terminalColumns: Terminal.columns(of: output), isTerminal: output.isTerminal,
            environment: Environment.value)
    }
}
