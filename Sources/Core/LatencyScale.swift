/// The buckets in which durations are counted. Each whole millisecond up to 99 has its own bucket; above that the
/// buckets become increasingly wide. The middle of a bucket is at most 1 % away from every duration in it.
///
/// If a bucket begins at `b`, the next bucket begins at `b + max(1, b / 50)`. This is computed with integers, so every
/// computer has the same buckets. Some 1,100 buckets cover the durations from zero to a year. Durations of more than a
/// year count in the last bucket.
package enum LatencyScale {
    private struct Table {
        /// The start of each bucket, in milliseconds. The last element is the first duration after the last bucket.
        let bounds: [Int64]
        /// The range from 2^n to 2^(n + 1) is divided into 64 parts. Element `64 * n + part` is the bucket in which
        /// that part begins.
        let starts: [UInt16]

        init() {
            var bounds: [Int64] = [0]
            while let last = bounds.last, last <= Limits.durationMilliseconds {
                bounds.append(last + max(1, last / 50))
            }
            var starts = [UInt16](repeating: 0, count: 64 * 64)
            for exponent in 6..<63 {
                for part in 0..<64 {
                    let value = (Int64(64 + part)) << (exponent - 6)
                    guard value <= Limits.durationMilliseconds else { continue }
                    var low = 0
                    var high = bounds.count - 1
                    while high - low > 1 {
                        let middle = (low + high) / 2
                        if bounds[middle] <= value { low = middle } else { high = middle }
                    }
                    starts[exponent * 64 + part] = UInt16(low)
                }
            }
            self.bounds = bounds
            self.starts = starts
        }
    }

    private static let table = Table()

    /// The number of buckets.
    package static var count: Int { table.bounds.count - 1 }

    /// Returns the bucket of a duration in milliseconds. A negative duration counts as zero. A duration longer than a
    /// year counts as a year.
    package static func bucket(of milliseconds: Int64) -> Int {
        if milliseconds < 100 { return Int(max(0, milliseconds)) }
        let value = min(milliseconds, Limits.durationMilliseconds)
        let exponent = 63 &- value.leadingZeroBitCount
        let part = Int(truncatingIfNeeded: value >> Int64(exponent &- 6)) & 63
        let table = table
        let bucket = Int(table.starts[exponent &* 64 &+ part])
        // No part is wider than a bucket. Therefore the duration is in the bucket where its part begins, or in the next
        // bucket.
        return bucket &+ (value >= table.bounds[bucket &+ 1] ? 1 : 0)
    }

    /// The durations that a bucket counts, in whole milliseconds.
    package static func range(of bucket: Int) -> ClosedRange<Int64> {
        table.bounds[bucket]...(table.bounds[bucket + 1] - 1)
    }

    /// Returns the middle of a bucket, in milliseconds. Percentiles use it for every duration in the bucket.
    package static func middle(of bucket: Int) -> Double {
        Double(table.bounds[bucket] + table.bounds[bucket + 1] - 1) / 2
    }
}
