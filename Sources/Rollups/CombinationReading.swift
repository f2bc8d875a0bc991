import Core
import Database
import GRDB

/// The combinations whose events pass a filter.
struct MeantCombinations: Sendable {
    /// Whether each combination passes; the index is the number of the combination. Most look-ups are for combinations
    /// that do not pass. Such look-ups read only this array, which is much smaller than `combinations`.
    private let isMeant: [Bool]
    /// Each combination that passes and the type of its events; the index is the number of the combination.
    private let combinations: [(combination: Combination, type: EventType?)]

    /// Reads which combinations pass a filter. The filter's session is ignored, because combinations contain no
    /// sessions.
    init(_ filter: UsageFilter, _ reading: UsageReading) throws {
        let commands = try filter.command.map { try Self.commands(beginning: $0, in: reading.database) }
        let workspace = try filter.workspaceHash.map { try reading.number(of: .workspace, $0) }
        var types: [UInt32: EventType] = [:]
        for type in EventType.allCases {
            if let number = try reading.number(of: .eventType, type.rawValue) { types[number] = type }
        }
        var isMeant: [Bool] = []
        var meant: [(combination: Combination, type: EventType?)] = []
        try CombinationNumbers.forEach(in: reading.database) { number, combination in
            if let commands, !commands.contains(combination.command) { return }
            if let workspace, combination.workspace != workspace { return }
            if filter.failed, combination.outcome != .failed { return }
            guard number > 0, number <= Limits.combinations else { return }
            while isMeant.count <= Int(number) {
                isMeant.append(false)
                meant.append((Combination(), nil))
            }
            isMeant[Int(number)] = true
            meant[Int(number)] = (combination, types[combination.type])
        }
        self.isMeant = isMeant
        combinations = meant
    }

    /// Returns the numbers of the commands that begin with the given words. A line of several commands is included if
    /// its first command begins with these words.
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

    /// Returns whether the combination with the given number passes.
    @inline(__always)
    func contains(_ number: UInt32) -> Bool { Int(number) < isMeant.count && isMeant[Int(number)] }

    /// The combination with the given number, which must pass, and the type of its events. The type is nil if Nexus
    /// does not know it.
    @inline(__always)
    subscript(_ number: UInt32) -> (combination: Combination, type: EventType?) { combinations[Int(number)] }
}

/// Answers queries about the events that pass a filter. It reads the aggregates of the combinations that pass.
struct CombinationReading {
    let meant: MeantCombinations
    let reading: UsageReading

    @inline(__always)
    private func isMeant(_ key: RollupKey) -> Bool { meant.contains(key.first) }

    // MARK: Queries

    /// The sums over a range of 15-minute buckets.
    struct Totals {
        /// The sums of each dimension except `task` (see `tasks`).
        let sums: [UsageDimension: UsageReading.Sums]
        /// The failures. A key is a pair: a command's number and a category's number.
        let failures: [RollupKey: RollupNumbers]
    }

    func totals(_ dimensions: [UsageDimension], slots: Range<Int64>) throws -> Totals {
        var sums = dimensions.map { (dimension: $0, sums: UsageReading.Sums()) }
        var failures = UsageReading.Sums()
        let (before, days, after) = UsageReading.parts(of: slots)
        for (grain, periods) in [(RollupGrain.slot, before), (.day, days), (.slot, after)] {
            try reading.forEachBlock([.combination], grain, periods) { _, kind, bytes in
                var cursor = try RollupBlock.Cursor(kind, bytes)
                while let cell = try cursor.next(in: bytes, where: isMeant) {
                    let combination = meant[cell.key.first].combination
                    for index in sums.indices {
                        let dimension = sums[index].dimension
                        guard let key = combination.key(of: dimension.kind) else { continue }
                        try sums[index].sums.add(
                            cell, to: key, of: bytes, hasLatency: dimension == .command)
                    }
                    if let key = combination.key(of: .failure) {
                        try failures.add(cell, to: key, of: bytes, hasLatency: false)
                    }
                }
            }
        }
        return Totals(
            sums: Dictionary(uniqueKeysWithValues: sums.map { ($0.dimension, $0.sums) }),
            failures: failures.byKey.mapValues(\.numbers))
    }

