import Core
import Foundation
import SystemSupport
import TestSupport

/// Taking out, putting back and sending elsewhere, and what must be true of what was taken out.
extension SystemState {
    /// Takes a snapshot of everything, and looks at it with the system's `lz4` and `sqlite3`.
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
            throw InvariantViolation("a snapshot holds events that were not there")
        }
        snapshots.append((path, numbers))
    }

    /// Takes one of the snapshots back in; killed in the middle it has come in whole or not at all.
    func importSnapshot(kill: Kill = .never) throws {
        // Drawn in any case: whether there is one may be the machine's, and what is drawn next the seed's.
        let choice = pick(0...999)
        guard !snapshots.isEmpty else { return }
        let snapshot = snapshots[choice % snapshots.count]
        let missing = snapshot.numbers.subtracting(try invariants.storedNumbers())
        let isDone = try change(["import", snapshot.path], kill: kill)
        let come = missing.intersection(try invariants.storedNumbers())
        guard isDone ? come == missing : come == missing || come.isEmpty else {
            throw InvariantViolation("an import brought \(come.count) of \(missing.count) events")
        }
        if come == missing { model.bringBack(snapshot.numbers) }
    }

    /// Sends what was not sent yet to a folder.
    func sync(kill: Kill = .never) throws {
        try sent.prepare()
        let numbers = model.acknowledged
        guard try change(["sync", "--to", sent.url], kill: kill) else { return }
        try testEnvironment.output(of: [testEnvironment.programs.nexus, "sync", "log"])
        // What comes back under an old number has been sent before, or was gone when its turn came.
        sent.mustHold.formUnion(numbers.subtracting(model.returned))
    }

    /// What was sent is there, every event once, whatever became of it here.
    func checkSent() throws {
        try sent.check(model)
    }

    /// The programs' own check of everything finds nothing.
    func checkHealth() throws {
        guard testEnvironment.data.folder.exists else { return }
        let child = try testEnvironment.start([testEnvironment.programs.nexus, "doctor"], output: .pipe)
        try child.exchange { false }
        guard try child.wait() == .exited(0) else {
            throw InvariantViolation("the doctor says: \(String(decoding: child.received, as: UTF8.self))")
        }
    }
}

/// A folder that `nexus sync` sends to.
final class SentFolder {
    private let testEnvironment: TestEnvironment
    /// What has to be in it.
    var mustHold = IndexSet()

    init(in testEnvironment: TestEnvironment) {
        self.testEnvironment = testEnvironment
    }

    private var path: String { testEnvironment.scratch.path + "/sent" }
    var url: String { "file://" + path }

    func prepare() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Takes everything that was sent into a data folder of its own.
    func check(_ model: Model) throws {
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".lz4") }
        guard !files.isEmpty else {
            guard mustHold.isEmpty else { throw InvariantViolation("nothing of what was sent is there") }
            return
        }
        let other = try TestEnvironment(testEnvironment.programs)
        for file in files { try other.output(of: [testEnvironment.programs.nexus, "import", path + "/" + file]) }
        let invariants = Invariants(testEnvironment: other)
        let numbers = try invariants.storedNumbers()
        guard mustHold.subtracting(numbers).isEmpty else {
            throw InvariantViolation("\(mustHold.subtracting(numbers).count) events that were sent are not there")
        }
        guard numbers.subtracting(model.sent).isEmpty else {
            throw InvariantViolation("events were sent that were never recorded")
        }
        guard try invariants.query("SELECT count(*) FROM events") == "\(numbers.count)\n" else {
            throw InvariantViolation("events were sent twice")
        }
    }
}
