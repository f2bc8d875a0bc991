import Core
import Foundation
import SystemSupport
import TestSupport

/// Data folders that are copied, restored, or copied while programs record.
extension SystemState {
    /// Two copies both record, and exchange what they have: each one then has every event once.
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

    /// A backup is restored, and the last export imported: nothing is missing that was recorded after the backup.
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

    /// A copy is made while programs record and store: an old buffer beside a newer database, or the other way round. The
    /// old buffer is also put back where it came from.
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

    /// Stops the service and stores what waits. Returns false when nothing was ever recorded.
    private func settle() throws -> Bool {
        try stopService()
        guard testEnvironment.data.hasDatabase || !model.acknowledged.isEmpty else { return false }
        try checkStored()
        return testEnvironment.data.hasDatabase
    }

    /// Runs `body` while no program stores: a drain that a recorder has started may still be on its way.
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

    /// Imports what a copy has into the data folder.
    private func importAll(of copy: TestEnvironment) throws {
        let export = copy.scratch.path + "/there.db.lz4"
        try copy.output(of: [copy.programs.nexus, "export", "--output", export])
        let numbers = try Invariants(testEnvironment: copy).storedNumbers()
        _ = try change(["import", export], kill: .never)
        model.bringBack(numbers)
    }

    /// Imports what the data folder has into a copy.
    private func importAll(into copy: TestEnvironment) throws {
        let export = copy.scratch.path + "/back.db.lz4"
        _ = try change(["export", "--output", export], kill: .never)
        try copy.output(of: [copy.programs.nexus, "import", export])
    }

    /// Nothing is missing in a copy, nothing is there twice, and its own check finds nothing.
    private func check(_ copy: TestEnvironment, holding must: IndexSet) throws {
        let invariants = Invariants(testEnvironment: copy)
        let numbers = try invariants.storedNumbers()
        guard must.subtracting(numbers).isEmpty else {
            throw InvariantViolation("\(must.subtracting(numbers).count) events are missing in a copy")
        }
        guard numbers.subtracting(model.sent).isEmpty, numbers.intersection(model.removed).isEmpty else {
            throw InvariantViolation("a copy holds events that were not there")
        }
        guard try invariants.query("SELECT count(*) FROM events") == "\(numbers.count)\n" else {
            throw InvariantViolation("events are twice in a copy")
        }
        try copy.output(of: [copy.programs.nexus, "doctor"])
    }
}
