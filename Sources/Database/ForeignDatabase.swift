import Core
import Foundation
import GRDB
import SystemSupport

/// A database of another program, which may be running. Nexus only reads the database and writes nothing in its folder.
///
/// - A database with a WAL is read together with the WAL, through the index that the program shares. A WAL without an
///   index must be recovered first. Nexus leaves the recovery to the program.
/// - A WAL-mode database without a WAL file is opened as immutable, because a normal connection would create a WAL.
///   Afterwards `isUnchanged` shows whether the file stayed unchanged.
/// - Any other database is read under SQLite's own locks.
///
/// The length of a value is limited. A row with a longer value is skipped and counted. Sorting stays in memory, so that
/// none of the content reaches a temporary file.
package final class ForeignDatabase {
    /// A value of a column.
    package enum Value: Equatable, Sendable {
        case null
        case integer(Int64)
        case real(Double)
        case bytes([UInt8])

        package var integer: Int64? {
            switch self {
            case .integer(let number): number
            case .real(let number): Int64(exactly: number.rounded())
            case .null, .bytes: nil
            }
        }
    }

    /// Consecutive rows of a table, without the skipped rows.
    package struct Page: Sendable {
        package fileprivate(set) var rows: [[Value]] = []
        /// The number of skipped rows, each with a value over the limit.
        package fileprivate(set) var tooLong = 0
        /// The last row id that was read; nil at the end of the table.
        package fileprivate(set) var last: Int64?
    }

    private let path: String
    private let queue: DatabaseQueue
    private let stamp: FileStamp?
    private let isAssumedUnchanged: Bool

    /// Opens the database at a path.
    /// - Parameter valueBytes: the maximum length of a value, in bytes. A row with a longer value is skipped.
    package init(_ path: String, valueBytes: Int) throws(StoreError) {
        let path = URL(filePath: path).resolvingSymlinksInPath().path
        self.path = path
        for suffix in ["-wal", "-shm", "-journal"] {
            guard let status = FileStatus(of: path + suffix) else { continue }
            guard status.kind == .file else { throw .system(.notAFile(path + suffix)) }
            guard status.isOwn else { throw .system(.ofAnotherUser(path + suffix)) }
            // An unfinished transaction would have to be rolled back first.
            if suffix == "-journal", status.size > 0 { throw .locked(path: path) }
        }
        let hasIndex = FileStatus(of: path + "-shm") != nil
        let walBytes = FileStatus(of: path + "-wal")?.size ?? 0
        // Only the database's own program may recover the WAL, because a recovery writes.
        guard walBytes == 0 || hasIndex else {
            throw .database(path: path, message: "its program did not close it; start that program once, and run again")
        }
        let hasWAL = hasIndex && FileStatus(of: path + "-wal") != nil
        let usesWAL = try asStoreError(path) { try Self.usesWAL(path) }
        isAssumedUnchanged = usesWAL && !hasWAL
        stamp = FileStamp(of: path)
        let parameters = hasWAL ? "mode=ro&readonly_shm=1" : isAssumedUnchanged ? "immutable=1" : "mode=ro"
        var configuration = Configuration()
        configuration.label = "nexus.foreign"
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(DatabaseOpening.busyMilliseconds) / 1000)
        configuration.prepareDatabase { database in
            database.limitValues(to: valueBytes)
            try database.execute(
                sql: """
                    PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096;
                    PRAGMA temp_store = MEMORY
                    """)
        }
        let address = "file:" + DatabaseOpening.escapedForURI(path) + "?" + parameters
        queue = try asStoreError(path) { try DatabaseQueue(path: address, configuration: configuration) }
    }

    /// Returns whether the header of a database file marks it as used with a WAL
    /// (https://www.sqlite.org/fileformat2.html#file_format_version_numbers).
    private static func usesWAL(_ path: String) throws -> Bool {
        let header = try File(opening: path, [.read, .regular]).read(20)
        return header.count == 20 && header[18] == 2
    }

    /// Whether the file is unchanged since it was opened as immutable. Always true if it was opened in another way.
    package var isUnchanged: Bool {
        !isAssumedUnchanged || (FileStamp(of: path) == stamp && FileStatus(of: path + "-shm") == nil)
    }

    /// Throws if the database changed although it was opened as immutable.
    package func requireUnchanged() throws(StoreError) {
        guard isUnchanged else { throw .locked(path: path) }
    }

    /// Returns the names of a table's columns; empty if there is no such table.
    package func columns(of table: String) throws(StoreError) -> Set<String> {
        try asStoreError(path) {
            try queue.read {
                try String.fetchSet($0, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table])
            }
        }
    }

    /// Returns the number of rows of a table.
    package func count(of table: String) throws(StoreError) -> Int {
        try asStoreError(path) { try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 } }
    }

    /// Returns at most `limit` rows of a table with row ids above `id`, in ascending order of ids.
    /// - Parameters:
    ///   - table: a name from the caller's own code, never from input. The same holds for the expressions in `columns`.
    package func page(
        of table: String, _ columns: [String], after id: Int64, limit: Int
    ) throws(StoreError) -> Page {
        try asStoreError(path) {
            try queue.read { database in
                do {
                    return try Self.page(table, columns, id, limit, database)
                } catch DatabaseError.SQLITE_TOOBIG {
                    return try Self.oneByOne(table, columns, id, limit, database)
                }
            }
        }
    }

    private static func page(
        _ table: String, _ columns: [String], _ id: Int64, _ limit: Int, _ database: Database
    ) throws -> Page {
        let list = (["rowid"] + columns).joined(separator: ", ")
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(list) FROM \(table) WHERE rowid > ? ORDER BY rowid LIMIT ?",
            arguments: [id, limit])
        var page = Page()
        while let row = try rows.next() {
            page.last = row[0]
            page.rows.append(row.databaseValues.dropFirst().map(Value.init))
        }
        return page
    }

    /// Reads a page row by row, because at least one row has a value over the limit.
    private static func oneByOne(
        _ table: String, _ columns: [String], _ id: Int64, _ limit: Int, _ database: Database
    ) throws -> Page {
        let ids = try Int64.fetchAll(
            database, sql: "SELECT rowid FROM \(table) WHERE rowid > ? ORDER BY rowid LIMIT ?", arguments: [id, limit])
        var page = Page()
        for id in ids {
            do {
                page.rows += try Self.page(table, columns, id - 1, 1, database).rows
            } catch DatabaseError.SQLITE_TOOBIG {
                page.tooLong += 1
            }
        }
        page.last = ids.last
        return page
    }
}

extension ForeignDatabase.Value {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .bytes(Array(text.utf8))
        case .blob(let data): self = .bytes([UInt8](data))
        }
    }
}
