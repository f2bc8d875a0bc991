package import GRDB
import GRDBSQLite
import Synchronization

/// The only file that calls SQLite's C interface. GRDB opens connections and runs statements; the calls here serve the
/// paths that bind or read millions of values. With GRDB's arguments and rows these paths take several times as long.

/// A prepared statement, bound and stepped through SQLite's own calls.
///
/// Parameters are numbered from 1 and keep their values until they are bound again. Columns are numbered from 0. A
/// statement is reset whenever `run`, `first` or `forEachRow` returns. Not Sendable: it belongs to its connection's
/// thread.
package struct RawStatement {
    private let statement: Statement

    /// Returns the statement of `sql` from the connection's cache, prepared once per connection.
    /// - Parameter arguments: values of the parameters that stay the same between runs. `bind` sets the other
    ///   parameters.
    package init(_ sql: String, in database: Database, arguments: StatementArguments? = nil) throws {
        statement = try database.cachedStatement(sql: sql)
        reset()
        if let arguments { try statement.setArguments(arguments) }
    }

    // MARK: Binding

    /// Binds a number, or NULL for nil.
    @inline(__always)
    package func bind(_ parameter: Int32, _ number: Int64?) {
        let handle = unsafe statement.sqliteStatement
        if let number {
            unsafe sqlite3_bind_int64(handle, parameter, number)
        } else {
            unsafe sqlite3_bind_null(handle, parameter)
        }
    }

    /// Binds a copy of a text.
    package func bind(_ parameter: Int32, text: Span<UInt8>) throws {
        try check(
            unsafe text.withUnsafeBytes { bytes in
                let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                return unsafe sqlite3_bind_text(
                    statement.sqliteStatement, parameter, start, Int32(clamping: bytes.count), Self.copied)
            })
    }

    /// Binds a copy of a blob.
    package func bind(_ parameter: Int32, blob: Span<UInt8>) throws {
        try check(
            unsafe blob.withUnsafeBytes { bytes in
                unsafe sqlite3_bind_blob(
                    statement.sqliteStatement, parameter, bytes.baseAddress, Int32(clamping: bytes.count), Self.copied)
            })
    }

    /// Binds a text without a copy, or NULL if the text is empty. The bytes must neither move nor change until the
    /// statement was stepped for the last time with this value (`SQLITE_STATIC`,
    /// https://www.sqlite.org/c3ref/bind_blob.html).
    @unsafe @inline(__always)
    package func bind(_ parameter: Int32, uncopiedText bytes: UnsafeRawBufferPointer) {
        let handle = unsafe statement.sqliteStatement
        if unsafe bytes.isEmpty {
            unsafe sqlite3_bind_null(handle, parameter)
        } else {
            unsafe sqlite3_bind_text(
                handle, parameter, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(truncatingIfNeeded: bytes.count), nil)
        }
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), sql: statement.sql)
    }

    // MARK: Running

    /// Runs a statement that returns no rows.
    /// - Returns: the number of rows that the statement itself inserted, updated or deleted. Changes by triggers do not
    ///   count.
    @discardableResult
    package func run() throws -> Int {
        _ = try first { _ in }
        return Int(unsafe sqlite3_changes(sqlite3_db_handle(statement.sqliteStatement)))
    }

    /// Passes the first row to `read` and returns the result of `read`; nil when there is no row.
    package func first<Result>(_ read: (Columns) throws -> Result) throws -> Result? {
        defer { reset() }
        return try step().map(read)
    }

    /// Passes every row to `read`, which must not run this statement.
    package func forEachRow(_ read: (Columns) throws -> Void) throws {
        defer { reset() }
        while let row = try step() { try read(row) }
    }

    /// Steps to the next row. Returns nil after the last row. The caller must reset the statement afterwards.
    package func step() throws -> Columns? {
        let handle = unsafe statement.sqliteStatement
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return unsafe Columns(handle: handle)
        case SQLITE_DONE: return nil
        case let code: throw error(code)
        }
    }

    /// Ends the statement's execution, so that it holds no read transaction open.
    package func reset() {
        unsafe _ = sqlite3_reset(statement.sqliteStatement)
    }

    /// The columns of the row that a statement is on, valid until the statement is stepped or reset.
    @safe package struct Columns {
        /// The statement. It stays on the row until its owner steps or resets it.
        fileprivate let handle: OpaquePointer?

        /// The kind of value in a column.
        package enum Kind {
            case null, integer, text, other
        }

        package func kind(_ column: Int32) -> Kind {
            switch unsafe sqlite3_column_type(handle, column) {
            case SQLITE_NULL: .null
            case SQLITE_INTEGER: .integer
            case SQLITE_TEXT: .text
            default: .other
            }
        }

        package func isNull(_ column: Int32) -> Bool { kind(column) == .null }

        /// Returns the integer in a column; 0 if the column is NULL.
        package func number(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

        /// Passes the bytes of a text or a blob to `use`, without a copy. If the value is NULL, it passes an empty
        /// span.
        package func withBytes<Result>(_ column: Int32, _ use: (Span<UInt8>) throws -> Result) rethrows -> Result {
            // The span covers SQLite's own bytes, with the length that SQLite reports. They are valid until the
            // statement is stepped or reset, which happens after `use` has returned.
            let start = unsafe sqlite3_column_blob(handle, column)
            let count = Int(unsafe sqlite3_column_bytes(handle, column))
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
            return try unsafe use(Span(_unsafeBytes: bytes))
        }
    }

    /// SQLITE_TRANSIENT: SQLite copies the value before the call returns. The C header defines it as a cast, which
    /// Swift does not import.
    private static var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

extension Configuration {
    /// Lets a transaction stay open between two calls on a connection. The owner of the connection must end the
    /// transaction.
    mutating func keepTransactionsOpen() { allowsUnsafeTransactions = true }
}

extension Database {
    /// Limits the length, in bytes, of each value that this connection reads. Reading a longer value fails. An
    /// untrusted database can therefore not fill the memory (https://www.sqlite.org/c3ref/limit.html).
    package func limitValues(to bytes: Int) {
        unsafe _ = sqlite3_limit(sqliteConnection, SQLITE_LIMIT_LENGTH, Int32(clamping: bytes))
    }
}

/// Measures how many bytes of SQLite's WAL are in use. The length of the WAL file is the largest number of bytes in
/// use since the file was last truncated. After a checkpoint has copied the whole WAL, SQLite overwrites the file from
/// its start.
final class WALSizeMonitor: Sendable {
    /// Bytes of a page in the WAL and of its frame header (https://www.sqlite.org/fileformat2.html#walformat).
    private static let frameBytes = 24 + Schema.pageBytes

    private let frames: Atomic<Int>

    /// - Parameter fileBytes: the WAL's length when the database was opened; all of it may be in use.
    init(fileBytes: Int) {
        frames = Atomic(fileBytes / Self.frameBytes)
    }

    /// Bytes in use after the last commit.
    var bytes: Int { frames.load(ordering: .relaxed) * Self.frameBytes }

    /// Installs a hook that notes the WAL's length after every commit of a connection. The monitor must outlive the
    /// connection. The hook replaces SQLite's automatic checkpoints on this connection
    /// (https://www.sqlite.org/c3ref/wal_hook.html).
    func watch(_ database: Database) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, frames in
                // SQLite passes the context of the registration, which is the monitor. The monitor outlives the
                // connection.
                unsafe Unmanaged<WALSizeMonitor>.fromOpaque(context!).takeUnretainedValue()
                    .frames.store(Int(frames), ordering: .relaxed)
                return SQLITE_OK
            }, context)
    }

    /// Notes that the next commit overwrites the WAL from its start.
    func reset() { frames.store(0, ordering: .relaxed) }
}
