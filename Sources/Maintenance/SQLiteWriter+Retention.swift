import Core
package import Database
import GRDB
import SystemSupport

/// Removes rows that are older than the retention setting; their rollups stay for reports.
extension SQLiteWriter {
    /// The maximum number of rows that one transaction removes. With this limit a transaction takes a fraction of a
    /// second.
    private static let rowsAtOnce = 50_000
    private static let dayMilliseconds: Int64 = 24 * 3600 * 1000

    /// The maximum time that a drain spends on aggregates that an earlier version did not compute. It is short, because
    /// a report may wait for the drain.
    private static let timeToCatchUp: Duration = .milliseconds(200)

    /// Ends a drain. Removes rows past retention, computes missing aggregates for a limited time, closes orphaned
    /// sessions, checkpoints to disk and removes stored segments.
    package func endDrain() throws(StoreError) {
        try removeExpired()
        _ = try catchUp(for: Self.timeToCatchUp)
        try finish()
    }

    /// Returns the start of the first UTC day whose rows are kept, in milliseconds since 1970. `days` is the retention
    /// of rows in days.
    package static func firstMillisecondKept(days: Int, now: Int64) -> Int64 {
        (now / dayMilliseconds - Int64(days)) * dayMilliseconds
    }

    /// Removes the rows of all UTC days that are older than the retention setting. A removal is due once a day, and
    /// after the retention was shortened. Every other call only reads one row.
    package func removeExpired() throws(StoreError) {
        // If the settings cannot be read, all rows are kept.
        guard let days = (try? SettingsFile(data).load())?.retentionDays else { return }
        let firstKept = clock.now() / Self.dayMilliseconds - Int64(days)
        let isDue = try asStoreError(data.databasePath) {
            try queue.read { try Self.firstDayRemovedUpTo(in: $0) < firstKept }
        }
        guard isDue else { return }
        defer { forgetRows() }
        try asStoreError(data.databasePath) {
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = ON") }
            defer { try? queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = OFF") } }
            let ranges = try queue.write { database in
                // The days are noted as incomplete before their rows are removed, so that no recount includes them.
                try CompleteRows.noteRemoved(beforeDay: firstKept, in: database)
                try RowIDs.noteHighest(in: database)
                return try RowRanges.covering(slots: 0..<firstKept * TimeBucket.perDay, in: database)
            }
            let limit = Timestamp.databaseText(firstKept * Self.dayMilliseconds)
            for range in ranges {
                var rest: ClosedRange<Int64>? = range
                while let next = rest {
                    rest = try queue.write { try Self.removeRows(in: next, before: limit, from: $0) }
                }
            }
            try queue.write { database in
                try database.execute(sql: "DELETE FROM sessions WHERE ended_at < ?", arguments: [limit])
                try HistoryTables.removeMarksWithoutRows(in: ranges, of: database)
                // This note is written last. If the process is killed before that, the next writer continues the
                // removal.
                try Self.noteRemoved(upTo: firstKept, in: database)
            }
        }
    }

    /// The name of the row in `counters` that stores the first day whose rows are kept. This table also stores other
    /// internal values of Nexus.
    private static let removedUpToName = "expired_before_day"

    /// Returns the first day whose rows are kept, as the number of days since 1970 in UTC; 0 if no rows were removed
    /// yet.
    private static func firstDayRemovedUpTo(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT count FROM counters WHERE name = ?", arguments: [removedUpToName])
            ?? 0
    }

    private static func noteRemoved(upTo day: Int64, in database: Database) throws {
        try database.execute(sql: "INSERT OR REPLACE INTO counters VALUES (?, ?)", arguments: [removedUpToName, day])
    }

    /// Removes at most `rowsAtOnce` rows of a range of ids. Returns the range after the last removed row, for the next
    /// call; nil when the whole range is done. Therefore no call reads the rows of an earlier call again.
    private static func removeRows(
        in range: ClosedRange<Int64>, before limit: String, from database: Database
    ) throws -> ClosedRange<Int64>? {
        let condition = "id BETWEEN ? AND ? AND timestamp < ?"
        let last =
            try Int64.fetchOne(
                database,
                sql: "SELECT id FROM events WHERE \(condition) ORDER BY id LIMIT 1 OFFSET \(rowsAtOnce - 1)",
                arguments: [range.lowerBound, range.upperBound, limit]) ?? range.upperBound
        try database.execute(
            sql: "DELETE FROM events WHERE \(condition)", arguments: [range.lowerBound, last, limit])
        let removed = database.changesCount
        try database.execute(
            sql: "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count",
            arguments: [Counter.expired.name, removed])
        return last < range.upperBound ? last + 1...range.upperBound : nil
    }
}
