import EventModel

/// The part of an event that every kind counts.
struct UsageEvent {
    /// The quarter of an hour.
    let slot: Int64
    let timestamp: Int64
    /// Zero where the event does not say.
    let durationMS: Int64
    /// Negative where the event has no duration.
    let bucket: Int
    /// One or zero.
    let succeeded: Int64
    let failed: Int64
}

/// The cells of one kind, counted in a transaction: those of one quarter of an hour after the other, as events come, so that
/// the ones that are being added to are few and stay in the processor's cache. A quarter may come in several runs; `changes`
/// puts them together.
struct UsageCells {
    private struct Cell {
        let period: Int64
        let place: Int
        var numbers = RollupNumbers()
    }

    let kind: RollupKind
    private let hasTimes: Bool
    private let hasLatency: Bool
    private let periodSlots: Int64

    private var cells: [Cell] = []
    /// Each duration that was counted: its cell, and in the lowest bits its bucket.
    private var durations: [UInt64] = []
    /// For each place, its last cell.
    private var last: [Int32] = []
    /// The run that is being counted: its quarter of an hour or day, and its first cell.
    private var period: Int64 = .min
    private var start = 0
    private static let bucketBits: UInt64 = 11
    private static let bucketMask: UInt64 = 1 << bucketBits - 1

    /// Counts by the quarter of an hour, or by the day if the kind is kept by nothing else.
    init(_ kind: RollupKind) {
        self.kind = kind
        hasTimes = kind.hasTimes
        hasLatency = kind.hasLatency
        periodSlots = kind.isKeptBySlot ? 1 : RollupGrain.slotsPerDay
    }

    var isEmpty: Bool { cells.isEmpty }

    mutating func removeAll() {
        cells.removeAll(keepingCapacity: true)
        durations.removeAll(keepingCapacity: true)
        last.removeAll(keepingCapacity: true)
        period = .min
        start = 0
    }

    /// Counts an event for a place among the keys of the kind.
    @inline(__always)
    mutating func count(_ event: UsageEvent, at place: Int) {
        let cell = cell(periodSlots == 1 ? event.slot : event.slot / periodSlots, place)
        cells[cell].numbers.count(event)
        if hasTimes { cells[cell].numbers.note(event.timestamp) }
        if hasLatency && event.bucket >= 0 {
            durations.append(UInt64(cell) &<< Self.bucketBits | UInt64(event.bucket))
        }
    }

    /// The cell of a place in a quarter of an hour or a day.
    @inline(__always)
    private mutating func cell(_ period: Int64, _ place: Int) -> Int {
        if period != self.period {
            self.period = period
            start = cells.count
        }
        if place < last.count {
            let known = Int(last[place])
            if known >= start { return known }
        }
        return add(period, place)
    }

    private mutating func add(_ period: Int64, _ place: Int) -> Int {
        while last.count <= place { last.append(-1) }
        last[place] = Int32(cells.count)
        cells.append(Cell(period: period, place: place))
        return cells.count - 1
    }

    /// The same counts by the day, of a kind that is counted by the quarter of an hour.
    func byDay() -> UsageCells {
        var days = UsageCells(kind)
        let targets = cells.map { cell -> UInt64 in
            let target = days.cell(cell.period / RollupGrain.slotsPerDay, cell.place)
            days.cells[target].numbers.add(cell.numbers)
            return UInt64(target)
        }
        days.durations = durations.map { duration in
            targets[Int(duration >> Self.bucketBits)] << Self.bucketBits | duration & Self.bucketMask
        }
        return days
    }

    /// What is to be written: changes in order of their blocks and keys, and their buckets. `keys` are those of the places.
    func changes(
        _ grain: RollupGrain, keys: [RollupKey]
    ) -> (changes: [RollupTable.Change], buckets: [BucketCount]) {
        var changes: [RollupTable.Change] = []
        changes.reserveCapacity(cells.count)
        var ranks = [UInt64](repeating: 0, count: cells.count)
        for index in order(keys) {
            let cell = cells[index]
            let key = keys[cell.place]
            let block = RollupBlockID(grain, cell.period, kind, group: key.group)
            if let last = changes.last, last.block == block, last.change.key == key {
                changes[changes.count - 1].change.numbers.add(cell.numbers)
            } else {
                changes.append((block, RollupChange(key: key, numbers: cell.numbers, buckets: 0..<0)))
            }
            ranks[index] = UInt64(changes.count - 1)
        }
        let buckets = hasLatency ? buckets(of: &changes, ranks) : []
        return (changes, buckets)
    }

    /// The cells in order of their periods and, in each, of their keys.
    private func order(_ keys: [RollupKey]) -> [Int] {
        let keyRanks = Self.ranks(of: keys)
        var runs: [Int64] = []
        for cell in cells where runs.last != cell.period { runs.append(cell.period) }
        let periodRanks = Self.ranks(of: runs)
        var run = -1
        // Above the bits that are sorted by stands which cell it is.
        let limit = UInt64(runs.count * keys.count)
        let shift = UInt64(UInt64.bitWidth - limit.leadingZeroBitCount)
        var numbers = cells.indices.map { index -> UInt64 in
            if index == 0 || cells[index].period != cells[index - 1].period { run += 1 }
            let rank = periodRanks[run] * keys.count + keyRanks[cells[index].place]
            return UInt64(index) << shift | UInt64(rank)
        }
        RadixSort.sort(&numbers, below: limit)
        return numbers.map { Int($0 >> shift) }
    }

    /// How many different values are less than each.
    private static func ranks<Value: Comparable>(of values: [Value]) -> [Int] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Int](repeating: 0, count: values.count)
        for (before, index) in zip(order, order.dropFirst()) {
            ranks[index] = ranks[before] + (values[before] == values[index] ? 0 : 1)
        }
        return ranks
    }

    /// Counts the buckets of every change, and tells each where its own are.
    private func buckets(of changes: inout [RollupTable.Change], _ ranks: [UInt64]) -> [BucketCount] {
        var sorted = durations.map { duration in
            ranks[Int(duration >> Self.bucketBits)] << Self.bucketBits | duration & Self.bucketMask
        }
        RadixSort.sort(&sorted, below: UInt64(changes.count) << Self.bucketBits)
        var buckets: [BucketCount] = []
        buckets.reserveCapacity(sorted.count)
        var next = 0
        for rank in changes.indices {
            let start = buckets.count
            while next < sorted.count, sorted[next] >> Self.bucketBits == rank {
                let value = sorted[next]
                var end = next + 1
                while end < sorted.count, sorted[end] == value { end += 1 }
                buckets.append(BucketCount(bucket: Int(value & Self.bucketMask), count: Int64(end - next)))
                next = end
            }
            changes[rank].change.buckets = start..<buckets.count
        }
        return buckets
    }
}

extension RollupNumbers {
    /// Counts an event.
    @inline(__always)
    fileprivate mutating func count(_ event: UsageEvent) {
        count &+= 1
        succeeded &+= event.succeeded
        failed &+= event.failed
        totalMS = Self.sum(totalMS, event.durationMS)
    }

    /// Notes when an event was that it counts.
    @inline(__always)
    fileprivate mutating func note(_ timestamp: Int64) {
        firstMS = min(firstMS, timestamp)
        lastMS = max(lastMS, timestamp)
    }
}
