import Reports
import SystemSupport

extension Looks {
    /// What this process's output can show.
    static func ofOutput() -> Looks {
        let output = File.standardOutput
        return Looks(
            terminalColumns: Terminal.columns(of: output), isTerminal: output.isTerminal,
            environment: Environment.value)
    }
}
