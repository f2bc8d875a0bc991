import Core
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing

@testable import History

/// The reader of atuin's database.
struct AtuinTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/history.db"
    }

    /// The table of atuin 18 as its migrations leave it.
    static let table = """
        CREATE TABLE history (
            id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, duration INTEGER NOT NULL, exit INTEGER NOT NULL,
            command TEXT NOT NULL, cwd TEXT NOT NULL, session TEXT NOT NULL, hostname TEXT NOT NULL, deleted_at INTEGER,
            UNIQUE (timestamp, cwd, command)
        );
        """

    /// A row of it.
    static func row(
        _ id: Int, seconds: Int64, nanoseconds: Int64 = 0, duration: Int64 = -1, exit: Int = -1, _ command: String,
        cwd: String = "/h", deleted: Bool = false
    ) -> String {
        """
        INSERT INTO history VALUES ('\(id)', \(seconds * 1_000_000_000 + nanoseconds), \(duration), \(exit), '\(command)',
            '\(cwd)', 's', 'host:user', \(deleted ? "1" : "NULL"));
        """
    }

    /// Makes a database as atuin does, in WAL mode; it is closed afterwards.
    static func make(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL;" + table + sql) }
        try queue.close()
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test("Times and durations are in nanoseconds, and what is unknown stays unknown")
    func facts() throws {
        try Self.make(
            path,
            Self.row(1, seconds: 1_700_000_000, duration: 1_500_000_000, exit: 2, "make")
                + Self.row(2, seconds: 1_700_000_001, "running")
                + Self.row(3, seconds: 1_700_000_002, duration: 900_000, exit: 0, "short")
                + Self.row(4, seconds: 1_700_000_003, duration: 5_000_000_000, exit: 0, "imported", cwd: "unknown")
                + Self.row(5, seconds: 1_700_000_004, exit: 0, "gone", deleted: true)
                + Self.row(6, seconds: 1_700_000_005, nanoseconds: 999_000_000, exit: 0, "late")
                + Self.row(7, seconds: 1_700_000_005, nanoseconds: 1_000_000, "made up", cwd: "unknown")
                + Self.row(8, seconds: 0, "never"))
        let (entries, skipped) = try ReaderTests.read(.atuin, path)
        #expect(
            entries == [
                .init(line: "make", seconds: 1_700_000_000, durationMS: 1500, status: 2),
                .init(line: "running", seconds: 1_700_000_001),
                .init(line: "short", seconds: 1_700_000_002, status: 0),
                .init(line: "imported", seconds: 1_700_000_003, durationMS: 5000),
                .init(line: "late", seconds: 1_700_000_005, status: 0),
            ])
        #expect(skipped == [.undated, .undated])
        #expect(try files == ["history.db"])
    }

    @Test("A database in use is read with its WAL, and no file next to it is created, removed or changed")
    func inUse() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction {
            try $0.execute(
                sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;" + Self.table
                    + Self.row(1, seconds: 1_700_000_000, exit: 0, "make"))
        }
        let before = try files
        #expect(before == ["history.db", "history.db-shm", "history.db-wal"])
        #expect(try ReaderTests.read(.atuin, path).entries.map(\.line) == ["make"])
        #expect(try files == before)
        try queue.write { try $0.execute(sql: Self.row(2, seconds: 1_700_000_001, exit: 0, "ls")) }
        #expect(try ReaderTests.read(.atuin, path).entries.map(\.line) == ["make", "ls"])
        try queue.close()
    }

    @Test("A WAL that a killed program left without its index is not recovered")
    func leftWAL() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction {
            try $0.execute(
                sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;" + Self.table
                    + Self.row(1, seconds: 1_700_000_000, exit: 0, "make"))
        }
        let copy = folder.path + "/copy.db"
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        try queue.close()
        let size = FileStatus(of: copy + "-wal")?.size
        #expect {
            try ReaderTests.read(.atuin, copy)
        } throws: {
            "\($0)".contains("start that program once")
        }
        #expect(FileStatus(of: copy + "-wal")?.size == size && FileStatus(of: copy + "-shm") == nil)
    }

    @Test("A command over the limit is skipped and counted, and those around it are read")
    func tooLong() throws {
        let long = String(repeating: "x", count: Limits.historyEntryBytes + 1)
        try Self.make(
            path,
            (0..<200).map {
                Self.row($0, seconds: 1_700_000_000 + Int64($0), exit: 0, $0 == 50 || $0 == 199 ? long : "ls")
            }.joined())
        let (entries, skipped) = try ReaderTests.read(.atuin, path)
        #expect(entries.count == 198 && skipped == [.tooLong, .tooLong])
    }

    @Test("Another file and another database are refused, and a link next to the database is not followed")
    func hostile() throws {
        try Data("not a database".utf8).write(to: URL(filePath: path))
        #expect(throws: (any Error).self) { try HistorySource.atuin.reader(of: path) }
        try FileManager.default.removeItem(atPath: path)
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "CREATE TABLE history (id TEXT, command BLOB)") }
        try queue.close()
        #expect(throws: (any Error).self) { try HistorySource.atuin.reader(of: path) }
        try FileManager.default.removeItem(atPath: path)
        try Self.make(path, Self.row(1, seconds: 1_700_000_000, exit: 0, "make"))
        try FileManager.default.createSymbolicLink(
            atPath: path + "-wal", withDestinationPath: folder.path + "/elsewhere")
        #expect(throws: (any Error).self) { try HistorySource.atuin.reader(of: path) }
        #expect(FileStatus(of: folder.path + "/elsewhere") == nil)
    }
}
