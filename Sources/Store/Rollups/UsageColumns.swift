import EventModel

/// What is counted of the events of a transaction, as it comes: a list of the events and, for each kind, which events count
/// where. Counting waits until the end, when one kind after another can be gone through and its counts stay in the
/// processor's cache: that is several times as fast as adding to them event by event.
struct UsageColumns {
    /// The part of an event that every kind counts.
    struct Event {
        let slot: Int64
        let timestamp: Int64
        /// Zero where the event does not say.
        let durationMS: Int64
        /// Negative where the event has no duration.
        let bucket: Int16
        let succeeded: Bool
        let failed: Bool
    }

    /// An event, and the place of what it counts for among the keys of the kind.
    struct Entry {
        let event: UInt32
        let place: UInt32
    }

    private(set) var events: [Event] = []
    private var columns = RollupKind.allCases.map { _ in [Entry]() }

    var isEmpty: Bool { events.isEmpty }

    mutating func begin(_ event: Event) { events.append(event) }

    /// The last event counts for a place of a kind.
    @inline(__always)
    mutating func count(_ kind: RollupKind, _ place: Int) {
        columns[Int(kind.rawValue)].append(
            Entry(event: UInt32(truncatingIfNeeded: events.count &- 1), place: UInt32(truncatingIfNeeded: place)))
    }

    mutating func removeAll() {
        events.removeAll(keepingCapacity: true)
        for index in columns.indices { columns[index].removeAll(keepingCapacity: true) }
    }

    /// The cells of a kind by the quarter of an hour. `places` is how many places there are.
    func cells(of kind: RollupKind, places: Int) -> UsageCells {
        var cells = UsageCells(places: places)
        let hasLatency = kind.hasLatency
        for entry in columns[Int(kind.rawValue)] {
            let event = events[Int(entry.event)]
            let cell = cells.cell(event.slot, Int(entry.place))
            cells.count(event, in: cell)
            if hasLatency && event.bucket >= 0 { cells.add(bucket: event.bucket, to: cell) }
        }
        return cells
    }
}

/// Cells under construction. Those of one day or quarter may come in several runs; `changes` puts them together.
struct UsageCells {
    struct Cell {
        let period: Int64
        let place: Int
        var numbers = RollupNumbers()
    }

    /// Where a cell is going to stand.
    private struct Place: Comparable {
        let block: RollupBlockID
        let key: RollupKey
        let cell: Int

        static func < (left: Place, right: Place) -> Bool {
            left.block == right.block ? left.key < right.key : left.block < right.block
        }
    }

    private var cells: [Cell] = []
    /// Each duration that was counted: its cell, and in the lowest bits its bucket.
    private var durations: [UInt64] = []
    /// For each place, its last cell.
    private var last: [Int32]
    /// The first cell of the run in `period`.
    private var start = 0
    private var period: Int64 = .min
    private static let bucketBits: UInt64 = 11
    private static let bucketMask: UInt64 = 1 << bucketBits - 1

    init(places: Int) {
        last = Array(repeating: -1, count: places)
    }

    var isEmpty: Bool { cells.isEmpty }

    /// The cell of a place in a day or a quarter.
    @inline(__always)
    mutating func cell(_ period: Int64, _ place: Int) -> Int {
        if period != self.period {
            self.period = period
            start = cells.count
        }
        let known = Int(last[place])
        if known >= start { return known }
        last[place] = Int32(truncatingIfNeeded: cells.count)
        cells.append(Cell(period: period, place: place))
        return cells.count &- 1
    }

    @inline(__always)
    mutating func count(_ event: UsageColumns.Event, in cell: Int) {
        cells[cell].numbers.count(event)
    }

    @inline(__always)
    mutating func add(bucket: Int16, to cell: Int) {
        durations.append(UInt64(cell) &<< Self.bucketBits | UInt64(bucket))
    }

    /// The same counts by the day.
    func byDay() -> UsageCells {
        var days = UsageCells(places: last.count)
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

    /// What is to be written: changes in order of their blocks and keys, and their buckets. `key` tells the key of a
    /// place.
    func changes(
        _ grain: RollupGrain, _ kind: RollupKind, key: (Int) -> RollupKey
    ) -> (changes: [RollupTable.Change], buckets: [BucketCount]) {
        let order = cells.indices.map { cell in
            let key = key(cells[cell].place)
            return Place(block: RollupBlockID(grain, cells[cell].period, kind, group: key.group), key: key, cell: cell)
        }.sorted()
        var changes: [RollupTable.Change] = []
        changes.reserveCapacity(cells.count)
        var ranks = [UInt64](repeating: 0, count: cells.count)
        for place in order {
            if let last = changes.last, last.block == place.block, last.change.key == place.key {
                changes[changes.count - 1].change.numbers.add(cells[place.cell].numbers)
            } else {
                let change = RollupChange(key: place.key, numbers: cells[place.cell].numbers, buckets: 0..<0)
                changes.append((place.block, change))
            }
            ranks[place.cell] = UInt64(changes.count - 1)
        }
        let buckets = kind.hasLatency ? buckets(of: &changes, ranks) : []
        return (changes, buckets)
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
    mutating func count(_ event: UsageColumns.Event) {
        count &+= 1
        if event.succeeded { succeeded &+= 1 }
        if event.failed { failed &+= 1 }
        totalMS = Self.sum(totalMS, event.durationMS)
        firstMS = min(firstMS, event.timestamp)
        lastMS = max(lastMS, event.timestamp)
    }
}
