package import Database

/// Failed events of one command and one error category over time.
package struct FailureHistory: Equatable, Sendable {
    /// Failures of a 15-minute bucket or a day.
    package struct Point: Equatable, Sendable {
        /// The start of the period, in milliseconds since 1970.
        package let start: Int64
        package let count: Int

        package init(start: Int64, count: Int) {
            self.start = start
            self.count = count
        }
    }

    /// Nil for events without a command.
    package let command: String?
    /// Nil for failures without an error category.
    package let category: String?
    /// The periods with failures, in the order of time.
    package internal(set) var points: [Point]

    package init(command: String?, category: String?, points: [Point]) {
        self.command = command
        self.category = category
        self.points = points
    }

    var id: FailureCell.Name { FailureCell.Name(command: command, category: category) }

    /// Returns histories in order, most failures first.
    static func ordered(_ histories: [FailureHistory]) -> [FailureHistory] {
        histories.map { ($0.points.reduce(0) { $0 + $1.count }, $0) }
            .sorted {
                ($1.0, $0.1.command ?? "", $0.1.category ?? "") < ($0.0, $1.1.command ?? "", $1.1.category ?? "")
            }
            .map(\.1)
    }

    /// Returns a history for each key of `points`. A key is a pair: a command's number and a category's number.
    fileprivate static func named(
        _ points: [RollupKey: [Point]], _ reading: UsageReading
    ) throws -> [FailureHistory] {
        let commands = try reading.names(of: .command, points.keys.map(\.first))
        let categories = try reading.names(of: .errorCategory, points.keys.map(\.second))
        return ordered(
            points.map { key, points in
                FailureHistory(command: commands[key.first], category: categories[key.second], points: points)
            })
    }
}

extension StoreReader {
    /// Returns failed events by command and category over time, most failures first.
    package func failureHistory(
        by grain: HistoryGrain, in window: Range<Int64>
    ) throws(StoreError) -> [FailureHistory] {
        try reading { reading in
            let (periods, length) = Self.periods(of: grain, in: window)
            var points: [RollupKey: [FailureHistory.Point]] = [:]
            try reading.forEachBlock([.failure], grain.stored, periods) { block, kind, bytes in
                var cursor = try RollupBlock.Cursor(kind, bytes)
                while let cell = try cursor.next(in: bytes) {
                    let point = FailureHistory.Point(start: block.period * length, count: Int(cell.numbers.count))
                    points[cell.key, default: []].append(point)
                }
            }
            return try FailureHistory.named(points, reading)
        }
    }
}

extension CombinationReading {
    /// Returns failed events that pass the filter, by command and category over time, most failures first.
    func failureHistory(by grain: StoreReader.HistoryGrain, in window: Range<Int64>) throws -> [FailureHistory] {
        let (periods, length) = StoreReader.periods(of: grain, in: window)
        var points: [RollupKey: [FailureHistory.Point]] = [:]
        try reading.forEachBlock([.combination], grain.stored, periods) { block, kind, bytes in
            var counts: [RollupKey: Int] = [:]
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: { meant.contains($0.first) }) {
                guard let key = meant[cell.key.first].combination.key(of: .failure) else { continue }
                counts[key, default: 0] += Int(cell.numbers.count)
            }
            let start = block.period * length
            for (key, count) in counts {
                // A period may have several blocks. The counts of each block are added to the point of its period.
                let before = points[key]?.last?.start == start ? points[key]?.removeLast().count ?? 0 : 0
                points[key, default: []].append(.init(start: start, count: before + count))
            }
        }
        return try FailureHistory.named(points, reading)
    }
}
