package import Core
package import Database
import GRDB

/// Answers queries about the events of a window that pass a filter.
///
/// It reads aggregates. If aggregates cannot answer a query with a filter, it reads rows, in time proportional to the
/// number of rows. It reads rows:
///
/// - for queries about sessions, and if the filter names a session;
/// - for tasks on days that are only partly in the window;
/// - for days stored by an earlier version, until they are counted again (`RollupTables.catchUp`);
/// - for days with events beyond the limit on combinations (`Limits.combinations`).
package struct UsageReader {
    private let store: StoreReader
    private let filter: UsageFilter
    /// The parts of the window, in order. If a part is read from rows, `rows` contains the aggregates that were
    /// computed from these rows. If a part is read from stored aggregates, `rows` is nil.
    private let parts: [(range: Range<Int64>, rows: StoreReader?)]
    /// Whether the window has days that an earlier version stored and that were not counted by combination yet.
    private let isBehind: Bool
    /// The combinations that pass the filter; nil if the filter is empty.
    private let meant: MeantCombinations?

    /// Whether the filter has any condition.
    package var hasFilter: Bool { !filter.isEmpty }

    /// Whether queries read rows, at least for a part of the window. With a filter, queries about sessions and tasks
    /// may read rows even if this value is false.
    package var readsRows: Bool { parts.contains { $0.rows != nil } }

    /// Returns the reason why the answers are read from rows, as a sentence for the user; nil if they are read from
    /// aggregates.
    /// - Parameter isAboutSessions: whether the query is about sessions.
    package func rowsNote(isAboutSessions: Bool = false) -> String? {
        if isAboutSessions && !filter.isEmpty {
            return "sessions with a filter are read row by row, so the time grows with the number of events"
        }
        guard readsRows else { return nil }
        return isBehind
            ? "some days were read row by row: run 'nexus flush' to aggregate the data of an earlier version"
            : "some days were read row by row: they exceed the limit of property combinations"
    }

    /// - Parameter window: the window in milliseconds since 1970. A later query may ask for the whole window or a part
    ///   of it.
    package init(_ store: StoreReader, matching filter: UsageFilter, in window: Range<Int64>) throws(StoreError) {
        self.store = store
        self.filter = filter
        guard !filter.isEmpty else {
            parts = [(window, nil)]
            isBehind = false
            meant = nil
            return
        }
        meant = try store.reading { try MeantCombinations(filter, $0) }
        isBehind = try window.lowerBound < store.reading { try RollupTables.combinedFrom(in: $0.database) }
        var parts: [(range: Range<Int64>, rows: StoreReader?)] = []
        var next = window.lowerBound
        for range in try store.uncombined(filter, in: window) {
            if next < range.lowerBound { parts.append((next..<range.lowerBound, nil)) }
            parts.append((range, try store.filtered(filter, in: range)))
            next = range.upperBound
        }
        if next < window.upperBound { parts.append((next..<window.upperBound, nil)) }
        self.parts = parts
    }

    /// The counts of a 15-minute bucket.
    package struct BucketUsage: Sendable {
        /// Milliseconds since 1970.
        package let start: Int64
        package let activity: StoreReader.Activity
        /// The durations of commands; empty if the caller did not request them.
        package let latency: LatencyHistogram
    }

    /// Returns every 15-minute bucket that has any activity and begins in `window`, in order.
    /// - Parameter hasLatency: whether durations are read too.
    package func bucketUsages(in window: Range<Int64>, hasLatency: Bool = false) throws(StoreError) -> [BucketUsage] {
        guard !filter.isEmpty else { return try Self.bucketUsages(of: store, in: window, hasLatency: hasLatency) }
        var result: [BucketUsage] = []
        for (range, rows) in parts(of: window) {
            if let rows {
                result += try Self.bucketUsages(of: rows, in: range, hasLatency: hasLatency)
                continue
            }
            let bucketUsages = try combinations {
                try $0.bucketUsages(StoreReader.slotRange(range), hasLatency: hasLatency)
            }
            result += bucketUsages.sorted { $0.key < $1.key }.map {
                BucketUsage(
                    start: $0.key * TimeBucket.milliseconds, activity: $0.value.activity, latency: $0.value.latency)
            }
        }
        return result
    }

    private static func bucketUsages(
        of store: StoreReader, in window: Range<Int64>, hasLatency: Bool
    ) throws(StoreError) -> [BucketUsage] {
        var latencies: [Int64: LatencyHistogram] = [:]
        if hasLatency {
            for history in try store.history(of: .command, by: .timeBucket, in: window) {
                for point in history.points { latencies[point.start, default: .init()].merge(point.cell.latency) }
            }
        }
        return try store.activity(in: window).map {
            BucketUsage(start: $0.bucketStart, activity: $0.activity, latency: latencies[$0.bucketStart] ?? .init())
        }
    }

    /// Returns the aggregates of several dimensions, with most events first in each dimension. The result has an entry
    /// for each requested dimension.
    package func usage(
        by dimensions: [UsageDimension], in window: Range<Int64>
    ) throws(StoreError) -> [UsageDimension: [UsageCell]] {
        filter.isEmpty ? try store.usage(by: dimensions, in: window) : try totals(by: dimensions, in: window).cells
    }

    /// Returns failed events by command and category, most failures first.
    package func failures(in window: Range<Int64>) throws(StoreError) -> [FailureCell] {
        try totals(by: [], in: window).failures
    }

    /// Returns the aggregates of several dimensions, and the failures, of a window.
    package func totals(by dimensions: [UsageDimension], in window: Range<Int64>) throws(StoreError) -> UsageTotals {
        var sum = UsageTotals.Summing(dimensions)
        guard !filter.isEmpty else {
            sum.add(try store.usage(by: dimensions, in: window))
            sum.add(try store.failures(in: window))
            return sum.totals
        }
        for (range, rows) in parts(of: window) {
            if let rows {
                sum.add(try rows.usage(by: dimensions, in: range))
                sum.add(try rows.failures(in: range))
            } else {
                try addAggregates(of: range, dimensions, to: &sum)
            }
        }
        return sum.totals
    }

    private func addAggregates(
        of range: Range<Int64>, _ dimensions: [UsageDimension], to sum: inout UsageTotals.Summing
    ) throws(StoreError) {
        let others = dimensions.filter { $0 != .task }
        if !others.isEmpty || dimensions.isEmpty {
            let (cells, failures) = try combinations { reading in
                let totals = try reading.totals(others, slots: StoreReader.slotRange(range))
                var cells: [UsageDimension: [UsageCell]] = [:]
                for (dimension, sums) in totals.sums {
                    let byKey = sums.byKey
                    let names = try StoreReader.names(of: dimension.names, byKey.keys.map(\.first), reading.reading)
                    cells[dimension] = byKey.map { UsageCell(name: names($0.key.first), $0.value) }
                }
                return (cells, try StoreReader.failures(totals.failures, reading.reading))
            }
            sum.add(cells)
            sum.add(failures)
        }
        guard dimensions.contains(.task) else { return }
        // Aggregates by combination and task are stored by day only, so parts of days at the edges of the window are
        // read from rows.
        let (before, days, after) = StoreReader.wholeDays(of: range)
        let tasks = try combinations { reading in
            let tasks = try reading.tasks(slots: StoreReader.slotRange(days))
            let names = try StoreReader.names(of: .task, tasks.keys, reading.reading)
            return tasks.map { UsageCell(name: names($0.key), $0.value) }
        }
        sum.add([.task: tasks])
        for edge in [before, after] where !edge.isEmpty {
            sum.add([.task: try store.filtered(filter, in: edge).usage(by: .task, in: edge)])
        }
    }

    /// Returns the history of each command, most events first.
    package func history(
        by grain: StoreReader.HistoryGrain, in window: Range<Int64>
    ) throws(StoreError) -> [UsageHistory] {
        guard !filter.isEmpty else { return try store.history(of: .command, by: grain, in: window) }
        var merged: [String: UsageHistory] = [:]
        for (range, rows) in parts(of: window) {
            let histories =
                if let rows {
                    try rows.history(of: .command, by: grain, in: range)
                } else {
                    try combinedHistory(by: grain, in: range)
                }
            for history in histories {
                merged[history.name, default: UsageHistory(name: history.name, points: [])].points += history.points
            }
        }
        return UsageHistory.ordered(Array(merged.values))
    }

    /// Returns the factors that occurred together with commands, most events first. Each UTC day that the window
    /// touches counts as a whole, unless the day is read from rows.
    package func correlatedFactors(
        _ factor: StoreReader.CorrelatedFactor, in window: Range<Int64>
    ) throws(StoreError) -> [CorrelatedCell] {
        guard !filter.isEmpty else { return try store.correlatedFactors(factor, in: window) }
        var merged: [CorrelatedCell.Name: CorrelatedCell] = [:]
        for (range, rows) in parts(of: window) {
            let cells =
                if let rows {
                    try rows.correlatedFactors(factor, in: range)
                } else {
                    try combinations { reading in
                        let sums = try reading.correlatedFactors(factor, slots: StoreReader.slotRange(range))
                        return try StoreReader.cells(sums, of: factor, reading.reading)
                    }
                }
            for cell in cells where merged[cell.id]?.add(cell) == nil { merged[cell.id] = cell }
        }
        return CorrelatedCell.ordered(merged.values)
    }

    /// Returns failed events by command and category over time, most failures first.
    package func failureHistory(
        by grain: StoreReader.HistoryGrain, in window: Range<Int64>
    ) throws(StoreError) -> [FailureHistory] {
        guard !filter.isEmpty else { return try store.failureHistory(by: grain, in: window) }
        var merged: [FailureCell.Name: FailureHistory] = [:]
        for (range, rows) in parts(of: window) {
            let histories =
                if let rows {
                    try rows.failureHistory(by: grain, in: range)
                } else {
                    try combinations { try $0.failureHistory(by: grain, in: range) }
                }
            for history in histories {
                var whole = merged[history.id] ?? history
                if merged[history.id] != nil { whole.points += history.points }
                merged[history.id] = whole
            }
        }
        return FailureHistory.ordered(Array(merged.values))
    }

    /// Returns sessions that started in a window and have at least `commands` commands. The counts of a session include
    /// all its events. `first` has at most `limit` sessions; `count` is their number without this limit. With a filter,
    /// sessions without matching events in the window are left out, and the call reads rows.
    package func sessions(
        startedIn window: Range<Int64>, atLeast commands: Int = 0, by order: StoreReader.SessionOrder = .latest,
        limit: Int
    ) throws(StoreError) -> (first: [StoreReader.Session], count: Int) {
        let source = filter.isEmpty ? store : try store.filtered(filter, in: window)
        return (
            try source.sessions(startedIn: window, atLeast: commands, by: order, limit: limit),
            try source.sessionCount(startedIn: window, atLeast: commands)
        )
    }

    /// Returns the lengths of the sessions that started in a window; nil with a filter, because aggregates do not know
    /// which sessions pass.
    package func sessionLengths(in window: Range<Int64>) throws(StoreError) -> LatencyHistogram? {
        filter.isEmpty ? try store.sessionLengths(in: window) : nil
    }

    // MARK: Parts

    private func parts(of window: Range<Int64>) -> [(range: Range<Int64>, rows: StoreReader?)] {
        parts.map { ($0.range.clamped(to: window), $0.rows) }.filter { !$0.range.isEmpty }
    }

    private func combinedHistory(
        by grain: StoreReader.HistoryGrain, in range: Range<Int64>
    ) throws(StoreError) -> [UsageHistory] {
        try combinations { reading in
            let (periods, length) = StoreReader.periods(of: grain, in: range)
            let points = try reading.history(grain.stored, periods: periods)
            let names = try StoreReader.names(of: .command, points.keys, reading.reading)
            return points.map { command, points in
                UsageHistory(
                    name: names(command),
                    points: points.map { .init(start: $0.period * length, cell: UsageCell(name: "", $0.sum)) })
            }
        }
    }

    private func combinations<Value>(
        _ work: (CombinationReading) throws -> Value
    ) throws(StoreError) -> Value {
        try store.reading { reading in
            try work(CombinationReading(meant: meant ?? MeantCombinations(filter, reading), reading: reading))
        }
    }
}

