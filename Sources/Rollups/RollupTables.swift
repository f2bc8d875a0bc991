package import Core
package import Database
package import GRDB
import SystemSupport

/// The aggregates that reports read, updated in the transaction that stores events.
package struct RollupTables: DerivedTables {
    private var usage = UsageRollup()
    private var lengths = SessionLengths()

    package init() {}

    package mutating func observe(_ record: EventRecord, _ type: EventType?, _ payload: Span<UInt8>) {
        usage.observe(record, type, payload)
    }

    package mutating func observe(_ session: SessionSpan, replacing old: SessionSpan?) {
        if let old { lengths.count(startedAt: old.startedAt, durationMS: old.durationMS, times: -1) }
        lengths.count(startedAt: session.startedAt, durationMS: session.durationMS)
    }

    package mutating func flush(into database: Database) throws {
        try usage.flush(into: database)
        try lengths.flush(into: database)
    }

    package mutating func abandon() {
        usage.abandon()
        lengths = SessionLengths()
    }

    package func rebuild(in database: Database) throws { try Self.rebuild(in: database, report: { _ in }) }

    // MARK: Recomputing

    /// Recomputes activity, usage and the lengths of sessions, inside the caller's transaction. Aggregates of days
    /// before the first day with complete rows (see `CompleteRows`) stay as they are. `report` is called regularly with
    /// the number of rows read so far.
    package static func rebuild(in database: Database, report: (Int) -> Void) throws {
        try rebuild(slots: 0..<Int64.max, in: database, report: report)
    }

    /// Recomputes the aggregates of the days that have a 15-minute bucket in `slots`, inside the caller's transaction.
    /// Aggregates of days before the first day with complete rows (see `CompleteRows`) stay as they are.
    package static func rebuild(
        slots: Range<Int64>, in database: Database, report: (Int) -> Void = { _ in }
    ) throws {
        let days = try days(of: slots, in: database)
        guard !days.isEmpty else { return }
        let rows = try RowRanges.covering(days, in: database)
        try remove(days, from: database)
        if slots.upperBound == Int64.max {
            try CombinedDays.note(from: days.lowerBound * TimeBucket.perDay, in: database)
        }
        try recount(days, rows: rows, from: database, into: database, report: report)
    }

    // MARK: Catching up

    package func catchUp(in database: Database) throws -> Double {
        guard try Self.countLatestUncombinedDay(in: database) else { return 1 }
        // The share of the 15-minute buckets whose events are counted by combination already.
        let share = try Double.fetchOne(
            database, sql: "SELECT avg(slot >= ?) FROM activity_rollup",
            arguments: [CombinedDays.firstBucket(in: database)])
        // A call that counted a day never returns 1, because only the next call can find out that no day is left.
        return min(share ?? 1, 0.99)
    }

    /// Counts the latest day whose events are not yet counted by combination, inside the caller's transaction.
    /// - Returns: whether there may be more such days.
    private static func countLatestUncombinedDay(in database: Database) throws -> Bool {
        let first = try CombinedDays.firstBucket(in: database)
        let complete = try CompleteRows.firstBucket(in: database)
        guard first > complete else { return false }
        let last = try Int64.fetchOne(
            database, sql: "SELECT max(slot) FROM activity_rollup WHERE slot < ?", arguments: [first])
        guard let last, last >= complete else {
            try CombinedDays.note(from: complete, in: database)
            return false
        }
        let day = last / TimeBucket.perDay
        let slots = TimeBucket.buckets(ofDays: day..<day + 1)
        try CombinedDays.note(from: slots.lowerBound, in: database)
        var recount = Recount(
            slots: slots, into: database, kinds: RollupKind.filtered, countsActivity: false)
        for rows in try RowRanges.covering(slots: slots, in: database) { try recount.take(rows, of: database) }
        try recount.finish()
        return true
    }

    /// Returns the time from which on all events are counted by combination, in milliseconds since 1970; 0 if every
    /// event is counted by combination.
    package static func combinedFrom(in database: Database) throws -> Int64 {
        try CombinedDays.firstBucket(in: database) * TimeBucket.milliseconds
    }

    /// Removes the aggregates and the activity of all days before a day (its number since 1970, UTC).
    package static func forget(beforeDay day: Int64, in database: Database) throws {
        if day > 0 { try remove(0..<day, from: database) }
    }

    /// Removes all aggregates, their names and combinations, and all activity.
    package static func removeAll(from database: Database) throws {
        try database.execute(
            sql: """
                DELETE FROM activity_rollup; DELETE FROM usage_rollup; DELETE FROM rollup_names; \
                DELETE FROM rollup_combinations
                """)
    }

    /// Removes the names and combinations that no aggregate before `bucket` refers to. The caller then recomputes the
    /// later aggregates from the rows. The recount adds the names and combinations of these aggregates again.
    package static func removeUnusedNames(before bucket: Int64, in database: Database) throws {
        try RollupNames.removeUnused(before: bucket, in: database)
    }

    /// Replaces names with "(removed N)", where N is the name's number. It replaces the names in `names`, and the
    /// commands that begin with the words of `command`. The name of a line of several commands is replaced like the
    /// name of its first command.
    package static func hideNames(_ names: Set<String>, command: String?, in database: Database) throws {
        for row in try Row.fetchAll(database, sql: "SELECT kind, number, name FROM rollup_names") {
            let name: String = row[2]
            let isCommand = row[0] == RollupNameKind.command.rawValue
            let isOfCommand = isCommand && command.map { UsageFilter.isCommand(name, beginning: $0) } ?? false
            let isOfLine = isCommand && EventType.command(ofLine: name).map(names.contains) ?? false
            guard names.contains(name) || isOfCommand || isOfLine else { continue }
            try database.execute(
                sql: "UPDATE rollup_names SET name = ? WHERE kind = ? AND number = ?",
                arguments: ["(removed \(row[1] as Int64))", row[0] as Int64, row[1] as Int64])
        }
    }

    /// Copies the names and combinations of `source` with their numbers. A recount into `target` then uses the same
    /// numbers as `source` and gives the same bytes.
    package static func copyNumbers(from source: Database, into target: Database) throws {
        for table in ["rollup_names", "rollup_combinations"] {
            let columns = try source.columns(in: table).map { _ in "?" }.joined(separator: ", ")
            let insert = try target.makeStatement(sql: "INSERT INTO \(table) VALUES (\(columns))")
            let rows = try Row.fetchCursor(source, sql: "SELECT * FROM \(table)")
            while let row = try rows.next() { try insert.execute(arguments: StatementArguments(row.databaseValues)) }
        }
    }

    /// Returns whether a row of `usage_rollup` is incomplete because `catchUp` has not counted all its events yet.
    package static func isIncomplete(_ id: Int64, combinedFrom: Int64) -> Bool {
        let block = RollupBlockID(id)
        guard let kind = block.kind, RollupKind.filtered.contains(kind) else { return false }
        return block.firstBucket * TimeBucket.milliseconds < combinedFrom
    }

    /// Returns the first 15-minute bucket that a row of `usage_rollup` counts.
    package static func firstBucket(ofBlock id: Int64) -> Int64 { RollupBlockID(id).firstBucket }

    /// Returns the days, by their number since 1970, that have a 15-minute bucket in `slots` and whose rows are
    /// complete.
    package static func days(of slots: Range<Int64>, in database: Database) throws -> Range<Int64> {
        guard !slots.isEmpty else { return 0..<0 }
        let first = max(slots.lowerBound, try CompleteRows.firstBucket(in: database)) / TimeBucket.perDay
        let last = (slots.upperBound - 1) / TimeBucket.perDay
        return first <= last ? first..<last + 1 : 0..<0
    }

    private static func remove(_ days: Range<Int64>, from database: Database) throws {
        let slots = TimeBucket.buckets(ofDays: days)
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

    /// Counts the events of `days` whose row ids in `source` are in `rows`, and the sessions that started on these
    /// days. Adds the counts to the rollups of `target`. `target` and `source` may be the same database.
    package static func recount(
        _ days: Range<Int64>, rows: [ClosedRange<Int64>], from source: Database, into target: Database,
        report: (Int) -> Void = { _ in }
    ) throws {
        var recount = Recount(slots: TimeBucket.buckets(ofDays: days), into: target)
        for range in rows { try recount.take(range, of: source, report: report) }
        try recount.countSessions(of: source)
        try recount.finish()
    }
}
