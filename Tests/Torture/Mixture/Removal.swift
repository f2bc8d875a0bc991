import Core
import Foundation
import SystemSupport
import TestSupport

/// Steps in which a user permanently removes events.
extension SystemState {
    /// The events that a purge removes.
    struct Selection {
        /// The flags of `nexus telemetry purge`.
        let flags: [String]
        /// The numbers of the selected events.
        let numbers: IndexSet
        /// A text that no file may contain after the purge; nil if there is no such text.
        var text: String?
    }

    /// Returns a random selection of the events that were recorded so far.
    func pickSelection() throws -> Selection {
        let recorded = try settledRecords()
        switch pick(1...10) {
        case 1: return Selection(flags: ["--all"], numbers: recorded)
        case 2...3: return Selection(flags: ["--command", "true"], numbers: recorded.intersection(model.execs))
        case 4: return Selection(flags: ["--command", "make"], numbers: recorded.subtracting(model.execs))
        case 5...7 where !model.execs.isEmpty:
            let number = model.execs[
                model.execs.index(model.execs.startIndex, offsetBy: pick(0...model.execs.count - 1))]
            let session = "exec-\(number)"
            return Selection(flags: ["--session", session], numbers: recorded.intersection([number]), text: session)
        default:
            let day = Int(Date().timeIntervalSince1970) / 86_400 - pick(0...9)
            let name = Date(timeIntervalSince1970: Double(day * 86_400)).formatted(.iso8601.year().month().day())
            let before = IndexSet(model.times.filter { $0.value < day * 86_400 }.keys)
            return Selection(flags: ["--before", name], numbers: recorded.intersection(before))
        }
    }

    /// Returns the recorded events. If a service runs, the events in its pipe are stored first. Otherwise the model
    /// would not know how many of them a purge removes.
    private func settledRecords() throws -> IndexSet {
        if service == nil {
            model.pipeWasLost()
        } else {
            try testEnvironment.flush()
            model.flushed()
        }
        return model.recorded
    }

    /// Purges a selection. A purge that is killed must have removed either all selected events or none of them.
    func purge(_ selection: Selection, kill: Kill = .never) throws {
        guard testEnvironment.data.hasDatabase || !model.acknowledged.isEmpty else { return }
        // Without the flush, the purge itself would store pending events, and `before` would not include them.
        try testEnvironment.flush()
        let before = try invariants.storedNumbers().intersection(selection.numbers)
        if selection.flags == ["--all"] { model.noteNewKey() }
        let isDone = try change(["telemetry", "purge", "--yes"] + selection.flags, kill: kill)
        if !isDone {
            let left = try invariants.storedNumbers().intersection(before)
            guard left == before || left.isEmpty else {
                throw InvariantViolation(
                    "a purge that was killed removed \(before.count - left.count) of \(before.count) events")
            }
            if left == before { return }
        }
        model.remove(selection.numbers)
        if isDone, let text = selection.text { try invariants.checkGone(text) }
    }

    /// Removes all events while recorders and the service record. Events from before the purge must be removed. Events
    /// that are recorded during the purge may be removed or stay.
    func purgeAmongRecorders() throws {
        let numbers = try settledRecords()
        model.noteNewKey()
        let recorders = try (1...pick(4...20)).map { _ in
            let number = model.take(1)
            return (
                number, try testEnvironment.start([testEnvironment.programs.recorder] + Model.flags(number.lowerBound))
            )
        }
        let isDone = try change(["telemetry", "purge", "--yes", "--all"], kill: .never)
        for (_, child) in recorders {
            let end = try child.wait()
            guard end == .exited(0) else {
                throw InvariantViolation("'\(child.name)' ended with \(end): \(child.errors)")
            }
        }
        if isDone { model.remove(numbers) }
    }

    func rekey(kill: Kill = .never) throws {
        guard testEnvironment.data.folder.exists else { return }
        model.noteNewKey()
        _ = try change(["telemetry", "rekey", "--yes"], kill: kill)
    }

    /// Sets the retention. The next process that stores events removes older rows.
    func retain(days: Int?) throws {
        guard testEnvironment.data.folder.exists else { return }
        try testEnvironment.output(of: [
            testEnvironment.programs.nexus, "telemetry", "retain", days.map { "\($0)d" } ?? "forever", "--yes",
        ])
        model.retain(days: days)
    }

    /// Runs a command that needs the writer lock, and repeats it while it returns 75. Returns false if it was killed.
    func change(_ arguments: [String], kill: Kill) throws -> Bool {
        for _ in 0..<12 {
            let child = try testEnvironment.start([testEnvironment.programs.nexus] + arguments, output: .pipe)
            if case .after(let microseconds) = kill {
                usleep(useconds_t(microseconds))
                if child.poll() == nil {
                    child.kill()
                    return false
                }
            }
            try child.exchange { false }
            let end = try child.wait()
            if end == .exited(0) { return true }
            guard end == .exited(75) else {
                throw InvariantViolation("'\(child.name)' ended with \(end): \(child.errors)")
            }
        }
        throw InvariantViolation("'\(arguments.joined(separator: " "))' returned 75 in all of 12 attempts")
    }
}
