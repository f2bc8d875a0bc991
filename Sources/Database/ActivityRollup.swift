package import Core
package import GRDB

/// Counts of a transaction's events by 15-minute bucket, and the range of row ids of each bucket. `flush` adds both to
/// the table `activity_rollup`.
package struct ActivityRollup {
    private struct Counts {
        var events = 0
        var commands = 0
        var workspacesCreated = 0
        var tasksCompleted = 0
        var succeeded = 0
        var failed = 0
        /// The lowest id of the bucket's rows in `events`.
        var firstRow = Int64.max
        /// The highest id of the bucket's rows in `events`.
        var lastRow = Int64.min
    }

    private var slots: [Int64: Counts] = [:]
    /// The bucket of the last event. It is cached with its counts, because the next event is usually in the same
    /// bucket.
    private var slot: Int64 = .min
    private var counts = Counts()

    package init() {}

    /// Counts one event, whose row in `events` has the id `row`.
    package mutating func observe(_ type: EventType?, success: Bool?, at timestamp: Int64, row: Int64) {
        let slot = TimeBucket.containing(timestamp)
        if slot != self.slot {
            putAway()
            self.slot = slot
            counts = slots[slot] ?? Counts()
        }
        counts.events += 1
        counts.firstRow = min(counts.firstRow, row)
        counts.lastRow = max(counts.lastRow, row)
        switch type {
        case .command, .commandLine: counts.commands += 1
        case .workspaceCreated: counts.workspacesCreated += 1
        case .taskCompleted: counts.tasksCompleted += 1
        default: break
        }
        if let success {
            if success { counts.succeeded += 1 } else { counts.failed += 1 }
        }
    }

    /// Adds the counts to the table and resets them.
    package mutating func flush(into database: Database) throws {
        putAway()
        slot = .min
        let statement = try RawStatement(
            """
            INSERT INTO activity_rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (slot) DO UPDATE SET
                events = events + excluded.events, commands = commands + excluded.commands,
                workspaces_created = workspaces_created + excluded.workspaces_created,
                tasks_completed = tasks_completed + excluded.tasks_completed,
                succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
                first_row = min(first_row, excluded.first_row), last_row = max(last_row, excluded.last_row)
            """, in: database)
        for (slot, counts) in slots.sorted(by: { $0.key < $1.key }) {
            let numbers = [
                counts.events, counts.commands, counts.workspacesCreated, counts.tasksCompleted, counts.succeeded,
                counts.failed,
            ]
            statement.bind(1, slot)
            for (number, parameter) in zip(numbers, 2...) { statement.bind(Int32(parameter), Int64(number)) }
            statement.bind(8, counts.firstRow)
            statement.bind(9, counts.lastRow)
            try statement.run()
        }
        slots.removeAll(keepingCapacity: true)
    }

    private mutating func putAway() {
        if slot != .min { slots[slot] = counts }
    }
}

/// Ranges of row ids in `events` that contain the events of a time range.
package enum RowRanges {
    /// Returns ranges of row ids that contain every event of `days`, ascending, disjoint and not adjacent. They may
    /// also contain other events.
    package static func covering(_ days: Range<Int64>, in database: Database) throws -> [ClosedRange<Int64>] {
        let slots = TimeBucket.buckets(ofDays: days)
        guard slots.lowerBound > 0 || slots.upperBound < Int64.max else { return [Int64.min...Int64.max] }
        return try covering(slots: slots, in: database)
    }

    /// Returns ranges of row ids that contain every event of a range of 15-minute buckets, as `covering(_:in:)` does
    /// for days.
    package static func covering(slots: Range<Int64>, in database: Database) throws -> [ClosedRange<Int64>] {
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
