import Core
import Foundation
import SystemSupport
import TestSupport

/// Permanent removal by a user while recorders run.
extension SystemState {
    /// What a purge is asked to remove, as it is said on the command line and as the model knows it.
    struct Selection {
        let flags: [String]
        let numbers: IndexSet
        /// A text that must then stand nowhere any more.
        var text: String?
    }

    /// One that the seed chooses, of what was recorded so far.
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

    /// What is recorded, and nothing on its way: a service that lives may have taken in any part of what was written into its
    /// pipe, and a purge removes what has come.
    private func settledRecords() throws -> IndexSet {
        if service == nil {
            model.pipeWasLost()
        } else {
            try testEnvironment.flush()
            model.flushed()
        }
        return model.recorded
    }

    /// Purges; killed in the middle it has removed either all that was meant or nothing.
    func purge(_ selection: Selection, kill: Kill = .never) throws {
        guard testEnvironment.data.hasDatabase || !model.acknowledged.isEmpty else { return }
        // What is there beforehand; what waits comes in by the purge itself.
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

    /// Recorders and the service go on while everything before them is removed: what they record stays or goes, and what
    /// was there before is gone.
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

    /// Says for how long rows are kept; the next that stores removes what is older.
    func retain(days: Int?) throws {
        guard testEnvironment.data.folder.exists else { return }
        try testEnvironment.output(of: [
            testEnvironment.programs.nexus, "telemetry", "retain", days.map { "\($0)d" } ?? "forever", "--yes",
        ])
        model.retain(days: days)
    }

    /// Runs a command for which the writer must yield, again if it returns 75. False when it was killed.
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
        throw InvariantViolation("'\(arguments.joined(separator: " "))' is told to try again for a minute")
    }
}
