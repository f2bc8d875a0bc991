import Application
import Core
import Database
import Foundation
import GRDB
import Snapshots
import SystemSupport
import TestSupport
import Testing

@Suite("Imports of snapshots")
struct ImportTests {
    private static let rows = """
        SELECT timestamp, session_id, event_type, workspace_hash, task_hash, command, duration_ms, success, error_category,
            template_used, services_count, ports_used
        FROM events ORDER BY timestamp, duration_ms
        """

    /// Expects that both hold the same events, and that what is derived from them in `there` is what a recount gives.
    private func expectSame(_ here: SnapshotHarness, _ there: SnapshotHarness) throws {
        let same =
            try SnapshotHarness.query(here.data.databasePath, Self.rows)
            == SnapshotHarness.query(there.data.databasePath, Self.rows)
        #expect(same)
        try there.expectSound()
    }

    @Test("Every event is imported once in repeated imports, and all derived data equals a recount")
    func twice() async throws {
        let here = try await SnapshotHarness(events: 3000)
        try await here.export()
        let there = try await SnapshotHarness()
        #expect(try await there.take(here.path("snapshot")) == .init(imported: 3000, known: 0))
        try expectSame(here, there)
        let before = try there.dump()
        #expect(try await there.take(here.path("snapshot")) == .init(imported: 0, known: 3000))
        #expect(try there.dump() == before)
    }