/// The aggregates of several dimensions, and the failures, of the same events.
package struct UsageTotals: Sendable {
    /// The aggregates of each requested dimension, most events first. Every requested dimension has an entry.
    package let cells: [UsageDimension: [UsageCell]]
    /// Failed events by command and category, most failures first.
    package let failures: [FailureCell]

    /// Sums the aggregates of several parts of a window.
    fileprivate struct Summing {
        private let dimensions: [UsageDimension]
        private var cells: [UsageDimension: [String: UsageCell]] = [:]
        private var failures: [FailureCell.Name: FailureCell] = [:]

        init(_ dimensions: [UsageDimension]) {
            self.dimensions = dimensions
        }

        mutating func add(_ more: [UsageDimension: [UsageCell]]) {
            for (dimension, more) in more {
                for cell in more {
                    cells[dimension, default: [:]][cell.name, default: UsageCell(name: cell.name)].add(cell)
                }
            }
        }

        mutating func add(_ more: [FailureCell]) {
            for cell in more { failures[cell.id] = failures[cell.id]?.adding(cell) ?? cell }
        }

        var totals: UsageTotals {
            let lists = dimensions.map { dimension in
                let cells = (cells[dimension] ?? [:]).values
                return (dimension, cells.sorted { ($1.count, $0.name) < ($0.count, $1.name) })
            }
            return UsageTotals(
                cells: Dictionary(uniqueKeysWithValues: lists), failures: FailureCell.ordered(failures.values))
        }
    }
}

