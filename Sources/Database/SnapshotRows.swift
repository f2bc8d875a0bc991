import Core
import GRDB

/// Reads the database of a snapshot. The database may be untrusted. Therefore its content is validated, and the length
/// of values is limited.
package struct SnapshotRows: Sendable {
    private let queue: DatabaseQueue
    private let path: String

    /// Opens the file. No other process may write to the file while it is open.
    package init(path: String) throws(StoreError) {
        self.path = path
        var configuration = Configuration()
        configuration.label = "nexus.snapshot"
        configuration.readonly = true
        configuration.prepareDatabase { database in
            database.limitValues(to: Limits.snapshotValueBytes)
            try database.execute(
                sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096")
        }
        queue = try asStoreError(path) { try DatabaseQueue(path: path, configuration: configuration) }
    }

    /// The result of a count of the rows.
    package struct Counts: Equatable, Sendable {
        package var events = 0
        package var sessions = 0
        /// Lowest and highest id; nil without rows.
        package var ids: ClosedRange<Int64>?
        /// Earliest and latest time, in the database's text form; nil without rows.
        package var times: (from: String, until: String)?

        package static func == (left: Counts, right: Counts) -> Bool {
            left.events == right.events && left.sessions == right.sessions && left.ids == right.ids
                && left.times?.from == right.times?.from && left.times?.until == right.times?.until
        }
    }

    /// Counts the rows. If the caller already knows the times and passes them, no row has to be read for the times.
    package func counts(knowing times: (from: String, until: String)? = nil) throws(StoreError) -> Counts {
        try asStoreError(path) {
            try queue.read { database in
                var counts = Counts()
                counts.events = try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0
                counts.sessions = try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions") ?? 0
                counts.ids = try Self.ids(in: database)
                counts.times = try times ?? Self.times(in: database)
                return counts
            }
        }
    }

    /// Returns the lowest and the highest id of an event; nil without rows.
    static func ids(in database: Database) throws -> ClosedRange<Int64>? {
        guard let first = try Int64.fetchOne(database, sql: "SELECT min(id) FROM events"),
            let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM events")
        else { return nil }
        return first...last
    }

    /// Returns the times of the earliest and the latest event; nil without rows. It reads every row.
    static func times(in database: Database) throws -> (from: String, until: String)? {
        guard let row = try Row.fetchOne(database, sql: "SELECT min(timestamp), max(timestamp) FROM events"),
            let from = String.fromDatabaseValue(row[0]), let until = String.fromDatabaseValue(row[1])
        else { return nil }
        return (from, until)
    }

    /// Returns the number of sessions.
    package func sessionCount() throws(StoreError) -> Int {
        try asStoreError(path) {
            try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sessions") ?? 0 }
        }
    }

    /// Passes at most `limit` rows with ids above `last` to `body`, in ascending order of ids. Returns the id of the
    /// last row that it passed; nil when there was no row. Rethrows the errors of `body`.
    package func rows(
        after last: Int64, limit: Int, _ body: (borrowing EventRow) throws -> Void
    ) throws -> Int64? {
        do {
            return try queue.read { database in
                var reached: Int64?
                var reader = try EventRowReader(database, where: "id > ?", arguments: [last], limit: limit)
                while try reader.next({ row in
                    reached = row.id
                    try body(row)
                }) {}
                return reached
            }
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// Returns the origins of rows that the snapshot's installation did not record; nil when the table contains invalid
    /// lines.
    package func origins() throws(StoreError) -> RowProvenance? {
        try asStoreError(path) {
            let (origins, damaged) = try queue.read { try RowProvenance.read(from: $0) }
            return damaged == 0 ? origins : nil
        }
    }

    // MARK: Integrity

    /// Returns a description of how the tables differ from the tables of a snapshot; nil when they are the same.
    package func problemOfTables() throws(StoreError) -> String? {
        try asStoreError(path) {
            try queue.read {
                guard try String.fetchOne($0, sql: "PRAGMA journal_mode") != "wal" else {
                    return "its database expects a WAL"
                }
                return try Self.schema(of: $0) == Self.expectedSchema() ? nil : "its tables are not those of a snapshot"
            }
        }
    }

    /// Returns the first problem that SQLite's integrity check reports; nil when there is none. It reads the whole
    /// file, and ends early when the task is cancelled.
    package func problem() async throws(StoreError) -> String? {
        try await asStoreError(path) {
            try await queue.read { database in
                // One problem is enough. An untrusted database could produce any number of problems.
                let finding = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)")
                return finding == "ok" ? nil : "SQLite finds: \(finding ?? "nothing")"
            }
        }
    }

    /// Returns the values of the table `manifest` by key (see `SnapshotDatabase`).
    package func facts() throws(StoreError) -> [String: String] {
        try asStoreError(path) {
            try queue.read { database in
                let rows = try Row.fetchAll(database, sql: "SELECT key, value FROM manifest LIMIT 16")
                let pairs = rows.compactMap { row -> (String, String)? in
                    guard let key = String.fromDatabaseValue(row[0]), let value = String.fromDatabaseValue(row[1])
                    else {
                        return nil
                    }
                    return (key, value)
                }
                return Dictionary(pairs) { first, _ in first }
            }
        }
    }

    /// One object of a database's schema.
    private struct SchemaObject: Hashable {
        let type: String?
        let name: String?
        let table: String?
        let definition: String?
    }

    /// The maximum number of schema objects to read. A snapshot has fewer, so a database with more objects always
    /// differs from a snapshot.
    private static let schemaObjectsRead = 64

    /// Returns the schema objects of a database, and how often each object occurs. A definition that a snapshot does
    /// not have (for example a view or a generated column) could run its author's code during a read. `sqlite_sequence`
    /// is left out, because SQLite creates it by itself.
    private static func schema(of database: Database) throws -> [SchemaObject: Int] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT type, name, tbl_name, sql FROM sqlite_schema
                WHERE type <> 'table' OR name <> 'sqlite_sequence' LIMIT \(schemaObjectsRead)
                """)
        return rows.reduce(into: [:]) { objects, row in
            func text(_ column: Int) -> String? { String.fromDatabaseValue(row[column]) }
            objects[SchemaObject(type: text(0), name: text(1), table: text(2), definition: text(3)), default: 0] += 1
        }
    }

    private static func expectedSchema() throws -> [SchemaObject: Int] {
        try DatabaseQueue().write { database in
            try database.execute(sql: Schema.contract)
            try database.execute(sql: Schema.originsTable)
            try database.execute(sql: SnapshotDatabase.manifestTable)
            return try schema(of: database)
        }
    }
}

/// The selection of a snapshot's events. If several conditions are given, all must hold.
package struct SnapshotSelection: Equatable, Sendable {
    /// Ids of the selected rows; nil selects all ids.
    package var ids: ClosedRange<Int64>?
    /// Times of the selected events, in milliseconds since 1970; nil selects all times.
    package var times: Range<Int64>?

    package init(ids: ClosedRange<Int64>? = nil, times: Range<Int64>? = nil) {
        self.ids = ids
        self.times = times
    }

    /// All events.
    package static let everything = SnapshotSelection()
}