    @Test("A reader that began before an import sees none of its rows")
    func firstBesideAReader() async throws {
        let here = try await SnapshotHarness(events: 5000)
        try await here.export()
        let there = try await SnapshotHarness(events: 1)
        try await DatabaseQueue(path: there.data.databasePath).write { try $0.execute(sql: "DELETE FROM events") }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: there.data.databasePath, configuration: configuration)
        try await reader.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN")
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM events") == 0)
        }
        #expect(try await there.take(here.path("snapshot")) == .init(imported: 5000, known: 0))
        try await reader.writeWithoutTransaction { database in
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM events") == 0)
            try database.execute(sql: "COMMIT")
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM events") == 5000)
        }
    }

    @Test("A first import that finds a bad row after many good ones leaves an empty database")
    func firstThatFails() async throws {
        let here = try await SnapshotHarness(events: 60_000)
        try await here.export()
        let content = here.path("content")
        try here.unpacked().write(to: URL(filePath: content))
        let database = try DatabaseQueue(path: content)
        try await database.write { try $0.execute(sql: "UPDATE events SET command = 'rm -rf /' WHERE id = 59999") }
        try database.close()
        try here.pack(try Data(contentsOf: URL(filePath: content)), as: "bad") { _ in }
        let there = try await SnapshotHarness()
        await #expect(throws: SnapshotError.self) { try await there.take(here.path("bad")) }
        #expect(try there.count("SELECT count(*) FROM events") == 0)
        try await there.record(0..<10)
        #expect(try there.count("SELECT count(*) FROM events") == 10)
        try there.expectSound()
    }

    @Test("An import redacts values that look like a secret, which an older Nexus may have stored")
    func secrets() async throws {
        let here = try await SnapshotHarness(events: 20)
        try await here.export()
        let token = "gh" + "p_abcdefghijklmnop1234"
        try here.change(
            "snapshot", as: "older",
            """
            UPDATE events SET command = 'login \(token)', event_type = '\(token)', session_id = '\(token)',
                error_category = '\(token)', template_used = '\(token)' WHERE id = 15
            """)
        let there = try await SnapshotHarness()
        #expect(try await there.take(here.path("older")) == .init(imported: 20, known: 0))
        let row = try SnapshotHarness.query(
            there.data.databasePath,
            """
            SELECT command, event_type, session_id, error_category, template_used FROM events
            ORDER BY timestamp LIMIT 1 OFFSET 14
            """)
        #expect(row == ["login|command|redacted||"])
        try there.expectSound()
    }

    @Test("A part and then the whole give the whole")
    func parts() async throws {
        let here = try await SnapshotHarness(events: 1000)
        try await here.export(SnapshotSelection(ids: 300...400), to: "part")
        try await here.export(to: "whole")
        let there = try await SnapshotHarness(events: 50)
        #expect(try await there.take(here.path("part")) == .init(imported: 101, known: 0))
        try await there.record(2000..<2010)
        #expect(try await there.take(here.path("whole")) == .init(imported: 899, known: 101))
        #expect(try there.count("SELECT count(*) FROM events") == 1060)
        try there.expectSound()
        let origins = try SnapshotHarness.query(
            there.data.databasePath, "SELECT first_id, last_id, origin FROM origins")
        #expect(origins == ["51|151|300", "162|460|1", "461|1060|401"])
    }

    @Test("Events imported through another folder are recognized")
    func detour() async throws {
        let first = try await SnapshotHarness(events: 400)
        let second = try await SnapshotHarness(events: 30)
        let third = try await SnapshotHarness()
        try await first.export()
        try await second.take(first.path("snapshot"))
        try await second.export()
        #expect(try await third.take(second.path("snapshot")) == .init(imported: 430, known: 0))
        #expect(try await third.take(first.path("snapshot")) == .init(imported: 0, known: 400))
        // And back where it came from.
        #expect(try await first.take(second.path("snapshot")) == .init(imported: 30, known: 400))
        try third.expectSound()
        try first.expectSound()
    }

    @Test("Removed rows come back under their earlier ids")
    func restored() async throws {
        let here = try await SnapshotHarness(events: 500)
        try await here.export()
        let before = try SnapshotHarness.query(here.data.databasePath, "SELECT * FROM events")
        try await DatabaseQueue(path: here.data.databasePath).write { database in
            try database.execute(sql: "DELETE FROM events WHERE id BETWEEN 100 AND 249")
        }
        #expect(try await here.take(here.path("snapshot")) == .init(imported: 150, known: 350))
        #expect(try SnapshotHarness.query(here.data.databasePath, "SELECT * FROM events") == before)
    }

    @Test(
        "Rows of this installation with ids that it never gave out are refused, and nothing is imported",
        arguments: [501, 1 << 53])
    func neverRecorded(id: Int64) async throws {
        let here = try await SnapshotHarness(events: 500)
        try await here.export()
        try here.change("snapshot", as: "made-up", "UPDATE events SET id = \(id) WHERE id = 500", events: 500)
        try await DatabaseQueue(path: here.data.databasePath).write { database in
            try database.execute(sql: "DELETE FROM events WHERE id BETWEEN 100 AND 249")
        }
        let before = try here.dump()
        await #expect(throws: SnapshotError.store(.neverRecorded(id: id, highest: 500))) {
            try await here.take(here.path("made-up"))
        }
        #expect(try here.dump() == before)
        // Elsewhere they are rows of another installation, and take none of the ids that are left.
        let there = try await SnapshotHarness(events: 10)
        try await there.take(here.path("made-up"))
        try await there.record(10..<20)
        #expect(try there.count("SELECT max(id) FROM events") == 520)
        try there.expectSound()
    }

    @Test("Rows keep their identity after a new installation id")
    func renewed() async throws {
        let here = try await SnapshotHarness(events: 200)
        try await here.export(to: "old")
        try await DatabaseQueue(path: here.data.databasePath).write { try InstallationID.renew(in: $0) }
        try await here.record(200..<260)
        try await here.export(to: "new")
        let there = try await SnapshotHarness()
        try await there.take(here.path("old"))
        #expect(try await there.take(here.path("new")) == .init(imported: 60, known: 200))
        #expect(try await here.take(here.path("old")) == .init(imported: 0, known: 200))
    }

    @Test("Rows of the years 2000 to 9999 are verified and imported, whatever the clock shows")
    func everyYear() async throws {
        let here = try await SnapshotHarness()
        var filler = BufferFiller(here.data, now: Limits.latestTimestamp)
        try filler.append(
            [Limits.earliestTimestamp, Limits.latestTimestamp].map { #"{"command":"make","timestamp":\#($0)}"# })
        try await here.record(0..<1)
        try await here.export()
        #expect(try await SnapshotChecker(path: here.path("snapshot")).verify().events == 3)
        let there = try await SnapshotHarness()
        #expect(try await there.take(here.path("snapshot")) == .init(imported: 3, known: 0))
    }

    @Test("Recording continues after the imported rows")
    func recording() async throws {
        let here = try await SnapshotHarness(events: 100)
        try await here.export()
        let there = try await SnapshotHarness()
        try await there.take(here.path("snapshot"))
        try await there.record(500..<600)
        #expect(try there.count("SELECT max(id) FROM events") == 200)
        try there.expectSound()
        #expect(try there.count("SELECT count FROM counters WHERE name = 'stored'") == 100)
        #expect(try there.count("SELECT count FROM counters WHERE name = 'imported'") == 100)
        #expect(try StoreReader(data: there.data)?.eventCounters().balance == true)
    }
}

extension SnapshotHarness {
    struct Taken: Equatable {
        var imported: Int
        var known: Int
    }

    /// Imports a snapshot into this data folder.
    @discardableResult
    func take(_ path: String) async throws -> Taken {
        let lock = try await writerLock()
        let writer = try SQLiteWriter(data: data, lock: lock)
        let outcome = try await SnapshotImport(path: path).run(into: writer, unpackingIn: data.folder)
        try await writer.finish()
        #expect(try data.folder.names().allSatisfy { !$0.hasPrefix(ScratchFolder.prefix) })
        return Taken(imported: outcome.imported, known: outcome.known)
    }

    func count(_ sql: String) throws -> Int {
        try DatabaseQueue(path: data.databasePath).read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    /// Every row of every table.
    func dump() throws -> [String] {
        let tables = try Self.query(data.databasePath, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
        return try tables.flatMap { try Self.query(data.databasePath, "SELECT '\($0)', * FROM \($0)") }
    }

    /// Expects that rollups and session counters are what a recount gives.
    func expectSound() throws {
        let events = """
            SELECT CAST(strftime('%s', timestamp) AS INTEGER) / 900, count(*), total(event_type = 'command'),
                total(event_type = 'workspace_created'), total(event_type = 'task_completed'), total(success = 1),
                total(success = 0)
            FROM events GROUP BY 1
            """
        let activity = """
            SELECT slot, events, commands, workspaces_created, tasks_completed, succeeded, failed FROM activity_rollup
            """
        let sessions = """
            SELECT session_id, min(timestamp), total(event_type = 'command'), total(event_type = 'workspace_created'),
                total(event_type = 'task_completed'), total(success = 0)
            FROM events GROUP BY session_id
            """
        let kept = """
            SELECT session_id, started_at, commands_executed, workspaces_created, tasks_completed, errors_encountered
            FROM sessions
            """
        for (one, other) in [(events, activity), (activity, events), (sessions, kept), (kept, sessions)] {
            #expect(try count("SELECT count(*) FROM (\(one) EXCEPT \(other))") == 0)
        }
        #expect(try Self.query(data.databasePath, "PRAGMA integrity_check") == ["ok"])
    }
}
