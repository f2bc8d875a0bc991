import EventModel

/// Cells that were counted and not written yet. What it holds grows with the events that were counted, not with what they
/// say: a cell at most for each thing an event is counted by, and a number for each duration.
struct PendingCells {
    struct Cell {
        /// The block in which it is going to stand.
        let block: RollupBlockID
        let key: RollupKey
        var numbers = RollupNumbers()
    }

    private(set) var cells: [Cell] = []
    /// Every duration that was counted: its cell, and in the lowest bits its bucket.
    private(set) var durations: [UInt64] = []
    /// Numbers of cells, −1 where nothing is: open addressing with linear probing, at most half full.
    private var places: [Int32]
    static let bucketBits: UInt64 = 11

    init() {
        places = Array(repeating: -1, count: 1 << 12)
    }

    var isEmpty: Bool { cells.isEmpty }

    /// The number of the cell, which is made where it is not there.
    @inline(__always)
    mutating func index(of block: RollupBlockID, _ key: RollupKey) -> Int {
        let mask = places.count &- 1
        var place = Self.hash(block, key) & mask
        while places[place] >= 0 {
            let index = Int(places[place])
            if cells[index].key == key && cells[index].block == block { return index }
            place = (place &+ 1) & mask
        }
        return add(Cell(block: block, key: key), at: place)
    }

    /// Counts an event in a cell.
    @inline(__always)
    mutating func add(_ numbers: RollupNumbers, to index: Int) {
        cells[index].numbers.add(numbers)
    }

    /// Counts a duration in a cell.
    @inline(__always)
    mutating func add(bucket: Int, to index: Int) {
        durations.append(UInt64(index) &<< Self.bucketBits | UInt64(bucket))
    }

    mutating func removeAll() {
        cells.removeAll(keepingCapacity: true)
        durations.removeAll(keepingCapacity: true)
        for index in places.indices { places[index] = -1 }
    }

    /// The same counts by the day: cells of quarters of an hour become those of their days.
    func byDay() -> PendingCells {
        var days = PendingCells()
        let targets = cells.map { cell -> Int in
            let block = cell.block.grain == .day ? cell.block : cell.block.day
            let index = days.index(of: block, cell.key)
            days.add(cell.numbers, to: index)
            return index
        }
        days.durations = durations.map { duration in
            let bucket = duration & (1 << Self.bucketBits - 1)
            return UInt64(targets[Int(duration >> Self.bucketBits)]) << Self.bucketBits | bucket
        }
        return days
    }

    private mutating func add(_ cell: Cell, at place: Int) -> Int {
        let index = cells.count
        cells.append(cell)
        places[place] = Int32(index)
        if cells.count * 2 > places.count { grow() }
        return index
    }

    private mutating func grow() {
        places = Array(repeating: -1, count: places.count * 2)
        for (index, cell) in cells.enumerated() {
            var place = Self.hash(cell.block, cell.key) & (places.count - 1)
            while places[place] >= 0 { place = (place + 1) & (places.count - 1) }
            places[place] = Int32(index)
        }
    }

    /// Both are numbers that the database gave out, so nobody can choose them to fall together.
    @inline(__always)
    private static func hash(_ block: RollupBlockID, _ key: RollupKey) -> Int {
        let mixed = (UInt64(bitPattern: block.value) ^ key.value &* 0x9E37_79B9_7F4A_7C15)
            .multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return Int(truncatingIfNeeded: (mixed.high ^ mixed.low) & 0x7FFF_FFFF)
    }
}

extension PendingCells {
    /// What is to be written: the changes in order of block and key, and their buckets.
    func changes(of grain: RollupGrain) -> (changes: [(block: RollupBlockID, change: RollupChange)], [BucketCount]) {
        let order = cells.indices.filter { cells[$0].block.grain == grain }
            .sorted { (cells[$0].block, cells[$0].key) < (cells[$1].block, cells[$1].key) }
        var ranks = [UInt64](repeating: .max, count: cells.count)
        for (rank, index) in order.enumerated() { ranks[index] = UInt64(rank) }
        var sorted: [UInt64] = []
        sorted.reserveCapacity(durations.count)
        for duration in durations {
            let rank = ranks[Int(duration >> Self.bucketBits)]
            if rank != .max { sorted.append(rank << Self.bucketBits | duration & (1 << Self.bucketBits - 1)) }
        }
        RadixSort.sort(&sorted, below: UInt64(order.count) << Self.bucketBits)
        var buckets: [BucketCount] = []
        var next = 0
        let changes = order.enumerated().map { rank, index in
            let start = buckets.count
            while next < sorted.count, sorted[next] >> Self.bucketBits == rank {
                let value = sorted[next]
                var end = next + 1
                while end < sorted.count, sorted[end] == value { end += 1 }
                let bucket = Int(value & (1 << Self.bucketBits - 1))
                buckets.append(BucketCount(bucket: bucket, count: Int64(end - next)))
                next = end
            }
            return (
                cells[index].block,
                RollupChange(key: cells[index].key, numbers: cells[index].numbers, buckets: start..<buckets.count)
            )
        }
        return (changes, buckets)
    }
}

/// Sorts whole numbers without comparing them: by eleven bits at a time, the lowest first.
enum RadixSort {
    private static let bits: UInt64 = 11

    /// Sorts `numbers`, all of which are less than `limit`.
    static func sort(_ numbers: inout [UInt64], below limit: UInt64) {
        var target = [UInt64](repeating: 0, count: numbers.count)
        var shift: UInt64 = 0
        while shift < 64, limit >> shift > 0 {
            var starts = [Int](repeating: 0, count: 1 << Int(bits))
            for number in numbers { starts[Int(number &>> shift & (1 << bits - 1))] += 1 }
            var sum = 0
            for digit in starts.indices {
                (starts[digit], sum) = (sum, sum + starts[digit])
            }
            for number in numbers {
                let digit = Int(number &>> shift & (1 << bits - 1))
                target[starts[digit]] = number
                starts[digit] += 1
            }
            swap(&numbers, &target)
            shift += bits
        }
    }
}
