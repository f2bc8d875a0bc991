import EventModel
package import GRDB
import GRDBSQLite

/// Reads rows of `events` through SQLite's own calls: a fifth of what it costs to have every value made a Swift one.
package struct EventRowReader: ~Copyable {
    private let statement: Statement
    private var row = EventRow()

    /// Reads the rows that `condition`, an expression of SQL with as many parameters as there are arguments, is true
    /// for, in the order of their ids.
    package init(
        _ database: Database, where condition: String = "1", arguments: StatementArguments = StatementArguments(),
        limit: Int = .max
    ) throws {
        let columns = EventRow.columnNames.joined(separator: ", ")
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM events WHERE \(condition) ORDER BY id LIMIT \(limit)")
        try statement.setArguments(arguments)
        let handle = unsafe statement.sqliteStatement
        unsafe sqlite3_reset(handle)
        self.statement = statement
    }

    deinit {
        let handle = unsafe statement.sqliteStatement
        unsafe sqlite3_reset(handle)
    }

    /// Hands the next row to `body`; false when there is none.
    package mutating func next(_ body: (borrowing EventRow) throws -> Void) throws -> Bool {
        let handle = unsafe statement.sqliteStatement
        let result = unsafe sqlite3_step(handle)
        guard result == SQLITE_ROW else {
            guard result == SQLITE_DONE else {
                throw DatabaseError(resultCode: ResultCode(rawValue: result), message: "reading events")
            }
            return false
        }
        row.id = unsafe sqlite3_column_int64(handle, 0)
        row.bytes.removeAll(keepingCapacity: true)
        for column in EventRow.Column.all {
            row.cells[column.rawValue] = unsafe cell(handle, Int32(column.rawValue + 1))
        }
        try body(row)
        return true
    }

    private mutating func cell(_ handle: OpaquePointer?, _ index: Int32) -> EventRow.Cell {
        // Asked for once: each call for a column finds it anew. SQLite calls such a value unprotected, as another thread might
        // use the connection meanwhile; this one is used by the thread that has the database.
        let value = unsafe sqlite3_column_value(handle, index)
        switch unsafe sqlite3_value_type(value) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(unsafe sqlite3_value_int64(value))
        case SQLITE_TEXT:
            // The text is SQLite's and good until the next call on the statement; it is copied at once.
            let start = row.bytes.count
            if let text = unsafe sqlite3_value_text(value) {
                let count = Int(unsafe sqlite3_value_bytes(value))
                unsafe row.bytes.append(contentsOf: UnsafeBufferPointer(start: text, count: count))
            }
            return .text(start..<row.bytes.count)
        default: return .other
        }
    }

    /// From now on no value that `database` reads may be longer than `bytes`: what a stranger's database holds must not
    /// fill the memory. Longer ones make the reading fail.
    package static func limitValues(of database: Database, to bytes: Int) {
        unsafe _ = sqlite3_limit(database.sqliteConnection, SQLITE_LIMIT_LENGTH, Int32(clamping: bytes))
    }
}
