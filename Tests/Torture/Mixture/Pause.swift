import SystemSupport

/// Switching recording off for a while, whatever was just killed.
extension World {
    /// An event that nobody sends: where it turns up, something was recorded that was not to be.
    static let unsent = 999_999_999

    /// While recording is off every question is answered, recorders return as ever, and no byte of the folder changes.
    func pause() throws {
        // What stands in its pipe is thrown away by a service while recording is off.
        try stopService()
        _ = try change(["telemetry", "off"], kill: .never)
        let before = room.files()
        try room.output(of: [room.programs.recorder] + Model.flags(Self.unsent))
        try room.output(of: [room.programs.nexus, "record", "--stdin"], input: Model.line(Self.unsent))
        try room.output(of: [room.programs.nexus, "doctor"])
        for question in [["stats"], ["telemetry", "status"], ["session", "list"]] {
            let child = try room.start([room.programs.nexus] + question, output: .pipe)
            try child.exchange { false }
            let end = try child.wait()
            // Only who may write can take back what somebody was killed over who made the tables or filled them.
            guard end == .exited(0) || end == .exited(75) && room.data.hasDatabaseJournal else {
                throw Broken("'\(child.name)' ended with \(end) while recording was off: \(child.errors)")
            }
        }
        let changed = room.files().filter { before[$0.key] != $0.value }.keys.sorted()
        guard changed.isEmpty else { throw Broken("\(changed) changed while recording was off") }
        _ = try change(["telemetry", "on"], kill: .never)
    }
}
