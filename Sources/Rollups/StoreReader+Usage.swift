package import Core
package import Database
import GRDB

// Queries about usage. A window is in milliseconds since 1970. A query counts the 15-minute buckets that begin in its
// window. The counts are exact if the window begins and ends at bucket boundaries. In every time zone, a day begins and
// ends at such a boundary.
extension StoreReader {
    /// The length of the periods of a history: a 15-minute bucket or a day in UTC.
    package enum HistoryGrain: Sendable {
        case timeBucket
        case day

        var stored: RollupGrain { self == .day ? .day : .slot }
    }

    /// A factor that occurred together with a command.
    package enum CorrelatedFactor: CaseIterable, Sendable {
        case template
        case services
        case ports

        var kind: RollupKind {
            switch self {
            case .template: .commandTemplate
            case .services: .commandServices
            case .ports: .commandPorts
            }
        }
    }

    /// The number of sessions that started in a time range, and their total length.
    package struct Sessions: Equatable, Sendable {
        package var count = 0
        package var durationMS: Int64 = 0

        package init() {}
    }

    /// Returns the aggregates of a dimension, most events first.
    package func usage(by dimension: UsageDimension, in window: Range<Int64>) throws(StoreError) -> [UsageCell] {
        try usage(by: [dimension], in: window)[dimension] ?? []
    }

    /// Returns the aggregates of several dimensions in one read, with most events first in each dimension. The result
    /// has an entry for each requested dimension.
    package func usage(
        by dimensions: [UsageDimension], in window: Range<Int64>
    ) throws(StoreError) -> [UsageDimension: [UsageCell]] {
        try reading { reading in
            let sums = try reading.sums(dimensions.map(\.kind), slots: Self.slotRange(window))
            var result: [UsageDimension: [UsageCell]] = [:]
            for dimension in dimensions {
                let cells = sums[dimension.kind] ?? [:]
                let names = try Self.names(of: dimension.names, cells.keys.map(\.first), reading)
                result[dimension] = cells.map { UsageCell(name: names($0.key.first), $0.value) }
                    .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
            }
            return result
        }
    }

    /// Returns the history of each value of a dimension, most events first. If `name` is not nil, the result only has
    /// the history of this value.
    package func history(
        of dimension: UsageDimension, name: String? = nil, by grain: HistoryGrain, in window: Range<Int64>
    ) throws(StoreError) -> [UsageHistory] {
        try reading { reading in
            let (periods, length) = Self.periods(of: grain, in: window)
            let only = try name.map { name in
                try dimension.names.map { try reading.number(of: $0, name) } ?? UInt32(name)
            }
            if case .some(.none) = only { return [] }
            var points: [UInt32: [UsageHistory.Point]] = [:]
            try reading.forEachBlock([dimension.kind], grain.stored, periods) { block, kind, bytes in
                var cursor = try RollupBlock.Cursor(kind, bytes)
                // A key has at most one aggregate in a period, so nothing has to be summed.
                while let cell = try cursor.next(in: bytes, where: { only == nil || $0.first == only }) {
                    let sum = try UsageReading.Sum(cell, of: bytes, hasLatency: kind.hasLatency)
                    points[cell.key.first, default: []].append(
                        .init(start: block.period * length, cell: UsageCell(name: "", sum)))
                }
            }
            let names = try Self.names(of: dimension.names, points.keys, reading)
            return UsageHistory.ordered(points.map { UsageHistory(name: names($0.key), points: $0.value) })
        }
    }

    /// Returns the 15-minute buckets that begin in a window, or the days that contain these buckets, and the length of
    /// each period in milliseconds.
    static func periods(of grain: HistoryGrain, in window: Range<Int64>) -> (periods: Range<Int64>, length: Int64) {
        let slots = slotRange(window)
        guard grain == .day, !slots.isEmpty else { return (slots, TimeBucket.milliseconds) }
        return (
            slots.lowerBound / TimeBucket.perDay..<(slots.upperBound - 1) / TimeBucket.perDay + 1,
            TimeBucket.milliseconds * TimeBucket.perDay
        )
    }

