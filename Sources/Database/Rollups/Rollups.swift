import Core
package import GRDB
import SystemSupport

/// Counting the rollups anew from the rows: for older databases, after rows were removed, and to mend.
package enum Rollups {
    /// Counts everything anew, inside a transaction of the caller's: activity, usage and the lengths of sessions. What
    /// lies before the rows are complete from (see `completeFrom`) stays as it is.
    /// `report` gets the number of rows read, now and then.
    package static func rebuild(in database: Database, report: (Int) -> Void = { _ in }) throws {
        try rebuild(slots: 0..<Int64.max, in: database, report: report)
    }

    /// Counts the days anew that have a quarter of an hour in `slots`, inside a transaction of the caller's. What lies
    /// before the rows are complete from stays as it is.
    package static func rebuild(
        slots: Range<Int64>, in database: Database, report: (Int) -> Void = { _ in }
    ) throws {
        let days = try days(of: slots, in: database)
        guard !days.isEmpty else { return }
        let rows = try RowRanges.covering(days, in: database)
        try remove(days, from: database)
        try recount(days, rows: rows, from: database, into: database, report: report)
    }

    /// The first quarter of an hour from which on every event that was recorded still has its row: always the first one of
    /// a day in UTC. What is older was removed; its rollups are all there is.
    package static func completeFrom(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT count FROM counters WHERE name = ?", arguments: [completeFromName])
            ?? 0
    }

    /// Says that rows before a day (its number since 1970, UTC) were removed and that their rollups stay. It never goes
    /// back.
    package static func rowsWereRemoved(beforeDay day: Int64, in database: Database) throws {
        try database.execute(
            sql:
                "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = max(count, excluded.count)",
            arguments: [completeFromName, day * RollupGrain.slotsPerDay])
    }

    /// Removes what is known of days before a day (its number since 1970, UTC).
    static func forget(beforeDay day: Int64, in database: Database) throws {
        if day > 0 { try remove(0..<day, from: database) }
    }

    private static let completeFromName = "rows_complete_from_slot"

    /// The days, by their number since 1970, that have a quarter of an hour in `slots` and all of their rows.
    static func days(of slots: Range<Int64>, in database: Database) throws -> Range<Int64> {
        guard !slots.isEmpty else { return 0..<0 }
        let first = max(slots.lowerBound, try completeFrom(in: database)) / RollupGrain.slotsPerDay
        let last = (slots.upperBound - 1) / RollupGrain.slotsPerDay
        return first <= last ? first..<last + 1 : 0..<0
    }

    private static func remove(_ days: Range<Int64>, from database: Database) throws {
        let slots = slots(of: days)
        try database.execute(
            sql: "DELETE FROM activity_rollup WHERE slot >= ? AND slot < ?",
            arguments: [slots.lowerBound, slots.upperBound])
        for (grain, periods) in [(RollupGrain.day, days), (.slot, slots)] {
            try database.execute(
                sql: "DELETE FROM usage_rollup WHERE id BETWEEN ? AND ?",
                arguments: [
                    RollupBlockID.first(of: grain, periods.lowerBound).value,
                    RollupBlockID.last(of: grain, periods.upperBound - 1).value,
                ])
        }
    }

    static func slots(of days: Range<Int64>) -> Range<Int64> {
        let end = days.upperBound.multipliedReportingOverflow(by: RollupGrain.slotsPerDay)
        return days.lowerBound * RollupGrain.slotsPerDay..<(end.overflow ? Int64.max : end.partialValue)
    }

    /// Counts the events of `days` that stand in `rows` of one database, and the sessions that started in them, into the
    /// rollups of another or the same.
    static func recount(
        _ days: Range<Int64>, rows: [ClosedRange<Int64>], from source: Database, into target: Database,
        report: (Int) -> Void = { _ in }
    ) throws {
        var recount = Recount(slots: slots(of: days), into: target)
        for range in rows { try recount.take(range, of: source, report: report) }
        try recount.countSessions(of: source)
        try recount.finish()
    }
}

/// Between which rows of `events` ranges of time stand.
enum RowRanges {
    /// Ranges of row ids in which every event of `days` stands, in order, none touching another. Other events stand there
    /// too.
    static func covering(_ days: Range<Int64>, in database: Database) throws -> [ClosedRange<Int64>] {
        let slots = Rollups.slots(of: days)
        guard slots.lowerBound > 0 || slots.upperBound < Int64.max else { return [Int64.min...Int64.max] }
        return try covering(slots: slots, in: database)
    }

    /// The same for quarters of an hour.
    static func covering(slots: Range<Int64>, in database: Database) throws -> [ClosedRange<Int64>] {
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT first_row, last_row FROM activity_rollup WHERE slot >= ? AND slot < ? ORDER BY first_row",
            arguments: [slots.lowerBound, slots.upperBound])
        var ranges: [ClosedRange<Int64>] = []
        while let row = try rows.next() {
            let (first, last): (Int64, Int64) = (row[0], row[1])
            guard first <= last else { continue }
            if let open = ranges.last, first <= open.upperBound || first - open.upperBound == 1 {
                ranges[ranges.count - 1] = open.lowerBound...max(open.upperBound, last)
            } else {
                ranges.append(first...last)
            }
        }
        return ranges
    }
}
