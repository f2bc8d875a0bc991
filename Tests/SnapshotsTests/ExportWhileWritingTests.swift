import Core
import Database
import Foundation
import GRDB
import Snapshots
import SystemSupport
import TestSupport
import Testing

@Suite("Export of a large database, also while it is written", .serialized)
struct ExportWhileWritingTests {
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
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
        }
        return try DatabaseQueue(path: harness.data.databasePath, configuration: configuration)
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

    @Test("A snapshot equals the database, whether its pages are in the file or in the WAL", arguments: [false, true])
    func log(withoutCopy: Bool) async throws {
        let harness = try await large()
        try expectSame(harness, try await harness.export(withoutCopy: withoutCopy))
        let writer = try writer(harness)
        try await writer.write { database in
            try database.execute(
                sql: """
                    UPDATE events SET duration_ms = 7 WHERE id % 500 = 3;
                    INSERT INTO events (timestamp, session_id, event_type) VALUES ('2026-03-01 00:00:00.000', 's', 't');
                    """)
        }
        #expect(harness.data.hasWAL)
        let manifest = try await harness.export(withoutCopy: withoutCopy)
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
        try expectSame(harness, try await harness.export(withoutCopy: withoutCopy))
        try writer.close()
        try expectSame(harness, try await harness.export(withoutCopy: withoutCopy))
    }

    @Test(
        "Each snapshot is of one instant while another process writes and checkpoints without a pause",
        arguments: [false, true])
    func whileWritten(withoutCopy: Bool) async throws {
        let harness = try await large()
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
            let manifest = try await harness.export(withoutCopy: withoutCopy)
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

    @Test(
        "A snapshot holds neither removed rows on free pages nor tables that the user added", arguments: [false, true])
    func freePages(withoutCopy: Bool) async throws {
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
        try expectSame(harness, try await harness.export(withoutCopy: withoutCopy))
    }

    @Test("Export works with another page size and with auto_vacuum", arguments: [false, true])
    func otherPages(withoutCopy: Bool) async throws {
        for settings in ["PRAGMA page_size = 4096", "PRAGMA auto_vacuum = FULL"] {
            let harness = try await large()
            let writer = try writer(harness)
            try await writer.writeWithoutTransaction { database in
                try database.execute(
                    sql: "PRAGMA journal_mode = DELETE; \(settings); VACUUM; PRAGMA journal_mode = WAL")
            }
            try expectSame(harness, try await harness.export(withoutCopy: withoutCopy))
            try writer.close()
        }
    }

    @Test("An export of a database that is mostly free pages is small")
    func mostlyFree() async throws {
        let harness = try await large()
        let writer = try writer(harness)
        try await writer.write { try $0.execute(sql: "DELETE FROM events WHERE id > 300") }
        let manifest = try await harness.export(withoutCopy: true)
        try expectSame(harness, manifest)
        #expect(manifest.bytes < 2_000_000)
    }

    @Test("Checkpoints leave the file unchanged and commits are kept while a snapshot is read without a copy")
    func fileStaysTheSame() async throws {
        let harness = try await large()
        let snapshot = try #require(
            try await DirectSnapshot.make(of: harness.data, copy: harness.path("copy"), leastBytes: 0))
        let before = try Data(contentsOf: URL(filePath: harness.data.databasePath))
        let writer = try writer(harness)
        try await writer.write { try $0.execute(sql: "UPDATE events SET duration_ms = 7") }
        for mode in [Database.CheckpointMode.passive, .truncate] {
            _ = try? await writer.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = 0")
                return try database.checkpoint(mode).checkpointedFrameCount
            }
        }
        #expect(try Data(contentsOf: URL(filePath: harness.data.databasePath)) == before)
        var bytes = 0
        while let chunk = try snapshot.read(1 << 20) { bytes += chunk.count }
        #expect(bytes == snapshot.bytes)
        // The snapshot has ended: the file may change again.
        _ = try await writer.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        #expect(try Data(contentsOf: URL(filePath: harness.data.databasePath)) != before)
        #expect(
            try await writer.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM events WHERE duration_ms = 7") }
                == Self.events)
    }

    @Test("A database is copied while another process keeps the writer lock, or a reader uses the WAL")
    func fallsBackToACopy() async throws {
        let harness = try await large()
        do {
            let lock = try await harness.writerLock()
            #expect(
                try await DirectSnapshot.make(
                    of: harness.data, copy: harness.path("copy"), leastBytes: 0, patience: .milliseconds(20)) == nil)
            _ = consume lock
        }
        let writer = try writer(harness)
        try await writer.write { try $0.execute(sql: "UPDATE events SET duration_ms = 8 WHERE id = 1") }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: harness.data.databasePath, configuration: configuration)
        try await reader.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN")
            #expect(try Int.fetchOne(database, sql: "SELECT duration_ms FROM events WHERE id = 1") == 8)
        }
        #expect(
            try await DirectSnapshot.make(of: harness.data, copy: harness.path("copy"), leastBytes: 0) == nil)
        try expectSame(harness, try await harness.export(withoutCopy: true))
        try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    }
}
