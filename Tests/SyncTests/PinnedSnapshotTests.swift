import EventModel
import Foundation
import GRDB
import Platform
import Store
import Sync
import TestSupport
import Testing

@Suite("A large database is read where it stands")
struct PinnedSnapshotTests {
    /// Rows in all: enough that most pages are those of events.
    private static let events = 12_000
    /// Events that were recorded; the others are copies of them.
    private static let recorded = 300

    private func large() async throws -> SnapshotHarness {
        let harness = try await SnapshotHarness(events: Self.recorded)
        let columns = EventRow.columnNames.dropFirst().joined(separator: ", ")
        let queue = try DatabaseQueue(path: harness.data.databasePath)
        try await queue.write { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                        INSERT INTO events SELECT id + \(Self.recorded) * i, \(columns) FROM events, n
                    """, arguments: [Self.events / Self.recorded - 1])
        }
        try queue.close()
        return harness
    }

    /// A connection that writes as the writer does, and empties the log only when it is told to.
    private func writer(_ harness: SnapshotHarness) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
        }
        return try DatabaseQueue(path: harness.data.databasePath, configuration: configuration)
    }

    private func isPinned(_ harness: SnapshotHarness) throws -> Bool {
        let copy = harness.path("copy-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try PinnedSnapshot.pin(harness.data, copy: copy) != nil
    }

    /// What the snapshot holds is the database of this moment, and whole.
    private func expectSame(
        _ harness: SnapshotHarness, _ manifest: SnapshotManifest, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try harness.query("snapshot", "PRAGMA integrity_check") == ["ok"], sourceLocation: sourceLocation)
        for table in ["events", "sessions", "origins"] {
            let all = "SELECT * FROM \(table) ORDER BY 1"
            let isSame =
                try harness.query("snapshot", all) == SnapshotHarness.query(harness.data.databasePath, all)
            #expect(isSame, "\(table)", sourceLocation: sourceLocation)
        }
        let counts = "SELECT count(*), min(id), max(id) FROM events"
        #expect(
            try harness.query("snapshot", counts)
                == ["\(manifest.events)|\(manifest.firstID ?? 0)|\(manifest.lastID ?? 0)"],
            sourceLocation: sourceLocation)
        let content = try harness.unpacked()
        #expect(content[18] == 1 && content[19] == 1, sourceLocation: sourceLocation)
        for trace in ["buffer_positions", "activity_rollup", "rollup_names", "remember-the-milk"] {
            #expect(content.range(of: Data(trace.utf8)) == nil, "\(trace)", sourceLocation: sourceLocation)
        }
    }

    @Test("All of it in the file, or much of it still in the log: the snapshot is the same database")
    func log() async throws {
        let harness = try await large()
        #expect(try isPinned(harness))
        try expectSame(harness, try await harness.export())
        let writer = try writer(harness)
        try await writer.write { database in
            try database.execute(
                sql: """
                    UPDATE events SET duration_ms = 7 WHERE id % 500 = 3;
                    INSERT INTO events (timestamp, session_id, event_type) VALUES ('2026-03-01 00:00:00.000', 's', 't');
                    """)
        }
        #expect(harness.data.hasDatabaseLog)
        #expect(try isPinned(harness))
        let manifest = try await harness.export()
        #expect(manifest.events == Self.events + 1)
        try expectSame(harness, manifest)
        // The last pages stand only in the log, behind the end of the file.
        _ = try await writer.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try await writer.write { database in
            try database.execute(
                sql: "INSERT INTO events SELECT id + 100000, timestamp, session_id, event_type, workspace_hash, "
                    + "task_hash, command, duration_ms, success, error_category, template_used, services_count, "
                    + "ports_used FROM events")
        }
        try expectSame(harness, try await harness.export())
        try writer.close()
        try expectSame(harness, try await harness.export())
    }

    @Test("While another writes and empties its log without a pause, each snapshot is of one moment")
    func whileWritten() async throws {
        let harness = try await large()
        #expect(try isPinned(harness))
        let writer = try writer(harness)
        let writing = Task.detached {
            var turns = 0
            while !Task.isCancelled {
                // Two rows a transaction, and one that is changed: a page of before beside one of after would show.
                try writer.writeWithoutTransaction { database in
                    try database.inTransaction {
                        try database.execute(
                            sql: """
                                INSERT INTO events (timestamp, session_id, event_type, duration_ms)
                                    VALUES ('2026-03-01 00:00:00.000', 's', 'first', 1);
                                INSERT INTO events (timestamp, session_id, event_type, duration_ms)
                                    VALUES ('2026-03-01 00:00:00.000', 's', 'second', -1);
                                UPDATE events SET services_count = (SELECT max(id) FROM events) WHERE id = 1
                                """)
                        return .commit
                    }
                    turns += 1
                    if turns % 7 == 0 { _ = try? database.checkpoint(turns % 2 == 0 ? .passive : .truncate) }
                }
            }
        }
        for _ in 0..<25 {
            let manifest = try await harness.export()
            let found = try harness.query(
                "snapshot",
                """
                SELECT count(*), sum(event_type = 'first') = sum(event_type = 'second'),
                    max(id) = (SELECT services_count FROM events WHERE id = 1) OR max(id) = \(Self.events) FROM events
                """)
            #expect(found == ["\(manifest.events)|1|1"])
            #expect(try harness.query("snapshot", "PRAGMA integrity_check") == ["ok"])
        }
        writing.cancel()
        try await writing.value
    }

    @Test("What was removed, and what a person added, does not leave with free pages")
    func freePages() async throws {
        let harness = try await large()
        let writer = try writer(harness)
        try await writer.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE);
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                        INSERT INTO notes SELECT i, 'remember-the-milk ' || i FROM n;
                    CREATE TABLE gone AS SELECT * FROM notes;
                    DROP TABLE gone;
                    CREATE TABLE long (text TEXT);
                    INSERT INTO long VALUES (replace(hex(zeroblob(5000)), '00', 'remember-the-milk'));
                    CREATE INDEX mine ON events (timestamp) WHERE id < 100;
                    CREATE VIEW seen AS SELECT * FROM notes;
                    """)
        }
        #expect(try isPinned(harness))
        try expectSame(harness, try await harness.export())
    }

    @Test("A database with pages of another size, and one that moves its pages about, come out whole")
    func otherPages() async throws {
        for (settings, pins) in [("PRAGMA page_size = 4096", true), ("PRAGMA auto_vacuum = FULL", false)] {
            let harness = try await large()
            let writer = try writer(harness)
            try await writer.writeWithoutTransaction { database in
                try database.execute(
                    sql: "PRAGMA journal_mode = DELETE; \(settings); VACUUM; PRAGMA journal_mode = WAL")
            }
            #expect(try isPinned(harness) == pins)
            try expectSame(harness, try await harness.export())
            try writer.close()
        }
    }

    @Test("A small one, and one that is mostly free, is copied")
    func copied() async throws {
        let small = try await SnapshotHarness(events: 100)
        #expect(try !isPinned(small))
        let harness = try await large()
        let writer = try writer(harness)
        try await writer.write { try $0.execute(sql: "DELETE FROM events WHERE id > 300") }
        #expect(try !isPinned(harness))
        let manifest = try await harness.export()
        try expectSame(harness, manifest)
        #expect(manifest.bytes < 2_000_000)
    }
}
