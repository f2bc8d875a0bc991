import Core
import SystemSupport

/// Switching recording off for a while, whatever was just killed.
extension SystemState {
    /// An event that nobody sends: where it turns up, something was recorded that was not to be.
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
            // Only who may write can take back what somebody was killed over who made the tables or filled them.
            guard end == .exited(0) || end == .exited(75) && testEnvironment.data.hasDatabaseJournal else {
                throw InvariantViolation("'\(child.name)' ended with \(end) while recording was off: \(child.errors)")
            }
        }
        let changed = testEnvironment.files().filter { before[$0.key] != $0.value }.keys.sorted()
        guard changed.isEmpty else { throw InvariantViolation("\(changed) changed while recording was off") }
        _ = try change(["telemetry", "on"], kill: .never)
    }
}
