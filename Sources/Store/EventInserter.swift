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
    private let name: String
    private var statement: Statement
    /// Which form of the tables the statement was made for.
    private var schemaVersion: Int?
    let rows: WaitingRows

    /// Attaches the memory, under a name that ends with `number`.
    init(_ database: Database, number: Int) throws {
        self.database = database
        name = "waiting_\(number)"
        rows = try WaitingRows(attachedTo: database, as: name)
        (statement, schemaVersion) = try Self.statement(for: database, from: name)
    }

    /// Inserts the rows that were laid out last; returns how many SQLite says that it added.
    func insert() throws -> Int {
        try rows.whileLaidOut { count in
            guard count > 0 else { return 0 }
            if try Self.schemaVersion(of: database) != schemaVersion {
                (statement, schemaVersion) = try Self.statement(for: database, from: name)
            }
            try statement.execute()
            let added = database.changesCount
            guard try added == count || hasTriggers() else {
                throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "not all rows were inserted")
            }
            return added
        }
    }

    /// The statement that inserts all rows. Records are copied whole only into columns that stand in the order in which they
    /// are laid out; into a table that somebody has altered go the columns by their names.
    private static func statement(
        for database: Database, from name: String
    ) throws -> (statement: Statement, schemaVersion: Int?) {
        let version = try schemaVersion(of: database)
        let columns = try String.fetchAll(database, sql: "SELECT name FROM pragma_table_xinfo('events', 'main')")
        let names = EventRow.columnNames.joined(separator: ", ")
        let sql =
            columns == EventRow.columnNames
            ? "INSERT INTO main.events SELECT * FROM \(name).\(WaitingRows.table)"
            : "INSERT INTO main.events (\(names)) SELECT \(names) FROM \(name).\(WaitingRows.table)"
        return (try database.makeStatement(sql: sql), version)
    }

    private static func schemaVersion(of database: Database) throws -> Int? {
        try Int.fetchOne(database.cachedStatement(sql: "PRAGMA main.schema_version"))
    }

    /// Whether somebody has set something between the rows and the table, which may leave out some.
    private func hasTriggers() throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'trigger')") ?? false
    }
}

/// Events laid out as rows, by one thread, for SQLite to read on another.
final class WaitingRows: Sendable {
    private let pages: Mutex<RowPages>

    /// The table that they are in; not `events`, for which nobody may take it.
    static let table = "rows"

    /// SQLite frees the memory when the connection is closed, which stays open as long as the statements on it.
    fileprivate init(attachedTo database: Database, as name: String) throws {
        guard unsafe sqlite3_compileoption_used("MAX_MMAP_SIZE=0") == 0 else {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "this SQLite library cannot read memory in place")
        }
        let firstPage = try Self.firstPage()
        guard let memory = unsafe sqlite3_malloc64(UInt64(RowPages.bytes)) else {
            throw DatabaseError(resultCode: .SQLITE_NOMEM)
        }
        pages = unsafe Mutex(RowPages(in: memory, firstPage: firstPage.span))
        do {
            try database.execute(sql: "ATTACH ':memory:' AS \(name)")
        } catch {
            unsafe sqlite3_free(memory)
            throw error
        }
        // From here on the memory is SQLite's, also where this fails.
        let code = unsafe sqlite3_deserialize(
            database.sqliteConnection, name, memory.assumingMemoryBound(to: UInt8.self), Int64(RowPages.bytes),
            Int64(RowPages.bytes), UInt32(SQLITE_DESERIALIZE_FREEONCLOSE))
        guard code == SQLITE_OK else {
            try? database.execute(sql: "DETACH \(name)")
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "attaching \(name)")
        }
        // Pages are read in place then: a cache would not notice that they change.
        try database.execute(sql: "PRAGMA \(name).mmap_size = \(RowPages.bytes)")
    }

    /// The first page of a database with the table, as SQLite makes it.
    private static func firstPage() throws -> [UInt8] {
        let queue = try DatabaseQueue()
        return try queue.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA page_size = \(Schema.pageBytes); PRAGMA auto_vacuum = NONE;
                    \(Schema.eventsTable(named: table))
                    """)
            let root = try Int.fetchOne(
                database, sql: "SELECT rootpage FROM sqlite_master WHERE name = ?", arguments: [table])
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