    /// Returns the sum of each task, by the task's number. Each UTC day that the buckets touch counts as a whole.
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

    /// Returns the sums by command and correlated factor. A key is a pair: a command's number and the value of the
    /// factor. Each UTC day that the buckets touch counts as a whole.
    func correlatedFactors(
        _ factor: StoreReader.CorrelatedFactor, slots: Range<Int64>
    ) throws -> [RollupKey: UsageReading.Sum] {
        guard !slots.isEmpty else { return [:] }
        var sums = UsageReading.Sums()
        let days = slots.lowerBound / TimeBucket.perDay..<(slots.upperBound - 1) / TimeBucket.perDay + 1
        try reading.forEachBlock([.combination], .day, days) { _, kind, bytes in
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: isMeant) {
                guard let key = meant[cell.key.first].combination.key(of: factor.kind) else { continue }
                try sums.add(cell, to: key, of: bytes, hasLatency: true)
            }
        }
        return sums.byKey
    }

    /// The counts of a 15-minute bucket.
    struct BucketUsage {
        var activity = StoreReader.Activity()
        /// The durations of commands; empty if the caller did not request them.
        var latency = LatencyHistogram()
    }

    /// Returns the counts of each 15-minute bucket with events, by the bucket's number since 1970.
    func bucketUsages(_ slots: Range<Int64>, hasLatency: Bool) throws -> [Int64: BucketUsage] {
        var result: [Int64: BucketUsage] = [:]
        try reading.forEachBlock([.combination], .slot, slots) { block, kind, bytes in
            var bucketUsage = result.removeValue(forKey: block.period) ?? BucketUsage()
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: isMeant) {
                let (combination, type) = meant[cell.key.first]
                let count = Int(cell.numbers.count)
                bucketUsage.activity.events += count
                bucketUsage.activity.succeeded += Int(cell.numbers.succeeded)
                bucketUsage.activity.failed += Int(cell.numbers.failed)
                switch type {
                case .command, .commandLine: bucketUsage.activity.commands += count
                case .workspaceCreated: bucketUsage.activity.workspacesCreated += count
                case .taskCompleted: bucketUsage.activity.tasksCompleted += count
                default: break
                }
                guard hasLatency, combination.command != 0 else { continue }
                let body = bytes.extracting(0..<cell.body.upperBound)
                guard bucketUsage.latency.add(sum: cell.numbers.totalMS, buckets: body, from: cell.bucketStart) else {
                    throw RollupBlock.Damage()
                }
            }
            if bucketUsage.activity.events > 0 { result[block.period] = bucketUsage }
        }
        return result
    }

    /// Returns the sums of each command, by the command's number. A command has one sum for each 15-minute bucket or
    /// day in which it occurs, in the order of time.
    func history(
        _ grain: RollupGrain, periods: Range<Int64>
    ) throws -> [UInt32: [(period: Int64, sum: UsageReading.Sum)]] {
        var history: [UInt32: [(period: Int64, sum: UsageReading.Sum)]] = [:]
        try reading.forEachBlock([.combination], grain, periods) { block, kind, bytes in
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: isMeant) {
                let command = meant[cell.key.first].combination.command
                guard command != 0 else { continue }
                // Aggregates of one period are consecutive, but the aggregates of different commands are interleaved.
                // So only the last sum in a command's list can be of this block's period.
                if let last = history[command]?.indices.last, history[command]?[last].period == block.period {
                    try history[command]?[last].sum.add(cell, of: bytes, hasLatency: true)
                } else {
                    let sum = try UsageReading.Sum(cell, of: bytes, hasLatency: true)
                    history[command, default: []].append((block.period, sum))
                }
            }
        }
        return history
    }
}
