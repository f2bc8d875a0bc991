import Core
import Database
import Foundation
import GRDB

/// Reads `usage_rollup`.
struct UsageReading {
    /// The sum of aggregates with the same key.
    struct Sum {
        var numbers = RollupNumbers()
        var latency = LatencyHistogram()

        init() {}

        /// Creates the sum of one aggregate of a block.
        init(_ cell: RollupBlock.Cell, of bytes: Span<UInt8>, hasLatency: Bool) throws(RollupBlock.Damage) {
            try add(cell, of: bytes, hasLatency: hasLatency)
        }

        /// Adds the counts of an aggregate of a block.
        mutating func add(
            _ cell: RollupBlock.Cell, of bytes: Span<UInt8>, hasLatency: Bool
        ) throws(RollupBlock.Damage) {
            numbers.add(cell.numbers)
            guard hasLatency else { return }
            let body = bytes.extracting(0..<cell.body.upperBound)
            guard latency.add(sum: cell.numbers.totalMS, buckets: body, from: cell.bucketStart) else {
                throw RollupBlock.Damage()
            }
        }
    }

    let database: Database

    /// Returns the sums of the aggregates of `kinds` in a range of 15-minute buckets. Whole days inside the range are
    /// read from aggregates of days, and the edges from aggregates of buckets. Some kinds are stored by day only. For
    /// these kinds each day that the range touches counts as a whole.
    /// - Parameter isMeant: returns whether the aggregates of a key are included.
    func sums(
        _ kinds: [RollupKind], slots: Range<Int64>, where isMeant: (RollupKey) -> Bool = { _ in true }
    ) throws -> [RollupKind: [RollupKey: Sum]] {
        var sums: [RollupKind: Sums] = [:]
        func add(_ grain: RollupGrain, _ periods: Range<Int64>, _ kinds: [RollupKind]) throws {
            try forEachBlock(kinds, grain, periods) { block, kind, bytes in
                try sums[kind, default: Sums()].add(bytes, of: kind, where: isMeant)
            }
        }
        let bySlot = kinds.filter(\.isKeptBySlot)
        if !bySlot.isEmpty {
            let (before, days, after) = Self.parts(of: slots)
            try add(.slot, before, bySlot)
            try add(.day, days, bySlot)
            try add(.slot, after, bySlot)
        }
        let byDay = kinds.filter { !$0.isKeptBySlot }
        if !byDay.isEmpty, !slots.isEmpty {
            let last = (slots.upperBound - 1) / TimeBucket.perDay
            try add(.day, slots.lowerBound / TimeBucket.perDay..<last + 1, byDay)
        }
        return sums.mapValues(\.byKey)
    }

    /// Splits a range of 15-minute buckets into the buckets before the first whole day, the whole days (by their number
    /// since 1970), and the buckets after the last whole day. Without a whole day, all buckets are in `before`.
    static func parts(of slots: Range<Int64>) -> (before: Range<Int64>, days: Range<Int64>, after: Range<Int64>) {
        let perDay = TimeBucket.perDay
        let firstDay = (slots.lowerBound + perDay - 1) / perDay
        let lastDay = slots.upperBound / perDay
        guard firstDay < lastDay else { return (slots, 0..<0, 0..<0) }
        return (slots.lowerBound..<firstDay * perDay, firstDay..<lastDay, lastDay * perDay..<slots.upperBound)
    }

    /// Calls `take` with every block of `kinds` in a range of days or buckets, in the order of the block ids.
    func forEachBlock(
        _ kinds: [RollupKind], _ grain: RollupGrain, _ periods: Range<Int64>,
        _ take: (RollupBlockID, RollupKind, Span<UInt8>) throws -> Void
    ) throws {
        guard let first = kinds.map(\.rawValue).min(), let last = kinds.map(\.rawValue).max() else { return }
        let statement = try RawStatement(
            "SELECT id, cells FROM usage_rollup WHERE id BETWEEN ? AND ? ORDER BY id", in: database)
        // The loop skips periods without blocks, because most periods have no blocks.
        var period = try nextPeriod(grain, periods.lowerBound)
        while let current = period, current < periods.upperBound {
            let ids = RollupBlockID.range(of: grain, current, first...last)
            statement.bind(1, ids.lowerBound)
            statement.bind(2, ids.upperBound)
            try statement.forEachRow { row in
                let block = RollupBlockID(row.number(0))
                guard let kind = block.kind, kinds.contains(kind) else { return }
                do {
                    try row.withBytes(1) { try take(block, kind, $0) }
                } catch is RollupBlock.Damage {
                    throw StoreError.damagedRollups
                }
            }
            period = try nextPeriod(grain, current + 1)
        }
    }

    /// Returns the first day or bucket from `period` on that has blocks; nil if no period from there on has blocks.
    private func nextPeriod(_ grain: RollupGrain, _ period: Int64) throws -> Int64? {
        let statement = try database.cachedStatement(
            sql: "SELECT id FROM usage_rollup WHERE id >= ? ORDER BY id LIMIT 1")
        let id = try Int64.fetchOne(statement, arguments: [RollupBlockID.first(of: grain, period).value])
        guard let block = id.map(RollupBlockID.init), block.grain == grain else { return nil }
        return block.period
    }

    /// Returns the name of each number. The number 0 refers to no name and is left out.
    func names(of kind: RollupNameKind, _ numbers: some Sequence<UInt32>) throws -> [UInt32: String] {
        let statement = try database.cachedStatement(
            sql: "SELECT name FROM rollup_names WHERE kind = ? AND number = ?")
        var names: [UInt32: String] = [:]
        for number in numbers where number != 0 && names[number] == nil {
            // A number without a name is corruption, which the recount of `nexus doctor` reports. The current report
            // continues with "?" as the name.
            names[number] = try String.fetchOne(statement, arguments: [kind.rawValue, number]) ?? "?"
        }
        return names
    }

    /// Returns the number of a name; nil if no counted event has this name.
    func number(of kind: RollupNameKind, _ name: String) throws -> UInt32? {
        try UInt32.fetchOne(
            database.cachedStatement(sql: "SELECT number FROM rollup_names WHERE kind = ? AND name = ?"),
            arguments: [kind.rawValue, name])
    }

    /// Sums under construction.
    struct Sums {
        private var keys = KeyNumbering<RollupKey>()
        /// The sum of each key, in the order in which the keys were first seen.
        private var sums: [Sum] = []

        var byKey: [RollupKey: Sum] { Dictionary(uniqueKeysWithValues: zip(keys.keys, sums)) }

        /// Adds those aggregates of a block whose keys pass a condition.
        mutating func add(
            _ bytes: Span<UInt8>, of kind: RollupKind, where isMeant: (RollupKey) -> Bool
        ) throws(RollupBlock.Damage) {
            var cursor = try RollupBlock.Cursor(kind, bytes)
            while let cell = try cursor.next(in: bytes, where: isMeant) {
                try add(cell, to: cell.key, of: bytes, hasLatency: kind.hasLatency)
            }
        }

        /// Adds an aggregate of a block to the sum of a key.
        mutating func add(
            _ cell: RollupBlock.Cell, to key: RollupKey, of bytes: Span<UInt8>, hasLatency: Bool
        ) throws(RollupBlock.Damage) {
            let place = keys.place(of: key)
            if place == sums.count { sums.append(Sum()) }
            try sums[place].add(cell, of: bytes, hasLatency: hasLatency)
        }
    }
}
