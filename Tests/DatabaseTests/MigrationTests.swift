import Application
import Core
import Database
import DatabaseTesting
import GRDB
import Maintenance
import Rollups
import SystemSupport
import TestSupport
import Testing

struct MigrationTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The tables of the first version, as it made them.
    private static let first = """
        CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
            session_id TEXT NOT NULL, event_type TEXT NOT NULL, workspace_hash TEXT, task_hash TEXT, command TEXT,
            duration_ms INTEGER, success BOOLEAN, error_category TEXT, template_used TEXT, services_count INTEGER,
            ports_used INTEGER);
        CREATE TABLE sessions (id INTEGER PRIMARY KEY, session_id TEXT UNIQUE NOT NULL, started_at DATETIME,
            ended_at DATETIME, duration_ms INTEGER, commands_executed INTEGER, workspaces_created INTEGER,
            tasks_completed INTEGER, errors_encountered INTEGER);
        CREATE TABLE open_sessions (session INTEGER PRIMARY KEY, last_event INTEGER NOT NULL);
        CREATE TABLE activity_rollup (slot INTEGER PRIMARY KEY, events INTEGER NOT NULL, commands INTEGER NOT NULL,
            workspaces_created INTEGER NOT NULL, tasks_completed INTEGER NOT NULL, succeeded INTEGER NOT NULL,
            failed INTEGER NOT NULL);
        CREATE TABLE session_rollup (slot INTEGER PRIMARY KEY, sessions INTEGER NOT NULL, duration_ms INTEGER NOT NULL);
        CREATE TABLE buffer_positions (segment INTEGER PRIMARY KEY, id BLOB NOT NULL, position INTEGER NOT NULL,
            is_damaged BOOLEAN NOT NULL);
        CREATE TABLE counters (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1: events, sessions, rollups');
        """

    /// A database as the first version left it, with events over three days in two sessions, one of them open.
    private func makeFirstVersion() throws {
        try data.folder.prepare()
        let queue = try DatabaseQueue(path: data.databasePath)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        try queue.write { database in
            try database.execute(sql: Self.first)
            for number in 0..<300 {
                try database.execute(
                    sql: """
                        INSERT INTO events (timestamp, session_id, event_type, command, duration_ms, success)
                        VALUES (?, ?, 'command', ?, ?, ?)
                        """,
                    arguments: [
                        Timestamp.databaseText(1_795_000_000_000 + Int64(number) * 800_000), "s\(number % 2)",
                        "tool-\(number % 3)", number * 7, number % 4 != 0,
                    ])
            }
            try database.execute(
                sql: """
                    INSERT INTO sessions SELECT NULL, session_id, min(timestamp), iif(session_id = 's0', max(timestamp), NULL),
                        NULL, count(*), 0, 0, sum(success = 0) FROM events GROUP BY session_id;
                    INSERT INTO open_sessions SELECT id, 1795000000000 + 299 * 800000 FROM sessions WHERE session_id = 's1';
                    INSERT INTO counters VALUES ('accepted', 300), ('stored', 300);
                    """)
        }
    }

    @Test("A database of the first version is recomputed by the first writer, and loses nothing")
    func migrates() async throws {
        try makeFirstVersion()
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock, clock: ManualWallClock(1_795_000_000_000 + 300 * 800_000))
        #expect(try await writer.drain() == 0)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        #expect(try tables.number("SELECT count(*) FROM events") == 300)
        #expect(try tables.activityDifferences().isEmpty)
        #expect(try tables.sessionDifferences().isEmpty)
        #expect(try tables.sessionLengthDifferences(reader).isEmpty)
        let cells = try reader.usage(by: .command, in: 0..<Int64.max)
        #expect(cells.map(\.count) == [100, 100, 100])
        #expect(cells.map(\.latency.count) == [100, 100, 100])
        #expect(cells.map(\.name) == ["tool-0", "tool-1", "tool-2"])
        #expect(try reader.sessionCount() == 2)
        // Its rows were named by the first rules, and the rows to come are named by these.
        #expect(
            try tables.rows("SELECT version, first_id FROM naming_versions ORDER BY 1").map { [$0[0], $0[1]] as [Int] }
                == [[1, 1], [2, 301]])
        // The last command of each session ends after it began.
        #expect(
            try tables.number(
                "SELECT count(*) FROM sessions WHERE session_id = 's0' AND ended_at = '\(Timestamp.databaseText(1_795_000_000_000 + 298 * 800_000 + 298 * 7))'"
            ) == 1)
    }

    /// How far the making of a database had come.
    enum Progress: CaseIterable {
        case file, listOfMigrations, firstMigration

        var sql: String {
            switch self {
            case .file: ""
            case .listOfMigrations: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)"
            case .firstMigration: MigrationTests.first
            }
        }
    }

    @Test(
        "A database whose first writer was killed before it created all tables counts as missing",
        arguments: Progress.allCases, [true, false])
    func begun(_ progress: Progress, isOff: Bool) throws {
        try data.folder.prepare()
        let queue = try DatabaseQueue(path: data.databasePath)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL; " + progress.sql) }
        try queue.close()
        if isOff { try SettingsFile(data).update { $0.set(recording: false) } }
        #expect(try StoreReader(data: data) == nil)
        #expect(try DatabaseCheck(data, isQuick: false).run() == [.ok("database", "no database yet")])
    }

    @Test("A report on a database of an older version is refused with a sentence, and changes nothing")
    func older() throws {
        try makeFirstVersion()
        #expect(throws: StoreError.olderVersion(path: data.databasePath)) { try StoreReader(data: data) }
        #expect(try Tables(data).number("SELECT count(*) FROM grdb_migrations") == 1)
    }
}
