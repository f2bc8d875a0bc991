package import GRDB

/// A bucket of 15 minutes in UTC, by which activity and aggregates are counted. The offset of every time zone is a
/// multiple of 15 minutes, so the days of any time zone can be summed from buckets.
package enum TimeBucket {
    package static let milliseconds: Int64 = 15 * 60 * 1000

    /// Buckets in a day.
    package static let perDay: Int64 = 96

    /// Returns the number of the bucket that contains a time. Bucket 0 begins at the start of 1970 (UTC).
    /// - Parameter timestamp: milliseconds since 1970, not negative.
    package static func containing(_ timestamp: Int64) -> Int64 { timestamp / milliseconds }

    /// Returns the buckets of a range of days. Days are numbered from 1970 on (UTC). If the range has no end (the upper
    /// bound is too large for a bucket number), the result ends at `Int64.max`.
    package static func buckets(ofDays days: Range<Int64>) -> Range<Int64> {
        let end = days.upperBound.multipliedReportingOverflow(by: perDay)
        return days.lowerBound * perDay..<(end.overflow ? Int64.max : end.partialValue)
    }
}

/// The first bucket of the time in which retention removed no rows. For earlier days retention has removed the rows,
/// and only aggregates are left.
package enum CompleteRows {
    /// The name of the bucket's line in the table `counters`. The name is part of the database format.
    private static let name = "rows_complete_from_slot"

    /// Returns the first bucket of complete rows: always the first bucket of a day in UTC, and 0 if no rows were
    /// removed.
    package static func firstBucket(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT count FROM counters WHERE name = ?", arguments: [name]) ?? 0
    }

    /// Records that the rows before a day were removed and that their aggregates stay. If a later day is recorded
    /// already, nothing changes.
    /// - Parameter day: the number of days since 1970, in UTC.
    package static func noteRemoved(beforeDay day: Int64, in database: Database) throws {
        try database.execute(
            sql:
                "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = max(count, excluded.count)",
            arguments: [name, day * TimeBucket.perDay])
    }
}
