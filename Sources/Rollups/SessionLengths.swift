import Core
import Database
import GRDB

/// The lengths of sessions, by the 15-minute bucket in which they started. When a session grows, its old length is
/// subtracted and its new length is added.
struct SessionLengths {
    private struct Change {
        var numbers = RollupNumbers()
        /// For each latency bucket, the number of sessions to add; negative to subtract sessions.
        var buckets: [Int: Int64] = [:]

        mutating func count(_ bucket: Int, _ durationMS: Int64, _ times: Int64) {
            numbers.count += times
            numbers.totalMS += durationMS * times
            buckets[bucket, default: 0] += times
        }
    }

    /// The changes by 15-minute bucket.
    private var slots: [Int64: Change] = [:]

    /// Adds a session if `times` is 1; subtracts it if `times` is −1.
    mutating func count(startedAt: Int64, durationMS: Int64, times: Int64 = 1) {
        let bucket = LatencyScale.bucket(of: durationMS)
        // The change is mutated in place, because a copy would copy all of its buckets.
        slots[TimeBucket.containing(startedAt), default: Change()].count(bucket, durationMS, times)
    }

    /// Adds the counts to the table and resets them.
    mutating func flush(into database: Database) throws {
        guard !slots.isEmpty else { return }
        try Self.write(slots, .slot, into: database)
        var days: [Int64: Change] = [:]
        for (slot, change) in slots {
            let day = slot / TimeBucket.perDay
            days[day, default: Change()].numbers.count += change.numbers.count
            days[day, default: Change()].numbers.totalMS += change.numbers.totalMS
            for (bucket, times) in change.buckets { days[day, default: Change()].buckets[bucket, default: 0] += times }
        }
        try Self.write(days, .day, into: database)
        slots.removeAll(keepingCapacity: true)
    }

    private static func write(_ periods: [Int64: Change], _ grain: RollupGrain, into database: Database) throws {
        var buckets: [BucketCount] = []
        let changes = periods.sorted { $0.key < $1.key }.map { period, change in
            let start = buckets.count
            buckets += change.buckets.filter { $0.value != 0 }.sorted { $0.key < $1.key }
                .map { BucketCount(bucket: $0.key, count: $0.value) }
            return (
                block: RollupBlockID(grain, period, .sessionLength),
                change: RollupChange(
                    key: RollupKey(0), numbers: change.numbers, buckets: start..<buckets.count)
            )
        }
        try RollupTable.add(RollupTable.Part(changes, buckets, areNew: false), in: database)
    }
}
