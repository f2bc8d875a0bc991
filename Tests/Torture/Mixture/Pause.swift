import Core
import SystemSupport

/// Switching recording off for a while, whatever was just killed.
extension SystemState {
    /// An event that is never sent: if it is stored, something was recorded against the rules.
    static let unsent = 999_999_999

    /// While recording is off every question is answered, recorders return as ever, and no byte of the folder changes.
    func pause() throws {
        // What stands in its pipe is thrown away by a service while recording is off.
        try stopService()
        _ = try change(["telemetry", "off"], kill: .never)
        let before = testEnvironment.files()
        try testEnvironment.output(of: [testEnvironment.programs.recorder] + Model.flags(Self.unsent))
        try testEnvironment.output(
            of: [testEnvironment.programs.nexus, "record", "--stdin"], input: Model.line(Self.unsent))
        try testEnvironment.output(of: [testEnvironment.programs.nexus, "doctor"])
        for question in [["stats"], ["telemetry", "status"], ["session", "list"]] {
            let child = try testEnvironment.start([testEnvironment.programs.nexus] + question, output: .pipe)
            try child.exchange { false }
            let end = try child.wait()
            // Only a writer can roll back the transaction of a process that was killed while it created or filled the tables.
            guard end == .exited(0) || end == .exited(75) && testEnvironment.data.hasDatabaseJournal else {
                throw InvariantViolation("'\(child.name)' ended with \(end) while recording was off: \(child.errors)")
            }
        }
        let changed = testEnvironment.files().filter { before[$0.key] != $0.value }.keys.sorted()
        guard changed.isEmpty else { throw InvariantViolation("\(changed) changed while recording was off") }
        _ = try change(["telemetry", "on"], kill: .never)
    }
}
