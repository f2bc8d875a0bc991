import Core
import GRDB
import SystemSupport

/// The file of a database, read directly and without a copy, while other processes record.
///
/// A read transaction that starts while the WAL is empty takes read lock 0. Until the transaction ends, no checkpoint
/// writes to the database file (https://www.sqlite.org/walformat.html#wal_locks). Commits go to the WAL alone, so the
/// file keeps the content of one instant. The initializer empties the WAL before it starts the transaction. It holds
/// the writer lock meanwhile, so that no other process of Nexus writes in between.
final class StableDatabaseFile {
    /// The transaction that keeps the file as it is.
    private let reader: DatabaseQueue
    /// Released after `reader` was closed, because closing any descriptor of the file drops SQLite's locks on it.
    private let file: File
    let pageBytes: Int
    let pageCount: Int

    /// Returns nil when the file cannot be kept as it is: another process uses the WAL, or there is no complete
    /// database.
    /// - Parameter lock: the writer lock, which is held until the transaction has started.
    init?(_ data: DataFolder, _ lock: consuming WriterLock) throws {
        file = try File(opening: data.databasePath, [.read, .regular])
        let writer = try DatabaseOpening.forCheckpoint(data.databasePath)
        let isEmptied = try writer.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            do {
                _ = try database.checkpoint(.truncate)
                return true
            } catch DatabaseError.SQLITE_BUSY {
                return false
            }
        }
        guard isEmptied, let reader = try DatabaseOpening.forReading(data, keepsTransactionsOpen: true) else {
            return nil
        }
        self.reader = reader
        (pageBytes, pageCount) = try reader.inDatabase { database in
            try database.execute(sql: "BEGIN")
            return (
                try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0,
                try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            )
        }
        // Another program may have written after the WAL was emptied. The transaction would then read the WAL too, and
        // the file alone would not have the whole content.
        guard data.folder.size(of: "nexus.db-wal") == 0, try file.status().size == pageCount * pageBytes else {
            return nil
        }
        try writer.close()
        _ = consume lock
    }

    deinit { close() }

    /// Ends the transaction. Nothing may be read afterwards.
    func close() {
        try? reader.inDatabase { if $0.isInsideTransaction { try $0.execute(sql: "ROLLBACK") } }
        try? reader.close()
    }

    /// Queries the content of the file with SQLite.
    func query<Value>(_ body: (Database) throws -> Value) throws -> Value { try reader.inDatabase(body) }

    /// Returns the bytes of a range of pages. The first page of the file is number 1.
    func read(_ numbers: ClosedRange<Int>) throws -> [UInt8] {
        let count = numbers.count * pageBytes
        let start = (numbers.lowerBound - 1) * pageBytes
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard try file.read(appendingTo: &bytes, at: start + bytes.count, limit: count - bytes.count) > 0 else {
                throw DatabaseError(resultCode: .SQLITE_IOERR, message: "the database file has become shorter")
            }
        }
        return bytes
    }
}