    /// Returns the factors that occurred together with commands, most events first. The aggregates of factors are
    /// stored by UTC day, so each day that the window touches counts as a whole.
    package func correlatedFactors(
        _ correlatedFactor: CorrelatedFactor, in window: Range<Int64>
    ) throws(StoreError) -> [CorrelatedCell] {
        try reading { reading in
            let cells =
                try reading.sums([correlatedFactor.kind], slots: Self.slotRange(window))[correlatedFactor.kind] ?? [:]
            return CorrelatedCell.ordered(try Self.cells(cells, of: correlatedFactor, reading))
        }
    }

    /// Returns sums as aggregates with names. Each key of `sums` is a pair: a command's number, and the value of a
    /// factor (a template's number, or a number of services or ports).
    static func cells(
        _ sums: [RollupKey: UsageReading.Sum], of factor: CorrelatedFactor, _ reading: UsageReading
    ) throws -> [CorrelatedCell] {
        let commands = try names(of: .command, sums.keys.map(\.first), reading)
        let others = try names(of: factor == .template ? .template : nil, sums.keys.map(\.second), reading)
        return sums.map { key, sum in
            CorrelatedCell(command: commands(key.first), cell: UsageCell(name: others(key.second), sum))
        }
    }

    /// Returns failed events by command and category, most failures first.
    package func failures(in window: Range<Int64>) throws(StoreError) -> [FailureCell] {
        try reading { reading in
            let cells = try reading.sums([.failure], slots: Self.slotRange(window))[.failure] ?? [:]
            return FailureCell.ordered(try Self.failures(cells.mapValues(\.numbers), reading))
        }
    }

    /// Returns failures as aggregates with names. Each key of `cells` is a pair: a command's number and a category's
    /// number.
    static func failures(_ cells: [RollupKey: RollupNumbers], _ reading: UsageReading) throws -> [FailureCell] {
        let commands = try reading.names(of: .command, cells.keys.map(\.first))
        let categories = try reading.names(of: .errorCategory, cells.keys.map(\.second))
        return cells.map { key, numbers in
            FailureCell(
                command: commands[key.first], category: categories[key.second], count: Int(numbers.count),
                totalMS: numbers.totalMS, firstSeen: numbers.firstMS, lastSeen: numbers.lastMS)
        }
    }

    /// Returns the number and the total length of the sessions whose first event is in a 15-minute bucket that begins
    /// in `window`.
    package func sessions(in window: Range<Int64>) throws(StoreError) -> Sessions {
        try asStoreError(path) {
            try queue.read { database in
                let lengths = try Self.sessionLengths(Self.slotRange(window), UsageReading(database: database))
                var result = Sessions()
                result.count = lengths.count
                result.durationMS = lengths.sum
                return result
            }
        }
    }

    /// Returns the number of all sessions, including sessions whose rows retention removed.
    package func sessionCount() throws(StoreError) -> Int {
        let everything: Range<Int64> = 0..<TimeBucket.containing(Limits.latestTimestamp) + 1
        return try reading { try Self.sessionLengths(everything, $0).count }
    }

    /// Returns the lengths of the sessions whose first event is in a 15-minute bucket that begins in `window`.
    package func sessionLengths(in window: Range<Int64>) throws(StoreError) -> LatencyHistogram {
        try reading { try Self.sessionLengths(Self.slotRange(window), $0) }
    }

    /// Calls `work` in a read transaction of the database.
    func reading<Value>(_ work: (UsageReading) throws -> Value) throws(StoreError) -> Value {
        try asStoreError(path) { try queue.read { try work(UsageReading(database: $0)) } }
    }

    private static func sessionLengths(_ slots: Range<Int64>, _ reading: UsageReading) throws -> LatencyHistogram {
        let cells = try reading.sums([.sessionLength], slots: slots)[.sessionLength] ?? [:]
        return cells[RollupKey(0)]?.latency ?? LatencyHistogram()
    }

    /// Returns a function that maps each of `numbers` to its name. If `kind` is nil, the function returns the number in
    /// decimal.
    static func names(
        of kind: RollupNameKind?, _ numbers: some Sequence<UInt32>, _ reading: UsageReading
    ) throws -> (UInt32) -> String {
        guard let kind else { return { String($0) } }
        let names = try reading.names(of: kind, numbers)
        return { names[$0] ?? "" }
    }
}
