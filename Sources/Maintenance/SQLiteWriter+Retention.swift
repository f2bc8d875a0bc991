import Core
package import Database
import GRDB
import SystemSupport

/// Removing rows that are older than the person wants to keep them; their rollups stay, so that reports still know.
extension SQLiteWriter {
    /// Rows that one transaction removes at most: a fraction of a second.
    private static let rowsAtOnce = 50_000
    private static let dayMilliseconds: Int64 = 24 * 3600 * 1000

    /// The time that a drain spends on counting days of an earlier version again; a report may wait for it.
    private static let timeToCatchUp: Duration = .milliseconds(200)

    /// Ends a drain: removes rows past retention, closes orphaned sessions, writes all to disk and removes stored segments.
    package func endDrain() throws(StoreError) {
        try removeExpired()
        _ = try catchUp(for: Self.timeToCatchUp)
        try finish()
    }

    /// The earliest time, in milliseconds since 1970, of rows that are kept for `days` days: the beginning of a day in UTC.
    package static func firstMillisecondKept(days: Int, now: Int64) -> Int64 {
        (now / dayMilliseconds - Int64(days)) * dayMilliseconds
    }

    /// Removes what the settings do not want to be kept any longer: whole days, in UTC. It finds something to do once a
    /// day, and otherwise costs a look at one row.
    package func removeExpired() throws(StoreError) {
        // Settings that cannot be read say nothing of removing anything.
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
                // First of all, so that nobody counts days anew whose rows are on their way out.
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
                // Last of all: who is killed before has the next one go on.
                try Self.noteRemoved(upTo: firstKept, in: database)
            }
        }
    }

    /// Counts among the counters, as the others that are Nexus's own do.
    private static let removedUpToName = "expired_before_day"

    /// The day (its number since 1970, UTC) up to which all rows were removed.
    private static func firstDayRemovedUpTo(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT count FROM counters WHERE name = ?", arguments: [removedUpToName])
            ?? 0
    }

    private static func noteRemoved(upTo day: Int64, in database: Database) throws {
        try database.execute(sql: "INSERT OR REPLACE INTO counters VALUES (?, ?)", arguments: [removedUpToName, day])
    }

    /// Removes at most `rowsAtOnce` rows of a range. Returns the rest of the range; nil when nothing is left to remove.
    /// Rows that stay are read once, however many transactions it takes.
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
