import EventModel
import Platform

/// How often a bucket occurred; negative where it is taken back.
struct BucketCount: Equatable {
    var bucket: Int
    var count: Int64
}

/// Adds changes to a block: both are in order of their keys, so that what nothing changes is copied as it stands.
struct RollupMerge {
    private let kind: RollupKind
    private(set) var bytes: [UInt8] = [RollupBlock.version]
    private var first: UInt32 = 0
    private var body: [UInt8] = []

    /// The bytes of `block` with `changes` added, nil when no cell is left.
    static func adding(
        _ changes: ArraySlice<RollupTable.Change>, _ buckets: [BucketCount], to block: Span<UInt8>, of kind: RollupKind
    ) throws(RollupBlock.Damage) -> [UInt8]? {
        var merge = RollupMerge(kind: kind)
        merge.bytes.reserveCapacity(block.count + roomForChanges)
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

    /// The bytes of a block of `changes` and nothing else, nil when no cell is left.
    static func block(
        of changes: ArraySlice<RollupTable.Change>, _ buckets: [BucketCount], _ kind: RollupKind
    ) -> [UInt8]? {
        var merge = RollupMerge(kind: kind)
        merge.bytes.reserveCapacity(roomForChanges)
        for (_, change) in changes { merge.append(change, buckets) }
        return merge.finished
    }

    /// Bytes that most blocks grow by at most.
    private static let roomForChanges = 1024

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
        begin(change.numbers)
        if kind.hasLatency {
            var previous = 0
            for index in change.buckets { append(buckets[index], behind: &previous) }
        }
        end(change.key, change.numbers)
    }

    private mutating func append(
        _ cell: RollupBlock.Cell, of block: Span<UInt8>, changedBy change: RollupChange, _ buckets: [BucketCount]
    ) throws(RollupBlock.Damage) {
        var numbers = cell.numbers
        numbers.add(change.numbers)
        begin(numbers)
        if kind.hasLatency {
            var previous = 0
            var next = change.buckets.lowerBound
            var position = cell.bucketStart
            var bucket = 0
            while position < cell.body.upperBound {
                guard let step = block.varint(at: &position), let count = block.varint(at: &position),
                    step < UInt64(LatencyScale.count), count <= UInt64(Int64.max)
                else { throw RollupBlock.Damage() }
                bucket &+= Int(step)
                var old = BucketCount(bucket: bucket, count: Int64(count))
                while next < change.buckets.upperBound, buckets[next].bucket < bucket {
                    append(buckets[next], behind: &previous)
                    next &+= 1
                }
                if next < change.buckets.upperBound, buckets[next].bucket == bucket {
                    old.count += buckets[next].count
                    next &+= 1
                }
                append(old, behind: &previous)
            }
            for index in next..<change.buckets.upperBound { append(buckets[index], behind: &previous) }
        }
        end(cell.key, numbers)
    }

    // MARK: Bytes

    private mutating func append(_ key: RollupKey) {
        bytes.append(varint: UInt64(key.first - first))
        if kind.isPair { bytes.append(varint: UInt64(key.second)) }
        first = key.first
    }

    private mutating func begin(_ numbers: RollupNumbers) {
        body.removeAll(keepingCapacity: true)
        append(numbers.count)
        append(numbers.succeeded)
        append(numbers.failed)
        append(numbers.totalMS)
        if kind.hasTimes {
            append(numbers.firstMS)
            append(numbers.lastMS &- numbers.firstMS)
        }
    }

    /// What is taken back was counted before, so nothing stays below zero where the tables are whole.
    private mutating func append(_ number: Int64) { body.append(varint: UInt64(max(0, number))) }

    @inline(__always)
    private mutating func append(_ bucket: BucketCount, behind previous: inout Int) {
        guard bucket.count > 0 else { return }
        body.append(varint: UInt64(bucket.bucket &- previous))
        body.append(varint: UInt64(bucket.count))
        previous = bucket.bucket
    }

    private mutating func end(_ key: RollupKey, _ numbers: RollupNumbers) {
        guard numbers.count > 0 else { return }
        append(key)
        bytes.append(varint: UInt64(body.count))
        bytes += body
    }
}
