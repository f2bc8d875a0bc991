import Core
import DatabaseTesting
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing

@testable import Database

@Suite("Databases of snapshots")
struct SnapshotDatabaseTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }
    /// 2026-01-01 00:00 UTC; an event a minute follows.
    private static let start: Int64 = 1_767_225_600_000

    init() async throws {
        stored = try StoredFolder()
        try await stored.store(
            (0..<300).map { number in
                """
                {"timestamp":\(Self.start + Int64(number) * 60_000),"command":"make","session_id":"s\(number / 100)",\
                "duration_ms":\(number),"success":\(number % 2 == 0)}
                """
            })
    }

    private func path(_ name: String) -> String { stored.folder.path + "/" + name }

    private func rows(_ path: String, _ sql: String) throws -> [Row] {
        try DatabaseQueue(path: path).read { try Row.fetchAll($0, sql: sql) }
    }

    private func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    /// A copy of everything.
    private func copy(_ selection: SnapshotSelection = .everything) async throws -> SnapshotRows {
        let copied = try await SnapshotDatabase.copy(selection, of: data, to: path("copy.db"))
        let installation = try stored.tables().text("SELECT id FROM installation")
        #expect(copied?.installation.id == installation)
        return try SnapshotRows(path: path("copy.db"))
    }

    @Test("A copy of everything has the rows, the sessions, the manifest, and no other table")
    func everything() async throws {
        try stored.tables().execute("CREATE TABLE \"my \"\"notes\" (text); CREATE VIEW v AS SELECT 1")
        let snapshot = try await copy()
        #expect(try snapshot.problemOfTables() == nil)
        #expect(try await snapshot.problem() == nil)
        let counts = try snapshot.counts()
        #expect(counts.events == 300 && counts.sessions == 3 && counts.ids == 1...300)
        #expect(counts.times?.from == "2026-01-01 00:00:00.000" && counts.times?.until == "2026-01-01 04:59:00.000")
        #expect(try snapshot.counts(knowing: ("a", "b")).times?.from == "a")
        #expect(try snapshot.sessionCount() == 3)
        #expect(try snapshot.facts().keys.sorted() == ["format_version", "installation", "schema_version"])
        #expect(try snapshot.origins()?.ranges.isEmpty == true)
        let all = "SELECT * FROM events ORDER BY id"
        #expect(try rows(path("copy.db"), all) == stored.tables().rows(all))
    }

    @Test("A copy of a part has the rows that meet every condition, and their sessions")
    func part() async throws {
        try stored.tables().execute(
            "INSERT INTO origins VALUES (50, 60, '\(String(repeating: "b", count: 32))', 7), "
                + "(200, 210, '\(String(repeating: "c", count: 32))', 7)")
        let hour = Self.start + 3_600_000
        let snapshot = try await copy(SnapshotSelection(ids: 1...90, times: hour..<hour + 3_600_000))
        let counts = try snapshot.counts()
        #expect(counts.events == 30 && counts.ids == 61...90 && counts.sessions == 1)
        #expect(try snapshot.origins()?.ranges.isEmpty == true)
        let other = try await SnapshotDatabase.copy(
            SnapshotSelection(ids: 55...250), of: data, to: path("other.db"))
        #expect(other != nil)
        #expect(try SnapshotRows(path: path("other.db")).origins()?.ranges.map(\.first) == [50, 200])
        let none = try await SnapshotDatabase.copy(
            SnapshotSelection(times: Int64.max - 1..<Int64.max), of: data, to: path("none.db"))
        #expect(none != nil)
        #expect(try SnapshotRows(path: path("none.db")).counts() == SnapshotRows.Counts())
    }

    @Test("There is no copy of a folder without a database")
    func none() async throws {
        let copied = try await SnapshotDatabase.copy(
            .everything, of: try TemporaryFolder().data, to: path("copy.db"))
        #expect(copied == nil && !FileManager.default.fileExists(atPath: path("copy.db")))
    }

    @Test("Texts of removed rows are not in the free pages of a copy", arguments: [20, 280])
    func freePages(removed: Int) async throws {
        // Rows of several pages each, so that removing them frees pages.
        let secret = "removed-text-"
        try stored.tables().execute(
            """
            PRAGMA secure_delete = OFF;
            UPDATE events SET template_used = '\(secret)' || hex(zeroblob(20000)) WHERE id <= \(removed);
            DELETE FROM events WHERE id <= \(removed);
            """)
        #expect(try Data(contentsOf: URL(filePath: data.databasePath)).range(of: Data(secret.utf8)) != nil)
        let snapshot = try await copy()
        #expect(try snapshot.counts().events == 300 - removed)
        #expect(try Data(contentsOf: URL(filePath: path("copy.db"))).range(of: Data(secret.utf8)) == nil)
    }

    @Test("Rows come in the order of their ids, at most as many as asked for")
    func chunks() async throws {
        let snapshot = try await copy()
        var ids: [Int64] = []
        var last: Int64 = 0
        while let reached = try snapshot.rows(after: last, limit: 70, { ids.append($0.id) }) { last = reached }
        #expect(ids == Array(1...300) && last == 300)
        #expect(throws: CancellationError.self) {
            try snapshot.rows(after: 0, limit: 1) { _ in throw CancellationError() }
        }
    }

    @Test(
        "Tables that are not those of a snapshot are a problem",
        arguments: [
            "CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END", "CREATE TABLE other (a)",
            "CREATE INDEX i ON events (timestamp)", "DROP TABLE manifest", "ALTER TABLE events ADD COLUMN more TEXT",
            "CREATE VIEW v AS SELECT 1",
        ])
    func otherTables(change sql: String) async throws {
        _ = try await copy()
        try change(path("copy.db"), sql)
        #expect(
            try SnapshotRows(path: path("copy.db")).problemOfTables() == "its tables are not those of a snapshot")
    }

    @Test("A database that expects a WAL is a problem")
    func expectsWAL() async throws {
        _ = try await copy()
        try change(path("copy.db"), "PRAGMA journal_mode = WAL")
        #expect(try SnapshotRows(path: path("copy.db")).problemOfTables() == "its database expects a WAL")
    }

    @Test("A damaged page is a problem, in SQLite's words")
    func damagedPage() async throws {
        _ = try await copy()
        let root: Int = try #require(
            try rows(path("copy.db"), "SELECT rootpage FROM sqlite_schema WHERE name = 'events'").first)[0]
        try stored.overwrite(path("copy.db"), at: (root - 1) * Schema.pageBytes + 3, with: [0xFF, 0xFF])
        #expect(try await SnapshotRows(path: path("copy.db")).problem()?.hasPrefix("SQLite finds: ") == true)
    }

    @Test(
        "Origins that cannot be make the whole list unusable",
        arguments: ["(5, 4, 'ID', 1)", "(1, 2, 'short', 1)", "(1, 2, 'ID', 0)", "('x', 2, 'ID', 1)"])
    func damagedOrigins(values: String) async throws {
        _ = try await copy()
        let id = String(repeating: "b", count: 32)
        try change(
            path("copy.db"),
            """
            DROP TABLE origins; CREATE TABLE origins (first_id, last_id, installation, origin);
            INSERT INTO origins VALUES \(values.replacing("ID", with: id));
            """)
        #expect(try SnapshotRows(path: path("copy.db")).origins() == nil)
    }

    @Test("Facts that are no texts are left out")
    func facts() async throws {
        _ = try await copy()
        try change(path("copy.db"), "INSERT INTO manifest VALUES ('blob', x'00ff'), ('more', 'text')")
        let facts = try SnapshotRows(path: path("copy.db")).facts()
        #expect(facts["more"] == "text" && facts["blob"] == nil)
    }

    @Test("A file that is no database is refused")
    func noDatabase() throws {
        try Data(repeating: 0x41, count: 5000).write(to: URL(filePath: path("copy.db")))
        #expect(throws: StoreError.notADatabase(path: path("copy.db"))) {
            try SnapshotRows(path: path("copy.db")).counts()
        }
    }
}
