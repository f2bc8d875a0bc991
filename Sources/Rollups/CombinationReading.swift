import Core
import Database
import GRDB

/// The combinations whose events pass a filter.
struct MeantCombinations: Sendable {
    /// Those that pass, at their numbers.
    private let combinations: [Combination?]
    /// The numbers of the types that activity counts apart.
    private let types: [UInt32: EventType]

    /// Reads which combinations pass a filter, which names no session.
    init(_ filter: UsageFilter, _ reading: UsageReading) throws {
        let commands = try filter.command.map { try Self.commands(beginning: $0, in: reading.database) }
        let workspace = try filter.workspaceHash.map { try reading.number(of: .workspace, $0) }
        var meant: [Combination?] = []
        try CombinationNumbers.forEach(in: reading.database) { number, combination in
            if let commands, !commands.contains(combination.command) { return }
            if let workspace, combination.workspace != workspace { return }
            if filter.failed, combination.outcome != .failed { return }
            guard number > 0, number <= Limits.combinations else { return }
            while meant.count <= Int(number) { meant.append(nil) }
            meant[Int(number)] = combination
        }
        combinations = meant
        var types: [UInt32: EventType] = [:]
        for type in EventType.allCases {
            if let number = try reading.number(of: .eventType, type.rawValue) { types[number] = type }
        }
        self.types = types
    }

    /// The numbers of the commands that begin with words, lines that begin with such a command among them.
    private static func commands(beginning words: String, in database: Database) throws -> Set<UInt32> {
        var numbers: Set<UInt32> = []
        let rows = try Row.fetchCursor(
            database, sql: "SELECT number, name FROM rollup_names WHERE kind = ?",
            arguments: [RollupNameKind.command.rawValue])
        while let row = try rows.next() {
            if UsageFilter.isCommand(row[1], beginning: words) { numbers.insert(row[0]) }
        }
        return numbers
    }

    /// The combination with a number; nil where it does not pass.
    @inline(__always)
    func combination(_ number: UInt32) -> Combination? {
        Int(number) < combinations.count ? combinations[Int(number)] : nil
    }

    /// The type of a combination's events; nil for one that Nexus does not know.
    func type(of combination: Combination?) -> EventType? { combination.flatMap { types[$0.type] } }
}

/// Reads the aggregates by combination of the events that pass a filter.
struct CombinationReading {
    let meant: MeantCombinations
    let reading: UsageReading

    @inline(__always)
    private func isMeant(_ key: RollupKey) -> Bool { meant.combination(key.first) != nil }

    // MARK: Questions

    /// What was counted in quarters of an hour: the sums of dimensions, tasks excepted, and failures by command and category.
    struct Totals {
        var sums: [UsageDimension: UsageReading.Sums] = [:]
        var failures: [RollupKey: RollupNumbers] = [:]
    }

    func totals(_ dimensions: [UsageDimension], slots: Range<Int64>) throws -> Totals {
        var totals = Totals()
        let (before, days, after) = UsageReading.parts(of: slots)
        for (grain, periods) in [(RollupGrain.slot, before), (.day, days), (.slot, after)] {
            try reading.forEachBlock([.combination], grain, periods) { _, kind, bytes in
                var cursor = try RollupBlock.Cursor(kind, bytes)
                while let cell = try cursor.next(in: bytes, where: isMeant) {
                    guard let combination = meant.combination(cell.key.first) else { continue }
                    for dimension in dimensions {
                        guard let key = combination.key(of: dimension) else { continue }
                        try totals.sums[dimension, default: .init()].add(
                            cell, to: RollupKey(key), of: bytes, hasLatency: dimension == .command)
                    }
                    if combination.outcome == .failed {
                        let key = RollupKey(combination.command, combination.category)
                        totals.failures[key, default: .init()].add(cell.numbers)
                    }
                }
            }
        }
        return totals
    }

    /// The sums of tasks. Each day that the quarters touch counts whole.
    func tasks(slots: Range<Int64>) throws -> [UInt32: UsageReading.Sum] {
        guard !slots.isEmpty else { return [:] }
        var sums = UsageReading.Sums()
        let days = slots.lowerBound / TimeBucket.perDay..<(slots.upperBound - 1) / TimeBucket.perDay + 1
        try reading.forEachBlock([.combinationTask], .day, days) { _, kind, bytes in
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: isMeant) {
                try sums.add(cell, to: RollupKey(cell.key.second), of: bytes, hasLatency: false)
            }
        }
        return Dictionary(uniqueKeysWithValues: sums.byKey.map { ($0.key.first, $0.value) })
    }

    /// What happened in a quarter of an hour.
    struct Quarter {
        var activity = StoreReader.Activity()
        /// The durations of commands; empty where they were not asked for.
        var latency = LatencyHistogram()
    }

    /// What happened in each quarter of an hour that has anything.
    func quarters(_ slots: Range<Int64>, hasLatency: Bool) throws -> [Int64: Quarter] {
        var result: [Int64: Quarter] = [:]
        try reading.forEachBlock([.combination], .slot, slots) { block, kind, bytes in
            var quarter = result.removeValue(forKey: block.period) ?? Quarter()
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: isMeant) {
                let combination = meant.combination(cell.key.first)
                let count = Int(cell.numbers.count)
                quarter.activity.events += count
                quarter.activity.succeeded += Int(cell.numbers.succeeded)
                quarter.activity.failed += Int(cell.numbers.failed)
                switch meant.type(of: combination) {
                case .command, .commandLine: quarter.activity.commands += count
                case .workspaceCreated: quarter.activity.workspacesCreated += count
                case .taskCompleted: quarter.activity.tasksCompleted += count
                default: break
                }
                guard hasLatency, combination?.command != 0 else { continue }
                let body = bytes.extracting(0..<cell.body.upperBound)
                guard quarter.latency.add(sum: cell.numbers.totalMS, buckets: body, from: cell.bucketStart) else {
                    throw RollupBlock.Damage()
                }
            }
            if quarter.activity.events > 0 { result[block.period] = quarter }
        }
        return result
    }

    /// The sums of each command by the quarter of an hour or by the day.
    func history(
        _ grain: RollupGrain, periods: Range<Int64>
    ) throws -> [UInt32: [(period: Int64, sum: UsageReading.Sum)]] {
        var history: [UInt32: [(period: Int64, sum: UsageReading.Sum)]] = [:]
        try reading.forEachBlock([.combination], grain, periods) { block, kind, bytes in
            var sums = UsageReading.Sums()
            try sums.add(bytes, of: kind, where: isMeant)
            for (key, sum) in sums.byKey {
                guard let command = meant.combination(key.first)?.command, command != 0 else { continue }
                if let last = history[command]?.last, last.period == block.period {
                    let end = history[command, default: []].count - 1
                    history[command]?[end].sum.numbers.add(sum.numbers)
                    history[command]?[end].sum.latency.merge(sum.latency)
                } else {
                    history[command, default: []].append((block.period, sum))
                }
            }
        }
        return history
    }
}

extension Combination {
    /// The number of a dimension's value; nil where the event has none.
    fileprivate func key(of dimension: UsageDimension) -> UInt32? {
        func number(_ number: UInt32) -> UInt32? { number == 0 ? nil : number }
        return switch dimension {
        case .command: number(command)
        case .workspace: number(workspace)
        case .task: nil
        case .template: number(template)
        case .errorCategory: number(category)
        case .eventType: number(type)
        case .services: number(services).map { $0 - 1 }
        case .ports: number(ports).map { $0 - 1 }
        }
    }
}
