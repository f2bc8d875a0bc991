import Core
package import GRDB

/// The tables of imported histories.
///
/// - `histories`: one row for each source. It has the installation under which the source's events are stored (see
///   `RowProvenance`) and the id of the next event in that installation. It also has the times of the first and the
///   last imported entry, in milliseconds since 1970. `is_lower_bound` is true if the shell stores repeated lines only
///   once. Counts are then lower bounds.
/// - `history_marks`: one row for each imported entry. It has the mark by which the next import recognizes the entry,
///   and the id of the entry's event. A mark combines the entry's day with the first bits of a keyed hash. The hash
///   covers the entry's line, its second, and its number among the equal lines of that second (see `HistoryMarker` in
///   `Intake`). The key is in a separate file. Without the key, a program cannot guess a line and check the guess.
///
/// A mark is removed together with its event.
///
/// A snapshot has the imported rows, but none of these tables. An import of a snapshot therefore does not know which
/// rows came from histories. After the import, reports do not mark the counts of these rows as lower bounds. Findings
/// may then compare figures from before and after the end of a history, although such figures are not comparable.
package enum HistoryTables {
    static let schema = """
        CREATE TABLE histories (
            source TEXT PRIMARY KEY,
            installation TEXT NOT NULL,
            next_id INTEGER NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            is_lower_bound BOOLEAN NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE history_marks (
            mark INTEGER PRIMARY KEY,
            event_id INTEGER NOT NULL
        );
        """

    /// A row of `histories`.
    struct History {
        let source: String
        let installation: InstallationID
        var nextID: Int64 = 1
        var firstAt = Int64.max
        var lastAt = Int64.min
        var isLowerBound = false

        /// Reads the row of a source. For a new source it creates a row with a random installation, which `write` has
        /// to store.
        init(of source: String, in database: Database) throws {
            self.source = source
            let row = try Row.fetchOne(database, sql: "SELECT * FROM histories WHERE source = ?", arguments: [source])
            if let row, let known = InstallationID(row["installation"]) {
                installation = known
                (nextID, firstAt, lastAt) = (row["next_id"], row["first_at"], row["last_at"])
                isLowerBound = row["is_lower_bound"]
            } else {
                let id = try String.fetchOne(database, sql: "SELECT lower(hex(randomblob(16)))") ?? ""
                guard let new = InstallationID(id) else { throw DatabaseError(message: "no random installation id") }
                installation = new
            }
        }

        func write(into database: Database) throws {
            try database.execute(
                sql: "INSERT OR REPLACE INTO histories VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [source, installation.id, nextID, firstAt, lastAt, isLowerBound])
        }
    }

    /// Removes the marks of deleted rows, removes the sources without rows, and updates the times of the remaining
    /// sources. Runs inside the transaction of a purge.
    package static func removeWithoutRows(in database: Database) throws {
        guard try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM histories)") == true else { return }
        try database.execute(
            sql: """
                DELETE FROM history_marks WHERE event_id NOT IN (SELECT id FROM events);
                CREATE TEMP TABLE left_of_histories AS
                    SELECT session_id, min(timestamp) AS first, max(timestamp) AS last FROM events
                    WHERE session_id GLOB '\(HistorySession.prefix)*' GROUP BY session_id;
                DELETE FROM histories
                    WHERE '\(HistorySession.prefix)' || source NOT IN (SELECT session_id FROM left_of_histories);
                UPDATE histories SET
                    first_at = CAST(round((julianday(first) - 2440587.5) * 86400000) AS INTEGER),
                    last_at = CAST(round((julianday(last) - 2440587.5) * 86400000) AS INTEGER)
                    FROM left_of_histories WHERE session_id = '\(HistorySession.prefix)' || source;
                DROP TABLE left_of_histories;
                """)
    }

    /// Removes the marks of rows that retention has removed. `ranges` are the ranges of ids that retention removed rows
    /// from, in ascending order.
    package static func removeMarksWithoutRows(in ranges: [ClosedRange<Int64>], of database: Database) throws {
        guard let first = ranges.first?.lowerBound, let last = ranges.last?.upperBound else { return }
        try database.execute(
            sql: "DELETE FROM history_marks WHERE event_id BETWEEN ? AND ? AND event_id NOT IN (SELECT id FROM events)",
            arguments: [first, last])
    }
}

/// Facts about the database that decide which entries of a history are imported.
package struct HistoryBounds: Equatable, Sendable {
    /// The time from which rows are complete, in milliseconds since 1970. Retention has removed the rows of earlier
    /// days.
    package var keptFrom: Int64 = 0
    /// The commands that shells recorded here; empty if the source is not a shell.
    package var recorded = RecordedShells()
    /// Whether entries of another source were imported. They may describe the same runs.
    package var hasOtherSources = false
    /// Whether an entry of any source was imported.
    package var hasMarks = false

    package init() {}

    init(of source: String, in database: Database) throws {
        keptFrom = try CompleteRows.firstBucket(in: database) * TimeBucket.milliseconds
        if HistorySession.isOfShell(source) { recorded = try RecordedShells.read(from: database) }
        hasOtherSources =
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM histories WHERE source <> ?)", arguments: [source])
            ?? false
        hasMarks = try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM history_marks)") ?? false
    }
}

extension StoreReader {
    /// A source of imported entries, as reports describe it.
    package struct ImportedHistory: Equatable, Sendable {
        package let source: String
        /// The times of the first and the last entry, in milliseconds since 1970.
        package let times: ClosedRange<Int64>
        /// Whether the shell stores repeated lines only once, so that counts are lower bounds.
        package let isLowerBound: Bool
    }

    /// Returns the histories that were imported, ordered by source.
    package func importedHistories() throws(StoreError) -> [ImportedHistory] {
        try asStoreError(path) {
            try queue.read { database in
                try Row.fetchAll(
                    database,
                    sql:
                        "SELECT source, first_at, last_at, is_lower_bound FROM histories WHERE first_at <= last_at ORDER BY 1"
                ).map {
                    ImportedHistory(source: $0[0], times: ($0[1] as Int64)...($0[2] as Int64), isLowerBound: $0[3])
                }
            }
        }
    }

    /// Returns the end of the last imported shell history that is followed by later events, in milliseconds since 1970;
    /// nil if there is no such history. Figures before and after this time are not comparable, because histories and
    /// the recorder note different data about a run.
    package func historyChange() throws(StoreError) -> Int64? {
        let histories = try importedHistories().filter { HistorySession.isOfShell($0.source) }
        guard !histories.isEmpty else { return nil }
        let last = try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT max(slot) FROM activity_rollup") }
        }
        guard let last else { return nil }
        return histories.map(\.times.upperBound).filter { TimeBucket.containing(max(0, $0)) < last }.max().map {
            $0 + 1
        }
    }

    /// Returns the facts that decide which entries of a source are imported.
    package func historyBounds(of source: String) throws(StoreError) -> HistoryBounds {
        try asStoreError(path) { try queue.read { try HistoryBounds(of: source, in: $0) } }
    }

    /// Returns the entries of `rows` that are not stored yet, and the number of entries that are stored already.
    package func news(in rows: HistoryRows, of source: String) throws(StoreError) -> HistoryRows.News {
        try asStoreError(path) {
            try queue.read { try rows.news(of: source, in: $0) }
        }
    }
}
