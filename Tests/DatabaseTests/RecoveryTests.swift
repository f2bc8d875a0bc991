import Core
import DatabaseTesting
import Foundation
import GRDB
import Rollups
import SystemSupport
import TestSupport
import Testing

@testable import Database

/// Databases that killed processes, copies and older versions leave.
@Suite("Recovery and migration")
struct RecoveryTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    init() throws {
        stored = try StoredFolder()
    }

    /// Makes a copy of the database as a process that was killed before a checkpoint leaves it.
    private func killed(withIndex: Bool = false) async throws -> StoredFolder {
        let copy = try StoredFolder()
        try stored.record((1...5).map { #"{"command":"number \#($0)"}"# })
        try await stored.withWriter { writer in
            _ = try await writer.drain()
            for name in ["nexus.db", "nexus.db-wal"] + (withIndex ? ["nexus.db-shm"] : []) {
                try FileManager.default.copyItem(
                    atPath: data.folder.path(of: name), toPath: copy.data.folder.path(of: name))
            }
        }
        return copy
    }

    private func events(_ reader: StoreReader?) throws -> Int? {
        try reader?.queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM events") }
    }

    private func names(_ folder: StoredFolder) throws -> [String] { try folder.data.folder.names().sorted() }

    @Test("Commits that are in the WAL alone are read and kept by the next writer")
    func commitsInWAL() async throws {
        let copy = try await killed()
        #expect(try events(StoreReader(data: copy.data)) == 5)
        try await copy.store([#"{"command":"next"}"#])
        #expect(try events(copy.reader()) == 6)
        #expect(try copy.tables().integrity == "ok")
        #expect(try copy.tables().activityDifferences().isEmpty)
    }

    @Test("A WAL with its index is read without writing a byte while recording is off")
    func offWithIndex() async throws {
        let copy = try await killed(withIndex: true)
        try SettingsFile(copy.data).update { $0.set(recording: false) }
        let before = try copy.folder.allBytes()
        let files = try names(copy)
        #expect(try events(StoreReader(data: copy.data)) == 5)
        #expect(try names(copy) == files)
        #expect(try copy.folder.allBytes() == before)
    }

    @Test("A WAL without its index is refused while recording is off, and read when it is on again")
    func offWithoutIndex() async throws {
        let copy = try await killed()
        try SettingsFile(copy.data).update { $0.set(recording: false) }
        let files = try names(copy)
        #expect(throws: StoreError.walNeedsRecovery(path: copy.data.databasePath)) { try StoreReader(data: copy.data) }
        #expect(try names(copy) == files)
        try SettingsFile(copy.data).update { $0.set(recording: true) }
        #expect(try events(StoreReader(data: copy.data)) == 5)
    }

    @Test("A database without a WAL is read while recording is off, and no WAL is created")
    func offWithoutWAL() async throws {
        try await stored.store([#"{"command":"make"}"#])
        try SettingsFile(data).update { $0.set(recording: false) }
        for name in ["nexus.db-wal", "nexus.db-shm"] { try data.folder.remove(name) }
        let before = try stored.folder.allBytes()
        #expect(try events(StoreReader(data: data)) == 1)
        #expect(try stored.folder.allBytes() == before)
    }

    @Test("A read that begins on an empty WAL keeps its rows while a writer commits")
    func emptyWAL() async throws {
        try await stored.store([#"{"command":"make"}"#])
        #expect(data.folder.size(of: "nexus.db-wal") ?? 0 == 0)
        let queue = try #require(try DatabaseOpening.forReading(data, keepsTransactionsOpen: true))
        let count = "SELECT count(*) FROM events"
        try queue.inTransactionLeftOpen(count, expected: 1)
        try await stored.store([#"{"command":"make"}"#])
        try queue.inTransactionLeftOpen(count, expected: 1)
        try queue.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try queue.inTransactionLeftOpen(count, expected: 2)
        try queue.close()
    }

    @Test("A database with a journal is read after a recovery, and refused while recording is off")
    func journal() async throws {
        try await stored.store([#"{"command":"make"}"#])
        // A journal whose header is zeros holds nothing to roll back.
        try stored.write("nexus.db-journal", Array(repeating: 0, count: 600))
        try SettingsFile(data).update { $0.set(recording: false) }
        #expect(throws: StoreError.walNeedsRecovery(path: data.databasePath)) { try StoreReader(data: data) }
        try SettingsFile(data).update { $0.set(recording: true) }
        #expect(try events(StoreReader(data: data)) == 1)
    }

    @Test(
        "A folder, a pipe or a link under one of the database's names is refused", arguments: ["", "-wal", "-journal"])
    func otherKinds(ending: String) async throws {
        try await stored.store([#"{"command":"make"}"#])
        let path = data.databasePath + ending
        try data.folder.remove("nexus.db" + ending)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        if ending != "" {
            #expect(throws: StoreError.system(.notAFile(path))) { try StoreReader(data: data) }
        }
        await #expect(throws: StoreError.system(.notAFile(path))) { try await stored.withWriter { _ in } }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
        await #expect(throws: StoreError.system(.link(path))) { try await stored.withWriter { _ in } }
    }

    @Test("A copied folder continues as a new installation, and its rows keep their origin")
    func copied() async throws {
        try await stored.store([#"{"command":"make"}"#])
        let copy = try StoredFolder()
        for name in ["nexus.db", "writer.lock"] {
            try FileManager.default.copyItem(
                atPath: data.folder.path(of: name), toPath: copy.data.folder.path(of: name))
        }
        let old = try #require(try stored.tables().text("SELECT id FROM installation"))
        try await copy.withWriter { _ in }
        #expect(try copy.tables().text("SELECT id FROM installation") != old)
        #expect(try copy.tables().text("SELECT installation FROM origins WHERE first_id = 1") == old)
        try await stored.withWriter { _ in }
        #expect(try stored.tables().text("SELECT id FROM installation") == old)
    }

    /// Identifiers of the migrations before the last one that counts everything again.
    private static let older = Array(Schema.migrator.migrations.prefix { !$0.hasPrefix("9:") })

    @Test(
        "A database of each older schema is refused to readers, and migrated by a writer without loss", arguments: older
    )
    func migrates(version: String) async throws {
        let queue = try DatabaseQueue(path: data.databasePath)
        try Schema.migrator(derivedTables: RollupTables()).migrate(queue, upTo: version)
        try await queue.write { database in
            for number in 0..<50 {
                try database.execute(
                    sql: """
                        INSERT INTO events (timestamp, session_id, event_type, command, duration_ms, success)
                        VALUES (?, ?, 'command', 'make', ?, ?)
                        """,
                    arguments: [
                        Timestamp.databaseText(1_795_000_000_000 + Int64(number) * 800_000), "s\(number % 2)", number,
                        number % 4 != 0,
                    ])
            }
            try database.execute(
                sql: """
                    INSERT INTO sessions SELECT NULL, session_id, min(timestamp), max(timestamp), 0, count(*), 0, 0, 0
                        FROM events GROUP BY session_id;
                    INSERT INTO counters VALUES ('accepted', 50), ('stored', 50);
                    """)
        }
        try queue.close()
        #expect(throws: StoreError.olderVersion(path: data.databasePath)) { try StoreReader(data: data) }
        let last = try stored.tables().text("SELECT identifier FROM grdb_migrations ORDER BY rowid DESC LIMIT 1")
        #expect(last == version)
        try await stored.store([#"{"command":"new"}"#])
        let tables = try stored.tables()
        #expect(try tables.number("SELECT count(*) FROM grdb_migrations") == Schema.migrator.migrations.count)
        #expect(try tables.number("SELECT count(*) FROM events") == 51)
        #expect(try tables.number("SELECT max(id) FROM events") == 51)
        #expect(try tables.activityDifferences().isEmpty && tables.sessionDifferences().isEmpty)
        #expect(try tables.sessionLengthDifferences(stored.reader()).isEmpty)
        #expect(try stored.reader().eventCounters().balance)
        #expect(try tables.number("SELECT first_id FROM naming_versions WHERE version = 2") == 51)
    }
}

extension DatabaseQueue {
    /// Checks the number that a query gives in a transaction, which it begins where none is open, and leaves open.
    fileprivate func inTransactionLeftOpen(_ sql: String, expected: Int) throws {
        let found = try inDatabase { database in
            if !database.isInsideTransaction { try database.execute(sql: "BEGIN") }
            return try Int.fetchOne(database, sql: sql)
        }
        #expect(found == expected)
    }
}
