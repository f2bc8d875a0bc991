package import Core
package import Database
import GRDB

/// The figures of those events of one UTC day that have the same command, type, outcome, error category and template.
///
/// If sending is limited to aggregates, only these figures leave the machine. They are summed over workspaces, tasks,
/// sessions, and numbers of services and ports.
package struct DailyFigures: Equatable, Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
        case unknown, succeeded, failed
    }

    /// The common properties of the events. A text is empty if the events have no such property.
    package struct Key: Hashable, Sendable, Comparable {
        /// The command's name in reports. The name of a line of several commands ends with `EventType.lineSuffix`.
        package var command: String
        package var eventType: String
        package var outcome: Outcome
        package var errorCategory: String
        package var template: String

        package init(command: String, eventType: String, outcome: Outcome, errorCategory: String, template: String) {
            self.command = command
            self.eventType = eventType
            self.outcome = outcome
            self.errorCategory = errorCategory
            self.template = template
        }

        package static func < (left: Key, right: Key) -> Bool {
            (left.command, left.eventType, left.outcome.rawValue, left.errorCategory, left.template)
                < (right.command, right.eventType, right.outcome.rawValue, right.errorCategory, right.template)
        }
    }

    package let key: Key
    package private(set) var runs: Int
    /// The durations of the events that have a duration and were not interrupted.
    package private(set) var latency: LatencyHistogram

    package init(key: Key, runs: Int, latency: LatencyHistogram) {
        self.key = key
        self.runs = runs
        self.latency = latency
    }

    /// Renames the key of each figure and sums figures with equal keys. The result is in the order of the keys.
    package static func merged(_ figures: [DailyFigures], _ rename: (Key) -> Key = { $0 }) -> [DailyFigures] {
        var merged: [Key: DailyFigures] = [:]
        for figure in figures {
            let key = rename(figure.key)
            merged[key, default: DailyFigures(key: key, runs: 0, latency: .init())].add(figure)
        }
        return merged.values.sorted { $0.key < $1.key }
    }

    private mutating func add(_ other: DailyFigures) {
        runs += other.runs
        latency.merge(other.latency)
    }
}

/// Reads the figures of days. `init` reads the combinations of all days.
package struct DailyFiguresReader: Sendable {
    private let store: StoreReader
    private let combinations: MeantCombinations

    package init(_ store: StoreReader) throws(StoreError) {
        self.store = store
        combinations = try store.reading { try MeantCombinations(UsageFilter(), $0) }
    }

    /// Returns the days that have events, by their number since 1970, in order: days with readable figures, and days
    /// with unknown figures. The figures of a day are unknown if retention removed the day's rows and the aggregates by
    /// combination do not have all of its events: the day was not counted by combination before, or some of its events
    /// have combinations beyond `Limits.combinations`.
    package func days() throws(StoreError) -> (readable: [Int64], unknown: [Int64]) {
        try store.reading { reading in
            let days = try Int64.fetchAll(
                reading.database, sql: "SELECT DISTINCT slot / ? FROM activity_rollup ORDER BY 1",
                arguments: [TimeBucket.perDay])
            let combined = try CombinedDays.firstBucket(in: reading.database)
            let complete = try CompleteRows.firstBucket(in: reading.database)
            let partial = try combined < complete ? reading.daysWithOtherCombinations(in: combined..<complete) : []
            let isReadable = { (day: Int64) in
                day >= min(combined, complete) / TimeBucket.perDay && !partial.contains(day)
            }
            return (days.filter(isReadable), days.filter { !isReadable($0) })
        }
    }

    /// Returns the figures of a day, in the order of their keys. Most figures are read from aggregates. Two kinds of
    /// days are read from rows: days that an earlier version stored and that were not recounted, and days with events
    /// beyond `Limits.combinations`.
    package func figures(of day: Int64) throws(StoreError) -> [DailyFigures] {
        let counted = try store.reading { reading -> [DailyFigures]? in
            guard try day * TimeBucket.perDay >= CombinedDays.firstBucket(in: reading.database) else { return nil }
            return try Self.figures(of: day, combinations, reading)
        }
        if let counted { return counted }
        let recount = try store.recounted([.combination], ofDay: day)
        return try recount.reading { reading in
            try Self.figures(of: day, MeantCombinations(UsageFilter(), reading), reading) ?? []
        }
    }

    /// Returns the figures of a day from aggregates. Nil if some events of the day have combinations beyond the limit,
    /// because the events of all these combinations are counted under one number. Also nil if some events have a
    /// combination that was added after `combinations` was read.
    private static func figures(
        of day: Int64, _ combinations: MeantCombinations, _ reading: UsageReading
    ) throws -> [DailyFigures]? {
        var sums: [(combination: Combination, sum: UsageReading.Sum)] = []
        var isWhole = true
        try reading.forEachBlock([.combination], .day, day..<day + 1) { _, kind, bytes in
            var block = UsageReading.Sums()
            try block.add(bytes, of: kind) { _ in true }
            for (key, sum) in block.byKey {
                if combinations.contains(key.first) {
                    sums.append((combinations[key.first].combination, sum))
                } else {
                    isWhole = false
                }
            }
        }
        guard isWhole else { return nil }
        func names(_ kind: RollupNameKind, _ number: KeyPath<Combination, UInt32>) throws -> (UInt32) -> String {
            try StoreReader.names(of: kind, Set(sums.map { $0.combination[keyPath: number] }), reading)
        }
        let commands = try names(.command, \.command)
        let types = try names(.eventType, \.type)
        let categories = try names(.errorCategory, \.category)
        let templates = try names(.template, \.template)
        let figures = sums.map { combination, sum in
            DailyFigures(
                key: .init(
                    command: commands(combination.command), eventType: types(combination.type),
                    outcome: DailyFigures.Outcome(combination.outcome),
                    errorCategory: categories(combination.category), template: templates(combination.template)),
                runs: Int(sum.numbers.count), latency: sum.latency)
        }
        return DailyFigures.merged(figures)
    }
}

extension DailyFigures.Outcome {
    fileprivate init(_ outcome: Combination.Outcome) {
        self =
            switch outcome {
            case .unknown: .unknown
            case .succeeded: .succeeded
            case .failed: .failed
            }
    }
}
