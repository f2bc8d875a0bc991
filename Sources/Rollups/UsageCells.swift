import Core
import Database

/// The numbers of one event that `UsageCells` counts, for aggregates of every kind (`RollupKind`).
struct UsageEvent {
    /// The 15-minute bucket.
    let slot: Int64
    /// Milliseconds since 1970.
    let timestamp: Int64
    /// Zero if the event has no duration, or if the user interrupted the command.
    let durationMS: Int64
    /// The latency bucket of the duration; negative if `durationMS` is not counted.
    let bucket: Int
    /// 1 if the event succeeded, else 0.
    let succeeded: UInt32
    /// 1 if the event failed, else 0.
    let failed: UInt32
}

/// The aggregates of one kind, counted in a transaction of fewer than a million events. Events are counted in the order
/// in which they arrive. This is mostly the order of time. Therefore consecutive events change the few aggregates of
/// one 15-minute bucket, which stay in the processor's cache. If events are out of order, a bucket can have several
/// groups of consecutive aggregates (`Run`). `changes` merges the aggregates of such groups.
struct UsageCells {
    private struct Cell {
        let place: UInt32
        var count: UInt32 = 0
        var succeeded: UInt32 = 0
        var failed: UInt32 = 0
        var totalMS: Int64 = 0

        init(place: Int) {
            self.place = UInt32(place)
        }

        @inline(__always)
        mutating func count(_ event: UsageEvent) {
            count &+= 1
            succeeded &+= event.succeeded
            failed &+= event.failed
            totalMS = RollupNumbers.sum(totalMS, event.durationMS)
        }

        mutating func add(_ other: Cell) {
            count += other.count
            succeeded += other.succeeded
            failed += other.failed
            totalMS = RollupNumbers.sum(totalMS, other.totalMS)
        }
    }

    /// Consecutive aggregates of one 15-minute bucket or day.
    private struct Run {
        let period: Int64
        /// Index of the run's first aggregate.
        let start: Int
    }

    /// The times of the first and the last failure that an aggregate counts.
    private struct Times {
        var first: Int64 = .max
        var last: Int64 = .min

        mutating func add(_ other: Times) {
            first = min(first, other.first)
            last = max(last, other.last)
        }
    }

    let kind: RollupKind
    private let hasTimes: Bool
    private let hasLatency: Bool
    private let periodSlots: Int64

    private var cells: [Cell] = []
    private var runs: [Run] = []
    /// The times of each aggregate, if the kind has times.
    private var times: [Times] = []
    /// For each counted duration, the index of its aggregate in the high bits, and its latency bucket in the low bits
    /// (`bucketMask`).
    private var durations: [UInt32] = []
    /// For each key index, the index of the key's latest aggregate in `cells`; −1 if the key has no aggregate.
    private var last: [Int32] = []
    /// The run that is being counted.
    private var run = Run(period: .min, start: 0)
    private static let bucketBits: UInt32 = 11
    private static let bucketMask: UInt32 = 1 << bucketBits - 1

    /// Creates an empty set of aggregates. It counts by 15-minute bucket, or by day if the kind is only stored by day.
    init(_ kind: RollupKind) {
        self.kind = kind
        hasTimes = kind.hasTimes
        hasLatency = kind.hasLatency
        periodSlots = kind.isKeptBySlot ? 1 : TimeBucket.perDay
    }

    var isEmpty: Bool { cells.isEmpty }

    /// The indices of keys that have an aggregate.
    var places: [Int] { last.indices.filter { last[$0] >= 0 } }

    mutating func removeAll() {
        cells.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        durations.removeAll(keepingCapacity: true)
        last.removeAll(keepingCapacity: true)
        run = Run(period: .min, start: 0)
    }

    /// Counts an event under a key.
    /// - Parameter place: the key index.
    @inline(__always)
    mutating func count(_ event: UsageEvent, at place: Int) {
        let index = cell(periodSlots == 1 ? event.slot : event.slot / periodSlots, place)
        cells[index].count(event)
        if hasTimes && event.failed > 0 { times[index].add(Times(first: event.timestamp, last: event.timestamp)) }
        if hasLatency && event.bucket >= 0 {
            durations.append(
                UInt32(truncatingIfNeeded: index) &<< Self.bucketBits | UInt32(truncatingIfNeeded: event.bucket))
        }
    }

    /// Returns the index in `cells` of the aggregate of a key in a 15-minute bucket or a day. A missing aggregate is
    /// added.
    @inline(__always)
    private mutating func cell(_ period: Int64, _ place: Int) -> Int {
        if period != run.period { begin(period) }
        if place < last.count {
            let known = Int(last[place])
            if known >= run.start { return known }
        }
        return add(place)
    }

    private mutating func begin(_ period: Int64) {
        run = Run(period: period, start: cells.count)
        runs.append(run)
    }

    private mutating func add(_ place: Int) -> Int {
        while last.count <= place { last.append(-1) }
        last[place] = Int32(cells.count)
        cells.append(Cell(place: place))
        if hasTimes { times.append(Times()) }
        return cells.count - 1
    }

