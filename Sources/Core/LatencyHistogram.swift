import SystemSupport

/// Counts of durations in the buckets of `LatencyScale`. Percentiles are computed from the counts, with an error of at
/// most 2 % (see `quantile`). Two histograms merge without loss.
///
/// As bytes (numbers are varints, see `Varint.swift`):
///
///     the sum of the durations, in milliseconds
///     for each non-empty bucket, in order:
///         its number minus the number of the previous bucket in this list; for the first bucket, its number
///         its count, at least 1
package struct LatencyHistogram: Sendable, Equatable {
    /// A bucket with a count of at least 1.
    package struct Bucket: Sendable, Equatable {
        /// The durations in the bucket, in whole milliseconds.
        package let range: ClosedRange<Int64>
        /// The middle of `range`, in milliseconds.
        package let middle: Double
        package let count: Int
    }

    /// The number of durations counted.
    package private(set) var count = 0
    /// The exact sum of the durations, in milliseconds, saturating at `Int64.max`.
    package private(set) var sum: Int64 = 0
    /// The number of the first bucket in `counts`.
    private var first = 0
    /// The counts of all buckets from the first bucket with a count of at least 1 to the last such bucket.
    private var counts: [Int] = []

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Counts `times` durations of `milliseconds` each. A negative duration counts as zero. A duration longer than a
    /// year counts in the last bucket of `LatencyScale`.
    package mutating func record(_ milliseconds: Int64, times: Int = 1) {
        precondition(times >= 0)
        guard times > 0 else { return }
        let (product, overflows) = max(0, milliseconds).multipliedReportingOverflow(by: Int64(times))
        add(sum: overflows ? .max : product)
        add(times, toBucket: LatencyScale.bucket(of: milliseconds))
    }

    /// Adds all counts of another histogram.
    package mutating func merge(_ other: LatencyHistogram) {
        guard !other.isEmpty else { return }
        guard !counts.isEmpty else {
            let before = sum
            self = other
            return add(sum: before)
        }
        add(sum: other.sum)
        include(other.first)
        include(other.first + other.counts.count - 1)
        for index in other.counts.indices { counts[other.first - first + index] += other.counts[index] }
        count += other.count
    }

    /// Returns the quantile of the durations, in milliseconds; nil when nothing was counted. By the nearest-rank
    /// method, the quantile is the shortest duration that at least `share` × `count` of the durations do not exceed.
    ///
    /// The result differs from the quantile by at most 1 %. If the quantile is in the last non-empty bucket, the result
    /// may be up to 2 % lower, so that the result never exceeds the longest duration.
    ///
    /// - Parameter share: from 0 (the shortest duration) to 1 (the longest duration); 0.5 is the median.
    package func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        if count == 1 { return Double(sum) }
        let rank = min(count, max(1, Int((min(max(share, 0), 1) * Double(count)).rounded(.up))))
        var seen = 0
        for (index, times) in counts.enumerated() {
            seen += times
            guard seen >= rank else { continue }
            let middle = LatencyScale.middle(of: first + index)
            return index == counts.count - 1 ? min(middle, leastLongest) : middle
        }
        return nil
    }

    /// A lower bound of the longest duration: the least possible mean of the durations in the last bucket. It is
    /// computed from `sum`, as if all other durations were as long as their buckets allow.
    private var leastLongest: Double {
        guard let times = counts.last else { return 0 }
        let others = counts.indices.dropLast().reduce(0.0) { sum, index in
            sum + Double(counts[index]) * Double(LatencyScale.range(of: first + index).upperBound)
        }
        let shortest = Double(LatencyScale.range(of: first + counts.count - 1).lowerBound)
        return max(shortest, (Double(sum) - others) / Double(times))
    }

    /// The mean duration in milliseconds, exact; nil when nothing was counted.
    package var mean: Double? { count == 0 ? nil : Double(sum) / Double(count) }

    /// The non-empty buckets, shortest durations first.
    package var buckets: [Bucket] {
        var buckets: [Bucket] = []
        forEachCount { bucket, count in
            buckets.append(
                Bucket(range: LatencyScale.range(of: bucket), middle: LatencyScale.middle(of: bucket), count: count))
        }
        return buckets
    }

    /// Calls `body` for each non-empty bucket, shortest durations first. `body` gets the bucket's number (see
    /// `LatencyScale`) and its count.
    package func forEachCount(_ body: (_ bucket: Int, _ count: Int) -> Void) {
        var index = 0
        while index < counts.count {
            if counts[index] > 0 { body(first + index, counts[index]) }
            index += 1
        }
    }

    // MARK: Bytes

    /// The histogram as bytes, in the format described at the type.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(sum))
        var previous = 0
        for (index, times) in counts.enumerated() where times > 0 {
            bytes.append(varint: UInt64(first + index - previous))
            bytes.append(varint: UInt64(times))
            previous = first + index
        }
        return bytes
    }

    /// Reads a histogram from the bytes that `encoded` returns; nil for any other bytes.
    package init?(encoded bytes: Span<UInt8>) {
        var position = 0
        guard let sum = bytes.varint(at: &position), let sum = Int64(exactly: sum),
            add(sum: sum, buckets: bytes, from: position)
        else { return nil }
    }

    /// Adds durations. `sum` is their sum in milliseconds. Their buckets are in `bytes` from `start` to the end, in the
    /// form of `encoded` without the sum.
    ///
    /// - Returns: true when the durations were added; false when the bytes are corrupt and nothing was added.
    package mutating func add(sum: Int64, buckets bytes: Span<UInt8>, from start: Int) -> Bool {
        // All bytes are validated before the first count is added, so corrupt bytes add nothing. The calls of `include`
        // extend `counts` to all buckets in `bytes`, so the loop below need not do that.
        guard sum >= 0, let buckets = Self.range(of: bytes, from: start) else { return false }
        add(sum: sum)
        guard let buckets else { return true }
        include(buckets.lowerBound)
        include(buckets.upperBound)
        var index = -first
        var total = 0
        var position = start
        var target = counts.mutableSpan
        while let step = bytes.varint(at: &position), let times = bytes.varint(at: &position) {
            index &+= Int(step)
            target[index] &+= Int(times)
            total &+= Int(times)
        }
        count &+= total
        return true
    }

    /// Returns the first and last bucket in `bytes` from `start` on. The outer optional is nil if the bytes are
    /// corrupt. The inner optional is nil if there are no buckets.
    private static func range(of bytes: Span<UInt8>, from start: Int) -> ClosedRange<Int>?? {
        let limit = UInt64(LatencyScale.count)
        var position = start
        guard position < bytes.count else { return .some(nil) }
        guard let first = bytes.varint(at: &position), first < limit else { return nil }
        var bucket = first
        while true {
            guard let times = bytes.varint(at: &position), times > 0, times <= UInt64(UInt32.max) << 16 else {
                return nil
            }
            guard position < bytes.count else { return Int(first)...Int(bucket) }
            guard let step = bytes.varint(at: &position), step > 0, step < limit, bucket + step < limit else {
                return nil
            }
            bucket += step
        }
    }

    // MARK: Counting

    private mutating func add(sum more: Int64) {
        let (total, overflows) = sum.addingReportingOverflow(more)
        sum = overflows ? .max : total
    }

    @inline(__always)
    private mutating func add(_ times: Int, toBucket bucket: Int) {
        include(bucket)
        counts[bucket &- first] &+= times
        count &+= times
    }

    /// Extends `counts` so that it includes `bucket`.
    @inline(__always)
    private mutating func include(_ bucket: Int) {
        if bucket >= first && bucket < first &+ counts.count { return }
        extend(to: bucket)
    }

    private mutating func extend(to bucket: Int) {
        if counts.isEmpty {
            first = bucket
            counts.append(0)
        } else if bucket < first {
            counts = [Int](repeating: 0, count: first - bucket) + counts
            first = bucket
        } else {
            counts += [Int](repeating: 0, count: bucket - first - counts.count + 1)
        }
    }
}
