import Core
import SystemSupport

/// A step that turns recording off and on again, also directly after a kill.
extension SystemState {
    /// The number of events that no program may record. It is not in the model, so a check fails if it is stored.
    static let unsent = 999_999_999

    /// Turns recording off and on again. While it is off, queries must be answered, recorders must return 0, and no
    /// file of the data folder may change.
    func pause() throws {
        // While recording is off, a service would discard the events in its pipe.
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
            // If a process was killed while it created the tables, only a writer can roll back its transaction. A query
            // then returns 75.
            guard end == .exited(0) || end == .exited(75) && testEnvironment.data.hasDatabaseJournal else {
                throw InvariantViolation("'\(child.name)' ended with \(end) while recording was off: \(child.errors)")
            }
        }
        let changed = testEnvironment.files().filter { before[$0.key] != $0.value }.keys.sorted()
        guard changed.isEmpty else { throw InvariantViolation("\(changed) changed while recording was off") }
        _ = try change(["telemetry", "on"], kill: .never)
    }
}
