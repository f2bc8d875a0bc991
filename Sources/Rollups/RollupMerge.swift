import Core
import Database
import SystemSupport

/// The number of durations to add to a latency bucket; negative to subtract durations.
struct BucketCount: Equatable {
    var bucket: Int
    var count: Int64
}

/// Adds changes to a block. Changes and aggregates are in the order of their keys, so one pass merges them. The bytes
/// of unchanged aggregates are copied.
struct RollupMerge {
    private let kind: RollupKind
    private(set) var bytes: [UInt8] = [RollupBlock.version]
    private var first: UInt32 = 0
    private var body: [UInt8] = []

    /// Returns the bytes of `block` with `changes` added; nil if no aggregate is left.
    static func adding(
        _ changes: ArraySlice<RollupTable.Change>, _ buckets: [BucketCount], to block: Span<UInt8>, of kind: RollupKind
    ) throws(RollupBlock.Damage) -> [UInt8]? {
        var merge = RollupMerge(kind: kind)
        merge.bytes.reserveCapacity(block.count + bytesToReserve(for: changes))
        var next = changes.startIndex
        var cursor = try RollupBlock.Cursor(kind, block)
        while let cell = try cursor.next(in: block) {
            while next < changes.endIndex, changes[next].change.key < cell.key {
                merge.append(changes[next].change, buckets)
                next += 1
            }
            if next < changes.endIndex, changes[next].change.key == cell.key {
                try merge.append(cell, of: block, changedBy: changes[next].change, buckets)
                next += 1
            } else {
                merge.copy(cell, of: block)
            }
        }
        for (_, change) in changes[next...] { merge.append(change, buckets) }
        return merge.finished
    }

    /// Returns the bytes of a block that consists of `changes`; nil if no aggregate is left.
    static func block(
        of changes: ArraySlice<RollupTable.Change>, _ buckets: [BucketCount], _ kind: RollupKind
    ) -> [UInt8]? {
        var merge = RollupMerge(kind: kind)
        merge.bytes.reserveCapacity(1 + bytesToReserve(for: changes))
        for (_, change) in changes { merge.append(change, buckets) }
        return merge.finished
    }

    /// Returns an estimate of the number of bytes that changes add to a block.
    private static func bytesToReserve(for changes: ArraySlice<RollupTable.Change>) -> Int {
        changes.reduce(0) { $0 + 16 + 3 * $1.change.buckets.count }
    }

    private var finished: [UInt8]? { bytes.count > 1 ? bytes : nil }

    private init(kind: RollupKind) {
        self.kind = kind
    }

    private mutating func copy(_ cell: RollupBlock.Cell, of block: Span<UInt8>) {
        append(cell.key)
        bytes.append(varint: UInt64(cell.body.count))
        bytes.append(block.extracting(cell.body))
    }

    private mutating func append(_ change: RollupChange, _ buckets: [BucketCount]) {
        let kind = kind
        let room = Self.room(forBuckets: change.buckets.count)
        body.append(addingCapacity: room) { (body: inout OutputSpan<UInt8>) in
            Self.append(change.numbers, kind, to: &body)
            guard kind.hasLatency else { return }
            var previous = 0
            for index in change.buckets { Self.append(buckets[index], behind: &previous, to: &body) }
        }
        end(change.key, change.numbers)
    }

    private mutating func append(
        _ cell: RollupBlock.Cell, of block: Span<UInt8>, changedBy change: RollupChange, _ buckets: [BucketCount]
    ) throws(RollupBlock.Damage) {
        var numbers = cell.numbers
        numbers.add(change.numbers)
        let kind = kind
        // A bucket takes at least two bytes, so the body has at most half as many buckets as bytes.
        let room = Self.room(forBuckets: cell.body.count / 2 + change.buckets.count)
        try body.append(addingCapacity: room) { (body: inout OutputSpan<UInt8>) throws(RollupBlock.Damage) in
            Self.append(numbers, kind, to: &body)
            guard kind.hasLatency else { return }
            try Self.merge(cell, of: block, with: buckets[change.buckets], to: &body)
        }
        end(cell.key, numbers)
    }

    /// Appends the merged buckets of the aggregate `cell` and of `added`, in ascending order.
    private static func merge(
        _ cell: RollupBlock.Cell, of block: Span<UInt8>, with added: ArraySlice<BucketCount>,
        to body: inout OutputSpan<UInt8>
    ) throws(RollupBlock.Damage) {
        var previous = 0
        var next = added.startIndex
        var position = cell.bucketStart
        var bucket = 0
        while position < cell.body.upperBound {
            let isFirst = position == cell.bucketStart
            guard let step = block.varint(at: &position), let count = block.varint(at: &position), isFirst || step > 0,
                step < UInt64(LatencyScale.count - bucket), count > 0, count <= UInt64(RollupBlock.highestNumber)
            else { throw RollupBlock.Damage() }
            bucket &+= Int(step)
            var old = BucketCount(bucket: bucket, count: Int64(count))
            while next < added.endIndex, added[next].bucket < bucket {
                append(added[next], behind: &previous, to: &body)
                next &+= 1
            }
            if next < added.endIndex, added[next].bucket == bucket {
                old.count += added[next].count
                next &+= 1
            }
            append(old, behind: &previous, to: &body)
        }
        for count in added[next...] { append(count, behind: &previous, to: &body) }
    }

    // MARK: Bytes

    private mutating func append(_ key: RollupKey) {
        bytes.append(varint: UInt64(key.first - first))
        if kind.isPair { bytes.append(varint: UInt64(key.second)) }
        first = key.first
    }

    /// Returns the maximum number of bytes of an aggregate's numbers and `count` buckets.
    private static func room(forBuckets count: Int) -> Int { (6 + 2 * count) * OutputSpan<UInt8>.longestVarint }

    private static func append(_ numbers: RollupNumbers, _ kind: RollupKind, to body: inout OutputSpan<UInt8>) {
        append(numbers.count, to: &body)
        append(numbers.succeeded, to: &body)
        append(numbers.failed, to: &body)
        append(numbers.totalMS, to: &body)
        if kind.hasTimes, numbers.failed > 0 {
            append(numbers.firstMS, to: &body)
            append(numbers.lastMS &- numbers.firstMS, to: &body)
        }
    }

    /// Appends a number, or 0 instead of a negative number. A sum can be negative only if the tables are corrupt,
    /// because every subtracted number was added earlier.
    private static func append(_ number: Int64, to body: inout OutputSpan<UInt8>) {
        body.append(varint: UInt64(max(0, number)))
    }

    @inline(__always)
    private static func append(
        _ bucket: BucketCount, behind previous: inout Int, to body: inout OutputSpan<UInt8>
    ) {
        guard bucket.count > 0 else { return }
        body.append(varint: UInt64(bucket.bucket &- previous))
        body.append(varint: UInt64(bucket.count))
        previous = bucket.bucket
    }

    /// Adds the aggregate whose bytes are in `body` to the block if the aggregate's count is positive. Clears `body`.
    private mutating func end(_ key: RollupKey, _ numbers: RollupNumbers) {
        if numbers.count > 0 {
            append(key)
            bytes.append(varint: UInt64(body.count))
            bytes += body
        }
        body.removeAll(keepingCapacity: true)
    }
}
