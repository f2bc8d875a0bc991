import EventModel
import GRDB
import GRDBSQLite
import Synchronization

/// Inserts events as rows. This is the hot path: every column of every event passes here.
///
/// The rows are laid out in memory as SQLite has them on disk, in a database that is attached to the connection, and SQLite
/// copies them over record by record: to bind or to fetch every value would cost it twice as much
/// (https://www.sqlite.org/lang_attach.html, https://www.sqlite.org/c3ref/deserialize.html; `xferOptimization` in its source).
/// It reads that memory where it is, so that it sees each time what was laid out last.
final class EventInserter {
    private let database: Database
    private let statement: Statement
    let rows: WaitingRows

    /// Attaches the memory, under a name that ends with `number`.
    init(_ database: Database, number: Int) throws {
        let name = "waiting_\(number)"
        self.database = database
        rows = try WaitingRows(attachedTo: database, as: name)
        statement = try database.makeStatement(sql: "INSERT INTO main.events SELECT * FROM \(name).events")
    }

    /// Inserts the rows that were laid out last. Were SQLite to read others, which can only be ones from before, it would meet
    /// their ids in the table, and fail.
    func insert() throws {
        try rows.whileLaidOut { count in
            guard count > 0 else { return }
            try statement.execute()
            guard database.changesCount == count else {
                throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "not all rows were inserted")
            }
        }
    }
}

/// Events laid out as rows, by one thread, for SQLite to read on another.
final class WaitingRows: Sendable {
    private let pages: Mutex<RowPages>

    /// SQLite frees the memory when the connection is closed, which stays open as long as the statements on it.
    fileprivate init(attachedTo database: Database, as name: String) throws {
        try database.execute(sql: "ATTACH ':memory:' AS \(name)")
        let firstPage = try Self.firstPage()
        guard let memory = unsafe sqlite3_malloc64(UInt64(RowPages.bytes)) else {
            throw DatabaseError(resultCode: .SQLITE_NOMEM)
        }
        pages = unsafe Mutex(RowPages(in: memory, firstPage: firstPage.span))
        let code = unsafe sqlite3_deserialize(
            database.sqliteConnection, name, memory.assumingMemoryBound(to: UInt8.self), Int64(RowPages.bytes),
            Int64(RowPages.bytes), UInt32(SQLITE_DESERIALIZE_FREEONCLOSE))
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "attaching \(name)")
        }
        // Pages are read in place then: a cache would not notice that they change.
        guard unsafe sqlite3_compileoption_used("MAX_MMAP_SIZE=0") == 0 else {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "this SQLite library cannot read memory in place")
        }
        try database.execute(sql: "PRAGMA \(name).mmap_size = \(RowPages.bytes)")
    }

    /// The first page of a database with the table, as SQLite makes it.
    private static func firstPage() throws -> [UInt8] {
        let queue = try DatabaseQueue()
        return try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA page_size = \(Schema.pageBytes); \(Schema.eventsTable)")
            let root = try Int.fetchOne(database, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'events'")
            var bytes: Int64 = 0
            let image = unsafe sqlite3_serialize(database.sqliteConnection, "main", &bytes, 0)
            defer { unsafe sqlite3_free(image) }
            guard let image = unsafe image, root == 2, bytes >= Schema.pageBytes else {
                throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "the table is not where it is expected")
            }
            return unsafe Array(UnsafeBufferPointer(start: image, count: Schema.pageBytes))
        }
    }

    /// Has `work` lay out rows in place of those that were laid out before.
    @discardableResult
    func layOut<Result>(_ work: (inout RowPages) -> Result) -> Result {
        pages.withLock { pages in
            pages.removeAll()
            defer { pages.finish() }
            return work(&pages)
        }
    }

    /// Keeps the rows as they are while they are read, and says how many there are.
    fileprivate func whileLaidOut<Result>(_ use: (_ count: Int) throws -> Result) rethrows -> Result {
        try pages.withLock { try use($0.count) }
    }
}
