import GRDB
import GRDBSQLite
import Platform

/// A statement that is bound and stepped through SQLite's own calls: hundreds of them run at the end of a transaction, a
/// report reads thousands of rows, and GRDB's arguments and rows cost several times what SQLite does for them.
///
/// Values are copied as they are bound. A statement is reset whenever one of these calls returns.
struct DirectStatement {
    private let statement: Statement

    /// The statement of `sql`, made once for `database`.
    init(_ sql: String, in database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
    }

    /// Parameters are numbered from 1 and keep their values until they are bound again.
    func bind(_ parameter: Int32, _ number: Int64?) {
        let handle = unsafe statement.sqliteStatement
        if let number {
            unsafe sqlite3_bind_int64(handle, parameter, number)
        } else {
            unsafe sqlite3_bind_null(handle, parameter)
        }
    }

    func bind(_ parameter: Int32, text: Span<UInt8>) throws {
        try check(
            unsafe text.withUnsafeBytes { bytes in
                let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                return unsafe sqlite3_bind_text(
                    statement.sqliteStatement, parameter, start, Int32(clamping: bytes.count), Self.copied)
            })
    }

    func bind(_ parameter: Int32, blob: Span<UInt8>) throws {
        try check(
            unsafe blob.withUnsafeBytes { bytes in
                unsafe sqlite3_bind_blob(
                    statement.sqliteStatement, parameter, bytes.baseAddress, Int32(clamping: bytes.count), Self.copied)
            })
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), sql: statement.sql)
    }

    /// Runs a statement that has no rows.
    func run() throws {
        _ = try first { _ in }
    }

    /// Hands the first row to `read`; nil when there is none.
    func first<Result>(_ read: (Columns) throws -> Result) throws -> Result? {
        let handle = unsafe statement.sqliteStatement
        defer { unsafe sqlite3_reset(handle) }
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return try unsafe read(Columns(handle: handle))
        case SQLITE_DONE: return nil
        case let code: throw error(code)
        }
    }

    /// Hands every row to `read`, which may not use the statement itself.
    func forEachRow(_ read: (Columns) throws -> Void) throws {
        let handle = unsafe statement.sqliteStatement
        defer { unsafe sqlite3_reset(handle) }
        while true {
            switch unsafe sqlite3_step(handle) {
            case SQLITE_ROW: try unsafe read(Columns(handle: handle))
            case SQLITE_DONE: return
            case let code: throw error(code)
            }
        }
    }

    /// The columns of a row, numbered from 0. For use inside `first` and `forEachRow` only.
    @safe struct Columns {
        /// The statement stands on the row as long as the closure runs that this is handed to; nothing steps it meanwhile.
        fileprivate let handle: OpaquePointer?

        func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

        /// 0 where the value is no number.
        func number(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

        /// The bytes of a text or a blob where they stand; none where the value is NULL.
        func withBytes<Result>(_ column: Int32, _ use: (Span<UInt8>) throws -> Result) rethrows -> Result {
            // SQLite's own bytes, as many as it says, good until the statement is stepped or reset: after `use`.
            let start = unsafe sqlite3_column_blob(handle, column)
            let count = Int(unsafe sqlite3_column_bytes(handle, column))
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
            return try unsafe use(Span(_unsafeBytes: bytes))
        }
    }

    /// SQLITE_TRANSIENT: SQLite copies the value before the call returns. C has it as a cast that Swift does not import.
    private static var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
