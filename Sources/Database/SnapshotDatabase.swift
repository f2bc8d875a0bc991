package import Core
import GRDB
import SystemSupport

/// The database that a snapshot contains: a single file without a WAL. It has the tables `events` and `sessions` of the
/// contract, `origins` for the rows of other installations (see `RowProvenance`), and this table:
///
///     CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
///
/// The keys of `manifest` are `format_version` (the value is 1), `installation` (the id, see `InstallationID`) and
/// `schema_version` (see `schemaVersion`). The database has no rollups, no counters and no other tables.
package enum SnapshotDatabase {
    /// The version of the tables `events`, `sessions` and `origins`.
    package static let schemaVersion = 1

    static let manifestTable = "CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
    private static let tables: Set<String> = ["events", "sessions", "origins"]

    // MARK: Writing

    /// The number of pages that are copied between two checks for cancellation.
    private static let pagesAtOnce: CInt = 1024

    /// The result of a copy.
    package struct Copied: Sendable {
        /// The installation of the copied database.
        package let installation: InstallationID
        /// Earliest and latest time of the copied events, in the database's text form. Nil for a copy of selected rows,
        /// or if the rollups do not show which rows have these times.
        package let times: (from: String, until: String)?
    }

    /// Copies the selected rows into a new file at `path`, in one consistent read of the database of `data`. Returns
    /// nil when there is no complete database, or when the database has no valid installation id.
    ///
    /// A copy of all rows is made page by page, and other tables are dropped from the copy. This is three times as fast
    /// as copying row by row. A selection is copied row by row. The copy ends early when the task is cancelled.
    package static func copy(
        _ selection: SnapshotSelection, of data: DataFolder, to path: String
    ) async throws(StoreError) -> Copied? {
        try await asStoreError(data.databasePath) {
            // Opening throws if the database has the tables of another version.
            guard let source = try DatabaseOpening.forReading(data) else { return nil }
            let target = try DatabaseQueue(path: path, configuration: writing)
            defer { try? target.close() }
            var installation: InstallationID?
            var times: (from: String, until: String)?
            if selection == .everything {
                try copyPages(of: source, to: target)
                try source.close()
                (installation, times) = try await target.writeWithoutTransaction { database in
                    // The copy of a database in WAL mode is in WAL mode too. The first statement ends this.
                    try database.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF")
                    let found = (try InstallationID.current(in: database), try span(of: database))
                    try dropOthers(in: database)
                    try clearFreePages(of: database)
                    return found
                }
            } else {
                try source.close()
                installation = try await target.writeWithoutTransaction {
                    try select(selection, from: data, in: $0)
                }
            }
            guard let installation else { return nil }
            try await target.writeWithoutTransaction { try finish($0, installation) }
            return Copied(installation: installation, times: times)
        }
    }

    /// Copies the pages in one read transaction. Otherwise each step would start a new transaction. A new transaction
    /// sees a read-only, empty WAL as changed, so the copy would restart with each step.
    private static func copyPages(of source: DatabaseQueue, to target: DatabaseQueue) throws {
        try source.read { source in
            _ = try Row.fetchOne(source, sql: "SELECT count(*) FROM sqlite_schema")
            try target.writeWithoutTransaction { target in
                try source.backup(to: target, pagesPerStep: pagesAtOnce) { _ in try Task.checkCancellation() }
            }
        }
    }

    /// Returns the times of the earliest and the latest event. The rollup has the ranges of row ids of the first and
    /// the last 15-minute bucket, so that only these rows are read. Nil without a rollup, or if one of the ranges has
    /// no rows.
    static func span(of database: Database) throws -> (from: String, until: String)? {
        guard try database.tableExists("activity_rollup") else { return nil }
        func extreme(_ function: String, _ order: String) throws -> String? {
            try String.fetchOne(
                database,
                sql: """
                    SELECT (SELECT \(function)(timestamp) FROM events WHERE id BETWEEN first_row AND last_row)
                    FROM activity_rollup WHERE events > 0 ORDER BY slot \(order) LIMIT 1
                    """)
        }
        guard let from = try extreme("min", "ASC"), let until = try extreme("max", "DESC") else { return nil }
        return (from, until)
    }

    /// The copy is discarded on any failure, so it needs neither a journal nor an fsync.
    private static var writing: Configuration {
        var configuration = Configuration()
        configuration.label = "nexus.snapshot"
        // Foreign keys between tables that the user added are not part of a snapshot and are dropped with the tables.
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA page_size = \(Schema.pageBytes);
                    PRAGMA journal_mode = OFF;
                    PRAGMA synchronous = OFF;
                    PRAGMA cache_size = -4096;
                    PRAGMA secure_delete = ON;
                    """)
        }
        return configuration
    }

    /// Converts the file at `path` to a snapshot's database. In this file, the pages of the snapshot's tables are
    /// holes. SQLite does not need them: it reads and writes only the pages of dropped tables, of the schema and of the
    /// free list.
    /// - Returns: the number of pages that the database then has.
    static func dropOthers(in path: String, _ installation: InstallationID) throws -> Int {
        let queue = try DatabaseQueue(path: path, configuration: writing)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction { database in
            try dropOthers(in: database)
            try finish(database, installation)
            return try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        }
    }

    /// Drops everything except the tables `events`, `sessions` and `origins`. SQLite overwrites the dropped content
    /// (`secure_delete` is on).
    private static func dropOthers(in database: Database) throws {
        try database.inTransaction {
            let entries = try Row.fetchAll(
                database,
                sql: """
                    SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'
                    ORDER BY type = 'table', type = 'view'
                    """)
            for entry in entries {
                let (type, name): (String, String) = (entry[0], entry[1])
                if type == "table", tables.contains(name) { continue }
                // Names are quoted, because the user may have added objects with any name.
                let quoted = "\"" + name.replacing("\"", with: "\"\"") + "\""
                try database.execute(sql: "DROP \(type.uppercased()) IF EXISTS \(quoted)")
            }
            return .commit
        }
    }

    /// Removes the content of removed rows from free pages.
    private static func clearFreePages(of database: Database) throws {
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        // Overwriting a few pages costs less than a VACUUM. Many pages of zeros would make the snapshot look like a
        // decompression bomb.
        if free * 2 > pages {
            try database.execute(sql: "VACUUM")
        } else if free > 0 {
            try overwriteFreePages(free, of: database)
        }
    }

    /// Fills all free pages with a table of zeros and then drops the table, which frees the pages again.
    private static func overwriteFreePages(_ free: Int, of database: Database) throws {
        let pageBytes = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? Schema.pageBytes
        try database.inTransaction {
            try database.execute(sql: "CREATE TABLE filler (zeros BLOB)")
            var rest = free * pageBytes
            while rest > 0 {
                let bytes = min(rest, fillerBytes)
                try database.execute(sql: "INSERT INTO filler VALUES (zeroblob(?))", arguments: [bytes])
                rest -= bytes
            }
            try database.execute(sql: "DROP TABLE filler")
            return .commit
        }
    }

    /// The maximum length of a value of zeros, in bytes. It is below SQLite's default limit of a billion.
    private static let fillerBytes = 256 * 1024 * 1024

    /// Copies the selected rows and their sessions. Returns the installation of the source; nil if the source has no
    /// table `origins` or no valid installation id.
    private static func select(
        _ selection: SnapshotSelection, from data: DataFolder, in database: Database
    ) throws -> InstallationID? {
        try database.execute(sql: Schema.contract)
        try database.execute(sql: Schema.originsTable)
        try database.execute(sql: "ATTACH ? AS source", arguments: [DatabaseOpening.address(forReading: data)])
        defer { try? database.execute(sql: "DETACH source") }
        var installation: InstallationID?
        try database.inTransaction {
            guard
                try Bool.fetchOne(database, sql: "SELECT count(*) FROM source.sqlite_schema WHERE name = 'origins'")
                    == true
            else { return .rollback }
            installation = try String.fetchOne(database, sql: "SELECT id FROM source.installation")
                .flatMap(InstallationID.init)
            let ids = selection.ids ?? 1...Int64.max
            var condition = "id BETWEEN ? AND ?"
            var arguments: StatementArguments = [ids.lowerBound, ids.upperBound]
            if let times = selection.times {
                condition += " AND timestamp >= ? AND timestamp < ?"
                arguments += [databaseText(times.lowerBound), databaseText(times.upperBound)]
            }
            try database.execute(
                sql: "INSERT INTO events SELECT * FROM source.events WHERE \(condition)", arguments: arguments)
            try database.execute(
                sql: """
                    INSERT INTO sessions SELECT * FROM source.sessions
                    WHERE session_id IN (SELECT session_id FROM main.events);
                    INSERT INTO origins SELECT * FROM source.origins
                    WHERE last_id >= (SELECT min(id) FROM main.events)
                        AND first_id <= (SELECT max(id) FROM main.events)
                    """)
            return .commit
        }
        return installation
    }

    private static func finish(_ database: Database, _ installation: InstallationID) throws {
        try database.inTransaction {
            try database.execute(sql: manifestTable)
            try database.execute(
                sql: "INSERT INTO manifest VALUES ('format_version', ?), ('installation', ?), ('schema_version', ?)",
                arguments: ["1", installation.id, String(schemaVersion)])
            return .commit
        }
    }

    /// Returns a time in the text form of the column `timestamp`. A time before 1970 gives the text of the start of
    /// 1970. A time after `Limits.latestTimestamp` gives a text that sorts after every time.
    private static func databaseText(_ milliseconds: Int64) -> String {
        if milliseconds > Limits.latestTimestamp { return ":" }  // sorts after every digit
        return Timestamp.databaseText(max(0, milliseconds))
    }
}
