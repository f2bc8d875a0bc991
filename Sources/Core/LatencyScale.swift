/// The buckets that durations are counted in: whole milliseconds up to 99 one by one, and above that increasingly wide ones. The
/// middle of a bucket is at most 1 % away from every duration in it.
///
/// The bucket after the one that begins at `b` begins at `b + max(1, b / 50)`, in whole numbers. This definition has no rounding,
/// so that every computer counts alike. Some 1,100 buckets cover the durations from zero to a year; longer durations count in the
/// last.
package enum LatencyScale {
    private struct Table {
        /// The start of each bucket, in milliseconds; after the last bucket, the first duration beyond it.
        let bounds: [Int64]
        /// For each power of two, in 64 parts, the bucket in which the part begins.
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

    /// Returns the bucket of a duration in milliseconds. A negative duration counts as zero, one longer than a year as a year.
    package static func bucket(of milliseconds: Int64) -> Int {
        if milliseconds < 100 { return Int(max(0, milliseconds)) }
        let value = min(milliseconds, Limits.durationMilliseconds)
        let exponent = 63 &- value.leadingZeroBitCount
        let part = Int(truncatingIfNeeded: value >> Int64(exponent &- 6)) & 63
        let table = table
        let bucket = Int(table.starts[exponent &* 64 &+ part])
        // A part is narrower than a bucket, so it lies in one or two of them.
        return bucket &+ (value >= table.bounds[bucket &+ 1] ? 1 : 0)
    }

    /// The durations that a bucket counts, in whole milliseconds.
    package static func range(of bucket: Int) -> ClosedRange<Int64> {
        table.bounds[bucket]...(table.bounds[bucket + 1] - 1)
    }

    /// Returns the middle of a bucket, in milliseconds: the value used for every duration in it.
    package static func middle(of bucket: Int) -> Double {
        Double(table.bounds[bucket] + table.bounds[bucket + 1] - 1) / 2
    }
}
