import Core
import Foundation
import SystemSupport
import TestSupport

/// Steps that copy a data folder or restore it from a backup, also while programs record.
extension SystemState {
    /// Copies the data folder, records in both folders, and imports the events of each folder into the other folder.
    /// Each folder must then have every event once.
    func divergingCopies() throws {
        guard try settle() else { return }
        let copy = try TestEnvironment(testEnvironment.programs)
        try alone { try shell(#"cp -a "$1" "$2""#, testEnvironment.data, copy.data) }
        let before = try invariants.storedNumbers()
        let numbers = try record(pick(1...20), in: copy)
        try recordSingly(pick(1...5), with: [testEnvironment.programs.recorder])
        try copy.flush()
        try check(copy, holding: before.union(numbers))
        try importAll(of: copy)
        try checkStored()
        try importAll(into: copy)
        try check(copy, holding: model.acknowledged)
    }

    /// Restores a backup, and imports an export that is newer than the backup. All events up to the export must then
    /// exist.
    func restoredBackup() throws {
        let way = pick(0...2)
        guard try settle() else { return }
        let backup = try TestEnvironment(testEnvironment.programs)
        try alone { try shell(#"cp -a "$1" "$2""#, testEnvironment.data, backup.data) }
        try recordSingly(pick(1...10), with: [testEnvironment.programs.recorder])
        try checkStored()
        let export = testEnvironment.scratch.path + "/before-restore.db.lz4"
        _ = try change(["export", "--output", export], kill: .never)
        let numbers = try invariants.storedNumbers()
        let script = [
            #"cp -a "$2/." "$1/""#, #"rm -r "$1"; cp -a "$2" "$1""#,
            #"cp -p "$2/nexus.db" "$1/new"; mv "$1/new" "$1/nexus.db""#,
        ][way]
        try alone { try shell(script, testEnvironment.data, backup.data) }
        try recordSingly(pick(1...5), with: [testEnvironment.programs.recorder])
        _ = try change(["import", export], kill: .never)
        try FileManager.default.removeItem(atPath: export)
        model.bringBack(numbers)
        try checkStored()
    }

    /// Copies the data folder while programs record and store. The copy has either an old buffer and a newer database,
    /// or a new buffer and an older database. In the first case, segments of the old buffer that the original folder
    /// lacks are also copied back to this folder.
    func hotCopy() throws {
        let isBufferFirst = isChance(of: 70)
        let count = pick(1...12)
        guard try settle() else { return }
        try recordSingly(pick(1...4), with: [testEnvironment.programs.recorder])
        let copy = try TestEnvironment(testEnvironment.programs)
        let saved = DataFolder(copy.scratch.path + "/saved")
        let restOfFolder =
            #"mkdir -p -m 700 "$2"; cd "$1"; find . -mindepth 1 -maxdepth 1 ! -name buffer -exec cp -a {} "$2" \;"#
        if !isBufferFirst { try alone { try shell(restOfFolder, testEnvironment.data, copy.data) } }
        let recorders = try (0..<count).map { _ in
            let number = model.take(1)
            return (
                number, try testEnvironment.start([testEnvironment.programs.recorder] + Model.flags(number.lowerBound))
            )
        }
        if isBufferFirst { try shell(#"cp -a "$1/buffer" "$2""#, testEnvironment.data, saved) }
        for (number, child) in recorders {
            guard try child.wait() == .exited(0) else {
                throw InvariantViolation("'\(child.name)' failed: \(child.errors)")
            }
            model.acknowledge(number)
        }
        try checkStored()
        if isBufferFirst {
            try alone { try shell(restOfFolder, testEnvironment.data, copy.data) }
            try shell(#"cp -a "$2" "$1/buffer""#, copy.data, saved)
        } else {
            try alone { try shell(#"cp -a "$1/buffer" "$2/buffer""#, testEnvironment.data, copy.data) }
        }
        try copy.flush()
        try check(copy, holding: isBufferFirst ? model.acknowledged : [])
        try importAll(into: copy)
        try check(copy, holding: model.acknowledged)
        guard isBufferFirst else { return }
        try alone { try shell(#"cp -a -n "$2/." "$1/buffer/""#, testEnvironment.data, saved) }
        try checkStored()
    }

    // MARK: Parts

    /// Stops the service and stores pending events. Returns false if no event was ever recorded.
    private func settle() throws -> Bool {
        try stopService()
        guard testEnvironment.data.hasDatabase || !model.acknowledged.isEmpty else { return false }
        try checkStored()
        return testEnvironment.data.hasDatabase
    }

    /// Runs `body` under the writer lock. A recorder may have started a drain that has not ended yet.
    private func alone(_ body: () throws -> Void) throws {
        let lock = try File(opening: testEnvironment.data.writerLockPath, [.readWrite, .create])
        guard try lock.lock(within: .seconds(30)) else { throw InvariantViolation("a writer holds the lock for 30 s") }
        defer { lock.unlock() }
        try body()
    }

    private func shell(_ script: String, _ one: DataFolder, _ other: DataFolder) throws {
        try testEnvironment.output(of: ["bash", "-ec", script, "bash", one.folder.path, other.folder.path])
    }

    /// Records events in a copy. Returns their numbers.
    private func record(_ count: Int, in copy: TestEnvironment) throws -> IndexSet {
        let numbers = model.take(count)
        for number in numbers { try copy.output(of: [copy.programs.recorder] + Model.flags(number)) }
        return IndexSet(integersIn: numbers)
    }

    /// Imports all events of a copy into the data folder.
    private func importAll(of copy: TestEnvironment) throws {
        let export = copy.scratch.path + "/there.db.lz4"
        try copy.output(of: [copy.programs.nexus, "export", "--output", export])
        let numbers = try Invariants(testEnvironment: copy).storedNumbers()
        _ = try change(["import", export], kill: .never)
        model.bringBack(numbers)
    }

    /// Imports all events of the data folder into a copy.
    private func importAll(into copy: TestEnvironment) throws {
        let export = copy.scratch.path + "/back.db.lz4"
        _ = try change(["export", "--output", export], kill: .never)
        try copy.output(of: [copy.programs.nexus, "import", export])
    }

    /// Throws unless a copy has all events of `must`, has no event twice, and passes `nexus doctor`.
    private func check(_ copy: TestEnvironment, holding must: IndexSet) throws {
        let invariants = Invariants(testEnvironment: copy)
        let numbers = try invariants.storedNumbers()
        guard must.subtracting(numbers).isEmpty else {
            throw InvariantViolation("\(must.subtracting(numbers).count) events are missing in a copy")
        }
        guard numbers.subtracting(model.sent).isEmpty, numbers.intersection(model.removed).isEmpty else {
            throw InvariantViolation("a copy holds events that were never sent or were purged")
        }
        guard try invariants.query("SELECT count(*) FROM events") == "\(numbers.count)\n" else {
            throw InvariantViolation("a copy holds events twice")
        }
        try copy.output(of: [copy.programs.nexus, "doctor"])
    }
}