extension StoreReader {
    /// Returns the parts of a window in which not all events are counted by combination, in order. Each part consists
    /// of whole UTC days, clamped to the window. If the filter names a session, the whole window is the only part.
    fileprivate func uncombined(_ filter: UsageFilter, in window: Range<Int64>) throws(StoreError) -> [Range<Int64>] {
        guard filter.session == nil else { return [window] }
        return try reading { reading in
            let day = TimeBucket.perDay * TimeBucket.milliseconds
            let start = try RollupTables.combinedFrom(in: reading.database)
            var ranges: [Range<Int64>] = []
            if window.lowerBound < start { ranges.append(window.lowerBound..<min(start, window.upperBound)) }
            for other in try reading.daysWithOtherCombinations(in: Self.slotRange(window)) where other * day >= start {
                ranges.append((other * day..<(other + 1) * day).clamped(to: window))
            }
            return ranges
        }
    }

    /// Returns a window's part before its first whole day in UTC, the whole days, and the part after them.
    fileprivate static func wholeDays(
        of window: Range<Int64>
    ) -> (before: Range<Int64>, days: Range<Int64>, after: Range<Int64>) {
        let (before, days, after) = UsageReading.parts(of: slotRange(window))
        func range(_ slots: Range<Int64>, _ slot: Int64) -> Range<Int64> {
            slots.lowerBound * slot * TimeBucket.milliseconds..<slots.upperBound * slot * TimeBucket.milliseconds
        }
        return (range(before, 1), range(days, TimeBucket.perDay), range(after, 1))
    }
}

extension UsageReading {
    /// Returns the days, by their number since 1970, on which some events have combinations beyond the limit.
    func daysWithOtherCombinations(in slots: Range<Int64>) throws -> [Int64] {
        let highest = try Int64.fetchOne(database, sql: "SELECT max(number) FROM rollup_combinations") ?? 0
        guard highest >= Limits.combinations, !slots.isEmpty else { return [] }
        let first = slots.lowerBound / TimeBucket.perDay
        let last = (slots.upperBound - 1) / TimeBucket.perDay
        var days: [Int64] = []
        try forEachBlock([.combination], .day, first..<last + 1) { block, kind, bytes in
            guard block.isFirstOfKind else { return }
            var cursor = try RollupBlock.Cursor(kind, bytes)
            if let cell = try cursor.next(in: bytes), cell.key.first == 0 { days.append(block.period) }
        }
        return days
    }
}