    /// Returns the sums of these aggregates under the keys of the same kind or another kind.
    ///
    /// - Parameters:
    ///   - kind: the kind of the sums.
    ///   - grain: the time range of a sum. It is either a day or the time range of these aggregates.
    ///   - place: returns the key index of a sum for the key index of an aggregate; nil leaves the aggregate out.
    func summed(as kind: RollupKind, by grain: RollupGrain, at place: (Int) -> Int?) -> UsageCells {
        var sums = UsageCells(kind)
        let slots = grain == .day ? TimeBucket.perDay / periodSlots : 1
        // For each aggregate, the index of its sum plus 1; 0 if the aggregate was left out.
        var targets = [UInt32](repeating: 0, count: cells.count)
        for run in runs.indices {
            for cell in cells(of: run) {
                guard let place = place(Int(cells[cell].place)) else { continue }
                let sum = sums.cell(runs[run].period / slots, place)
                sums.cells[sum].add(cells[cell])
                if sums.hasTimes { sums.times[sum].add(times[cell]) }
                targets[cell] = UInt32(sum + 1)
            }
        }
        guard sums.hasLatency else { return sums }
        sums.durations.reserveCapacity(durations.count)
        for duration in durations {
            let target = targets[Int(duration >> Self.bucketBits)]
            if target > 0 { sums.durations.append((target - 1) << Self.bucketBits | duration & Self.bucketMask) }
        }
        return sums
    }

    private func cells(of run: Int) -> Range<Int> {
        runs[run].start..<(run + 1 < runs.count ? runs[run + 1].start : cells.count)
    }

    /// Returns two lists: the changes to write, ordered by block and key, and the latency buckets of all changes.
    /// `keys` has the key of each key index.
    func changes(
        _ grain: RollupGrain, keys: [RollupKey]
    ) -> (changes: [RollupTable.Change], buckets: [BucketCount]) {
        var changes: [RollupTable.Change] = []
        changes.reserveCapacity(cells.count)
        var ranks = [UInt32](repeating: 0, count: cells.count)
        for (index, period) in order(keys) {
            let key = keys[Int(cells[index].place)]
            let block = RollupBlockID(grain, period, kind, group: key.group)
            if let last = changes.last, last.block == block, last.change.key == key {
                changes[changes.count - 1].change.numbers.add(numbers(of: index))
            } else {
                changes.append((block, RollupChange(key: key, numbers: numbers(of: index), buckets: 0..<0)))
            }
            ranks[index] = UInt32(changes.count - 1)
        }
        let buckets = hasLatency ? buckets(of: &changes, ranks) : []
        return (changes, buckets)
    }

    private func numbers(of index: Int) -> RollupNumbers {
        let cell = cells[index]
        var numbers = RollupNumbers(
            count: Int64(cell.count), succeeded: Int64(cell.succeeded), failed: Int64(cell.failed),
            totalMS: cell.totalMS)
        if hasTimes { (numbers.firstMS, numbers.lastMS) = (times[index].first, times[index].last) }
        return numbers
    }

    /// Returns the index and the period of each aggregate, ordered by period and, within a period, by key.
    private func order(_ keys: [RollupKey]) -> [(cell: Int, period: Int64)] {
        let places = places.sorted { keys[$0] < keys[$1] }
        var keyRanks = [UInt32](repeating: 0, count: last.count)
        for (rank, place) in places.enumerated() { keyRanks[place] = UInt32(rank) }
        let periods = Set(runs.map(\.period)).sorted()
        let periodRanks = Dictionary(uniqueKeysWithValues: zip(periods, periods.indices.map(UInt32.init)))
        var cellRanks = [UInt32](repeating: 0, count: cells.count)
        for run in runs.indices {
            let rank = periodRanks[runs[run].period] ?? 0
            for cell in cells(of: run) { cellRanks[cell] = rank }
        }
        let byKey = Self.sorted(cells.indices.map(UInt32.init), ranks: places.count) {
            keyRanks[Int(cells[Int($0)].place)]
        }
        return Self.sorted(byKey, ranks: periods.count) { cellRanks[Int($0)] }
            .map { (Int($0), periods[Int(cellRanks[Int($0)])]) }
    }

    /// Returns values sorted by their rank; the sort is stable. This is a counting sort. Its time is proportional to
    /// the number of values plus the number of ranks.
    private static func sorted(_ values: [UInt32], ranks: Int, by rank: (UInt32) -> UInt32) -> [UInt32] {
        var ends = [Int](repeating: 0, count: ranks)
        for value in values { ends[Int(rank(value))] += 1 }
        var start = 0
        for rank in ends.indices { (ends[rank], start) = (start, start + ends[rank]) }
        var sorted = [UInt32](repeating: 0, count: values.count)
        for value in values {
            let rank = Int(rank(value))
            sorted[ends[rank]] = value
            ends[rank] += 1
        }
        return sorted
    }

    /// Returns the latency buckets of all changes, and sets the range of each change's buckets. For each
    /// aggregate, `ranks` has the index in `changes` of the change that contains it.
    private func buckets(of changes: inout [RollupTable.Change], _ ranks: [UInt32]) -> [BucketCount] {
        let byBucket = Self.sorted(durations, ranks: LatencyScale.count) { $0 & Self.bucketMask }
        let sorted = Self.sorted(byBucket, ranks: changes.count) { ranks[Int($0 >> Self.bucketBits)] }
        var buckets: [BucketCount] = []
        buckets.reserveCapacity(sorted.count)
        var next = 0
        for rank in changes.indices {
            let first = buckets.count
            while next < sorted.count, ranks[Int(sorted[next] >> Self.bucketBits)] == UInt32(rank) {
                let bucket = Int(sorted[next] & Self.bucketMask)
                if buckets.count > first, buckets[buckets.count - 1].bucket == bucket {
                    buckets[buckets.count - 1].count += 1
                } else {
                    buckets.append(BucketCount(bucket: bucket, count: 1))
                }
                next += 1
            }
            changes[rank].change.buckets = first..<buckets.count
        }
        return buckets
    }
}
