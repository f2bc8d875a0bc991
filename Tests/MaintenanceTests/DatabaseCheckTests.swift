import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Maintenance
import Synchronization
import SystemSupport
import TestSupport
import Testing

@Suite("Doctor checks of the database")
struct DatabaseCheckTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    /// 200 events of three sessions over six hours.
    init() async throws {
        stored = try StoredFolder()
        try await stored.store(
            (1...200).map { number in
                """
                {"timestamp":\(1_795_000_000_000 + number * 100_000),"command":"make step\(number % 7)",\
                "duration_ms":\(number * 10),"success":\(number % 5 != 0),"session_id":"s\(number % 3)",\
                "error_category":"exit_1","template_used":"web"}
                """
            })
    }

    private func findings(isQuick: Bool = false) throws -> [CheckResult] {
        try DatabaseCheck(data, isQuick: isQuick).run()
    }

    /// The only result that is not in order.
    private func finding(isQuick: Bool = false) throws -> CheckResult {
        let results = try findings(isQuick: isQuick).filter { $0.state != .ok }
        try #require(results.count == 1, "\(results)")
        return results[0]
    }

    @Test("A folder without a database is valid")
    func none() throws {
        #expect(
            try DatabaseCheck(try TemporaryFolder().data, isQuick: false).run()
                == [.ok("database", "no database yet")])
    }

    @Test("A valid database passes every check, and the reported progress grows to 1")
    func fine() throws {
        let shares = Mutex<[Double]>([])
        let results = try DatabaseCheck(data, isQuick: false) { share in shares.withLock { $0.append(share) } }.run()
        #expect(results.allSatisfy { $0.state == .ok }, "\(results)")
        #expect(results.map(\.check) == ["database", "ids", "books", "sessions", "rollups", "log"])
        #expect(results[2].text == "200 rows, as the counters expect, and 0 pending events")
        let reported = shares.withLock { $0 }
        #expect(reported.first == 0.2 && reported == reported.sorted() && reported.allSatisfy { $0 <= 1 })
    }

    @Test("A quick check reads no rows, and reports so")
    func quick() throws {
        let results = try findings(isQuick: true)
        #expect(results.map(\.check) == ["database", "ids", "books", "log"])
        #expect(results[0].text == "SQLite's quick check reports no corruption")
    }

    @Test(
        "Aggregates that differ from a recount are an error, and a rebuild repairs them",
        arguments: [
            (
                "rollups",
                "UPDATE activity_rollup SET events = events + 1 WHERE slot = (SELECT min(slot) FROM activity_rollup)"
            ),
            ("rollups", "DELETE FROM activity_rollup WHERE slot = (SELECT max(slot) FROM activity_rollup)"),
            ("rollups", "DELETE FROM usage_rollup WHERE id = (SELECT max(id) FROM usage_rollup)"),
            ("rollups", "UPDATE usage_rollup SET cells = x'01ff' WHERE id = (SELECT min(id) FROM usage_rollup)"),
            ("rollups", "INSERT INTO usage_rollup SELECT max(id) + 134217728, cells FROM usage_rollup"),
            ("sessions", "UPDATE sessions SET errors_encountered = 0 WHERE session_id = 's1'"),
            ("sessions", "UPDATE sessions SET started_at = '2026-01-01 00:00:00.000' WHERE session_id = 's2'"),
            ("sessions", "DELETE FROM sessions WHERE session_id = 's0'"),
        ])
    func counts(check: String, damage: String) async throws {
        let before = try stored.tables().rollups()
        try stored.tables().execute(damage)
        let found = try #require(try findings().first { $0.check == check })
        #expect(found.state == .error && found.text.contains("not match a recount of the"), "\(found.text)")
        #expect(found.suggestion == "run 'nexus doctor --rebuild'")
        #expect(try findings(isQuick: true).allSatisfy { $0.state == .ok })
        try await stored.withWriter { try await $0.rebuildCounts() }
        #expect(try findings().allSatisfy { $0.state == .ok })
        #expect(try stored.tables().rollups() == before)
    }

    @Test("Rows removed by another program are an error of the counters")
    func rowsRemoved() throws {
        try stored.tables().execute("DELETE FROM events WHERE id = 200")
        let counters = try #require(try findings(isQuick: true).first { $0.check == "books" })
        #expect(counters.state == .error)
        #expect(counters.text == "the database has 199 rows, and the counters expect 200")
    }

    @Test("Counters that do not add up are an error")
    func unbalanced() throws {
        try stored.tables().execute("UPDATE counters SET count = count + 3 WHERE name = 'accepted'")
        let found = try finding(isQuick: true)
        #expect(found.check == "books" && found.text == "accepted (203) differs from stored (200) + pending (0)")
    }

    @Test("Pending events are part of the counters")
    func pending() throws {
        try stored.record(Array(repeating: #"{"command":"later"}"#, count: 3))
        let counters = try #require(try findings(isQuick: true).first { $0.check == "books" })
        #expect(counters == .ok("books", "200 rows, as the counters expect, and 3 pending events"))
    }

    @Test("A row with the highest id is an error")
    func ids() throws {
        try stored.tables().execute(
            "INSERT INTO sessions (id, session_id) VALUES (9223372036854775807, 'x')")
        let found = try #require(try findings(isQuick: true).first { $0.check == "ids" })
        #expect(found.state == .error && found.suggestion == StoreError.adviceOnExhaustedIDs)
        #expect(found.text.contains("'sessions' has a row with the id 9223372036854775807"), "\(found.text)")
    }

    @Test("A damaged page is an error, and aggregates are not compared then", arguments: [false, true])
    func damagedPage(isQuick: Bool) throws {
        let root = try stored.tables().number("SELECT rootpage FROM sqlite_schema WHERE name = 'events'")
        try stored.overwrite(data.databasePath, at: (root - 1) * 16_384 + 3, with: [0xFF, 0xFF])
        let results = try findings(isQuick: isQuick)
        #expect(results.map(\.check) == ["database", "log"])
        #expect(results[0].state == .error && results[0].text.hasPrefix("SQLite reports corruption: "), "\(results)")
        #expect(results[0].suggestion?.contains(".recover") == true)
    }

    @Test("A file that is not a database is an error with a suggested fix")
    func noDatabase() throws {
        try Data(repeating: 0x42, count: 5000).write(to: URL(filePath: data.databasePath))
        let found = try finding()
        #expect(found.text == StoreError.notADatabase(path: data.databasePath).description)
        #expect(found.suggestion?.hasPrefix("restore a backup") == true)
    }

    @Test("A database of another version is an error that names the program to update")
    func versions() throws {
        try stored.tables().execute("INSERT INTO grdb_migrations VALUES ('99: from the future')")
        #expect(try finding().suggestion == "update Nexus")
        try stored.tables().execute("DELETE FROM grdb_migrations WHERE identifier > '5'")
        #expect(try finding().suggestion == "run 'nexus flush'")
    }

    @Test("A link in place of the database is an error")
    func link() throws {
        try data.folder.rename("nexus.db", to: "elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: data.databasePath, withDestinationPath: data.folder.path(of: "elsewhere"))
        let found = try finding()
        #expect(found.text.contains("symbolic link"), "\(found.text)")
        #expect(found.suggestion == "make the database file readable, and run the check again")
    }

    @Test("A WAL that lost its index while recording is off is a note that names the command to recover it")
    func walWithoutIndex() async throws {
        // A copy of the database while it was in use, without its index.
        let copy = try StoredFolder()
        try await stored.withWriter { writer in
            try stored.record([#"{"command":"last"}"#])
            _ = try await writer.drain()
            for name in ["nexus.db", "nexus.db-wal"] {
                try FileManager.default.copyItem(
                    atPath: data.folder.path(of: name), toPath: copy.data.folder.path(of: name))
            }
        }
        try SettingsFile(copy.data).update { $0.set(recording: false) }
        #expect(
            try DatabaseCheck(copy.data, isQuick: true).run() == [
                .note(
                    "database", StoreError.walNeedsRecovery(path: copy.data.databasePath).description,
                    suggestion: "run 'nexus flush'")
            ])
    }

    @Test("A WAL beyond its limit is a note")
    func longLog() throws {
        let path = data.folder.path(of: "nexus.db-wal")
        try Data().write(to: URL(filePath: path))
        let log = try FileHandle(forUpdating: URL(filePath: path))
        try log.truncate(atOffset: UInt64(Limits.walBytes) + 1)
        try log.close()
        let found = try finding(isQuick: true)
        #expect(found.check == "log" && found.state == .note)
        #expect(found.text == "the WAL of the database has 64 MiB")
    }
}
