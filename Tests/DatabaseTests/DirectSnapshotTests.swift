import Core
import DatabaseTesting
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing

@testable import Database

@Suite("Snapshots read from the database's file")
struct DirectSnapshotTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    /// Enough rows that most pages are theirs.
    init() async throws {
        stored = try StoredFolder()
        try await stored.store([#"{"command":"make"}"#])
        try stored.tables().execute(
            """
            INSERT INTO events (timestamp, session_id, event_type, command)
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
                SELECT '2026-01-01 00:00:00.000', 's', 'command', 'command number ' || n FROM numbers
            """)
    }

    private func path(_ name: String) -> String { stored.folder.path + "/" + name }

    private func make(patience: Duration = .seconds(10)) async throws -> DirectSnapshot? {
        try await DirectSnapshot.make(of: data, copy: path("copy.db"), leastBytes: 0, patience: patience)
    }

    private func content(_ snapshot: DirectSnapshot) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try snapshot.read(300_000) { bytes += chunk }
        return bytes
    }

    @Test("A direct snapshot has the tables of a snapshot, and holds one instant while others write")
    func instant() async throws {
        let all = "SELECT * FROM events ORDER BY id"
        let rows = try stored.tables().rows(all)
        let snapshot = try #require(try await make())
        #expect(snapshot.counts.events == 20_001 && snapshot.counts.sessions == 1)
        #expect(snapshot.counts.ids == 1...20_001)
        // Committed after the snapshot was taken, before a byte of it was read.
        try await stored.store([#"{"command":"later"}"#])
        try stored.tables().execute("UPDATE events SET command = 'changed'")
        let bytes = try content(snapshot)
        #expect(bytes.count == snapshot.bytes)
        try Data(bytes).write(to: URL(filePath: path("snapshot.db")))
        let reader = try SnapshotRows(path: path("snapshot.db"))
        #expect(try reader.problemOfTables() == nil)
        #expect(try await reader.problem() == nil)
        #expect(try DatabaseQueue(path: path("snapshot.db")).read { try Row.fetchAll($0, sql: all) } == rows)
        #expect(try reader.facts()["installation"] == snapshot.installation.id)
        // Nothing of the other tables is in it, and the database goes on as before.
        #expect(Data(bytes).range(of: Data("activity_rollup".utf8)) == nil)
        #expect(try stored.tables().number("SELECT count(*) FROM events WHERE command = 'changed'") == 20_002)
    }

    @Test("Free pages do not leave with it")
    func freePages() async throws {
        try stored.tables().execute("DELETE FROM events WHERE id BETWEEN 5000 AND 8000")
        let snapshot = try #require(try await make())
        let bytes = try content(snapshot)
        #expect(Data(bytes).range(of: Data("command number 6543".utf8)) == nil)
        #expect(Data(bytes).range(of: Data("command number 4321".utf8)) != nil)
        try Data(bytes).write(to: URL(filePath: path("snapshot.db")))
        #expect(try await SnapshotRows(path: path("snapshot.db")).problem() == nil)
    }

    @Test("A small database, one that another process writes, and one that is being read are copied instead")
    func copiedInstead() async throws {
        let small = try await DirectSnapshot.make(of: data, copy: path("copy.db"), leastBytes: 1 << 30)
        #expect(small == nil)
        try await stored.withWriter { _ in
            let locked = try await make(patience: .milliseconds(20))
            #expect(locked == nil)
        }
        // A reader that uses the WAL keeps it from being emptied.
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: data.databasePath, configuration: configuration)
        try await reader.writeWithoutTransaction {
            try $0.execute(sql: "UPDATE counters SET count = count + 1; BEGIN; SELECT count(*) FROM counters")
        }
        let read = try await make()
        #expect(read == nil)
        try await reader.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try SettingsFile(data).update { $0.set(recording: false) }
        let off = try await make()
        #expect(off == nil)
    }

    @Test("A database most of which is Nexus's own tables is copied instead")
    func mostlyOthers() async throws {
        let few = try StoredFolder()
        try await few.store([#"{"command":"make"}"#])
        let snapshot = try await DirectSnapshot.make(of: few.data, copy: path("copy.db"), leastBytes: 0)
        #expect(snapshot == nil)
    }
}
