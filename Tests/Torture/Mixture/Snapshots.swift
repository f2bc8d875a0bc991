import Core
import Foundation
import SystemSupport
import TestSupport

/// Steps that export, import and sync events, and checks of the exported and sent events.
extension SystemState {
    /// Exports all events to a snapshot, and checks the snapshot with the system's `lz4` and `sqlite3`.
    func export(kill: Kill = .never) throws {
        guard testEnvironment.data.hasDatabase || !model.acknowledged.isEmpty else { return }
        let path = testEnvironment.scratch.path + "/snapshot-\(snapshots.count).db.lz4"
        let must = model.acknowledged
        guard try change(["export", "--output", path], kill: kill) else {
            guard !FileManager.default.fileExists(atPath: path) else { return try keep(path, holding: must) }
            return
        }
        try keep(path, holding: must)
    }

    private func keep(_ path: String, holding must: IndexSet) throws {
        try testEnvironment.output(of: [testEnvironment.programs.nexus, "verify", path])
        let content = testEnvironment.scratch.path + "/content.db"
        try testEnvironment.output(of: [try Programs.find("lz4"), "-d", "-f", "-q", path, content])
        let numbers = try invariants.numbers(in: content)
        guard must.subtracting(numbers).isEmpty else { throw InvariantViolation("events are missing in a snapshot") }
        guard numbers.subtracting(model.sent).isEmpty, numbers.intersection(model.removed).isEmpty else {
            throw InvariantViolation("a snapshot holds events that were never sent or were purged")
        }
        snapshots.append((path, numbers))
    }

    /// Imports one of the snapshots. An import that is killed must have added either all events of the snapshot or
    /// none.
    func importSnapshot(kill: Kill = .never) throws {
        // The number is drawn even without snapshots. Whether a snapshot exists depends on timing, but later random
        // numbers must depend only on the seed.
        let choice = pick(0...999)
        guard !snapshots.isEmpty else { return }
        let snapshot = snapshots[choice % snapshots.count]
        let missing = snapshot.numbers.subtracting(try invariants.storedNumbers())
        let isDone = try change(["import", snapshot.path], kill: kill)
        let come = missing.intersection(try invariants.storedNumbers())
        guard isDone ? come == missing : come == missing || come.isEmpty else {
            throw InvariantViolation("an import added \(come.count) of \(missing.count) missing events")
        }
        if come == missing { model.bringBack(snapshot.numbers) }
    }

    /// Sends all events that were not sent yet to a folder.
    func sync(kill: Kill = .never) throws {
        try sent.prepare()
        let numbers = model.acknowledged
        guard try change(["sync", "--to", sent.url], kill: kill) else { return }
        try testEnvironment.output(of: [testEnvironment.programs.nexus, "sync", "log"])
        // An event that an import brought back has an old row id. Sync sent it earlier, or passed this id while the
        // event was removed.
        sent.mustHold.formUnion(numbers.subtracting(model.returned))
    }

    /// Checks that the destination has every sent event once, even if the event was removed from the data folder.
    func checkSent() throws {
        try sent.check(model)
    }

    /// Checks that `nexus doctor` finds no problem.
    func checkHealth() throws {
        guard testEnvironment.data.folder.exists else { return }
        let child = try testEnvironment.start([testEnvironment.programs.nexus, "doctor"], output: .pipe)
        try child.exchange { false }
        guard try child.wait() == .exited(0) else {
            throw InvariantViolation("'nexus doctor' failed: \(String(decoding: child.received, as: UTF8.self))")
        }
    }
}

/// A folder that `nexus sync` sends to.
final class SentFolder {
    private let testEnvironment: TestEnvironment
    /// The numbers of the events that the folder must contain.
    var mustHold = IndexSet()

    init(in testEnvironment: TestEnvironment) {
        self.testEnvironment = testEnvironment
    }

    private var path: String { testEnvironment.scratch.path + "/sent" }
    var url: String { "file://" + path }

    func prepare() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Imports all sent files into a new data folder, and checks the events there.
    func check(_ model: Model) throws {
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".lz4") }
        guard !files.isEmpty else {
            guard mustHold.isEmpty else { throw InvariantViolation("events were sent, but no file arrived") }
            return
        }
        let other = try TestEnvironment(testEnvironment.programs)
        for file in files { try other.output(of: [testEnvironment.programs.nexus, "import", path + "/" + file]) }
        let invariants = Invariants(testEnvironment: other)
        let numbers = try invariants.storedNumbers()
        guard mustHold.subtracting(numbers).isEmpty else {
            throw InvariantViolation("\(mustHold.subtracting(numbers).count) events that were sent did not arrive")
        }
        guard numbers.subtracting(model.sent).isEmpty else {
            throw InvariantViolation("events were sent that were never recorded")
        }
        guard try invariants.query("SELECT count(*) FROM events") == "\(numbers.count)\n" else {
            throw InvariantViolation("events were sent twice")
        }
    }
}
