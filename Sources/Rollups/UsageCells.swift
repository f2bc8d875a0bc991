import Core
import Database

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
    let succeeded: UInt32
    let failed: UInt32
}

/// The cells of one kind, counted in a transaction of less than a million events: those of one quarter of an hour after the
/// other, as events come, so that the ones that are being added to are few and stay in the processor's cache. A quarter may
/// come in several runs; `changes` puts them together.
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

    /// Cells of one quarter of an hour or day that came in a row.
    private struct Run {
        let period: Int64
        /// Its first cell.
        let start: Int
    }

    /// When the first and the last failure was that a cell counts.
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
    /// Of each cell, where the kind has times.
    private var times: [Times] = []
    /// Each duration that was counted: its cell, and in the lowest bits its bucket.
    private var durations: [UInt32] = []
    /// For each place, its last cell.
    private var last: [Int32] = []
    /// The run that is being counted.
    private var run = Run(period: .min, start: 0)
    private static let bucketBits: UInt32 = 11
    private static let bucketMask: UInt32 = 1 << bucketBits - 1

    /// Counts by the quarter of an hour, or by the day if the kind is kept by nothing else.
    init(_ kind: RollupKind) {
        self.kind = kind
        hasTimes = kind.hasTimes
        hasLatency = kind.hasLatency
        periodSlots = kind.isKeptBySlot ? 1 : TimeBucket.perDay
    }

    var isEmpty: Bool { cells.isEmpty }

    mutating func removeAll() {
        cells.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        durations.removeAll(keepingCapacity: true)
        last.removeAll(keepingCapacity: true)
        run = Run(period: .min, start: 0)
    }

    /// Counts an event for a place among the keys of the kind.
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

    /// The cell of a place in a quarter of an hour or a day.
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

    /// Hands out every cell with the number of its run.
    private func forEachCell(_ use: (_ cell: Int, _ run: Int) -> Void) {
        for run in runs.indices {
            let end = run + 1 < runs.count ? runs[run + 1].start : cells.count
            for cell in runs[run].start..<end { use(cell, run) }
        }
    }

    /// The same counts by the day, of a kind that is counted by the quarter of an hour.
    func byDay() -> UsageCells {
        var days = UsageCells(kind)
        var targets = [UInt32](repeating: 0, count: cells.count)
        forEachCell { cell, run in
            let target = days.cell(runs[run].period / TimeBucket.perDay, Int(cells[cell].place))
            days.cells[target].add(cells[cell])
            if hasTimes { days.times[target].add(times[cell]) }
            targets[cell] = UInt32(target)
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

    /// The cells in order of their periods and, in each, of their keys.
    private func order(_ keys: [RollupKey]) -> [(cell: Int, period: Int64)] {
        let keyRanks = Self.ranks(of: keys)
        let runRanks = Self.ranks(of: runs.map(\.period))
        let periods = Set(runs.map(\.period)).sorted()
        // Sorted as one number: the rank, and in the lowest bits which cell it is.
        let cellBits = UInt64(UInt64.bitWidth - UInt64(cells.count).leadingZeroBitCount)
        let cellMask: UInt64 = 1 << cellBits - 1
        var numbers: [UInt64] = []
        numbers.reserveCapacity(cells.count)
        forEachCell { cell, run in
            let rank = runRanks[run] * keys.count + keyRanks[Int(cells[cell].place)]
            numbers.append(UInt64(rank) << cellBits | UInt64(cell))
        }
        numbers.sort()
        return numbers.map { (Int($0 & cellMask), periods[Int($0 >> cellBits) / keys.count]) }
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
    private func buckets(of changes: inout [RollupTable.Change], _ ranks: [UInt32]) -> [BucketCount] {
        // Sorted by change first, by counting: most changes have few durations, so that little is left to sort.
        var ends = [Int](repeating: 0, count: changes.count)
        for duration in durations { ends[Int(ranks[Int(duration >> Self.bucketBits)])] += 1 }
        var start = 0
        for rank in ends.indices { (ends[rank], start) = (start, start + ends[rank]) }
        var sorted = [UInt16](repeating: 0, count: durations.count)
        for duration in durations {
            let rank = Int(ranks[Int(duration >> Self.bucketBits)])
            sorted[ends[rank]] = UInt16(truncatingIfNeeded: duration & Self.bucketMask)
            ends[rank] += 1
        }
        var buckets: [BucketCount] = []
        buckets.reserveCapacity(sorted.count)
        var next = 0
        for rank in changes.indices {
            let (first, end) = (buckets.count, ends[rank])
            sorted[next..<end].sort()
            while next < end {
                let bucket = sorted[next]
                let run = next
                while next < end, sorted[next] == bucket { next += 1 }
                buckets.append(BucketCount(bucket: Int(bucket), count: Int64(next - run)))
            }
            changes[rank].change.buckets = first..<buckets.count
        }
        return buckets
    }
}
