import Core
import TestSupport
import Testing

struct LatencyHistogramTests {
    /// The duration of nearest rank among sorted ones.
    private func exact(_ sorted: [Int64], _ share: Double) -> Double {
        let rank = max(1, Int((share * Double(sorted.count)).rounded(.up)))
        return Double(sorted[rank - 1])
    }

    @Test(
        "A single duration is known exactly, and none is longer than all together",
        arguments: [8200, 123_457] as [Int64])
    func single(duration: Int64) {
        var histogram = LatencyHistogram()
        histogram.record(duration)
        for share in [0, 0.5, 0.95, 1] { #expect(histogram.quantile(share) == Double(duration)) }
        histogram.record(0)
        #expect(histogram.quantile(1).map { $0 <= Double(duration) } == true)
    }

    @Test("Every duration up to a year lies in its bucket, and at most 1 % from the middle of it")
    func buckets() {
        #expect(LatencyScale.count <= 2048)
        var next: Int64 = 0
        for bucket in 0..<LatencyScale.count {
            let range = LatencyScale.range(of: bucket)
            let middle = LatencyScale.middle(of: bucket)
            #expect(range.lowerBound == next)
            next = range.upperBound + 1
            for duration in [range.lowerBound, range.upperBound] where duration <= Limits.durationMilliseconds {
                #expect(LatencyScale.bucket(of: duration) == bucket)
                #expect(abs(middle - Double(duration)) <= 0.01 * Double(duration))
            }
        }
        #expect(next > Limits.durationMilliseconds)
        #expect(LatencyScale.bucket(of: .max) == LatencyScale.count - 1)
        #expect(LatencyScale.bucket(of: .min) == 0)
    }

    @Test("Durations below 100 ms are exact")
    func small() {
        for duration in Int64(0)..<100 {
            var histogram = LatencyHistogram()
            histogram.record(duration)
            #expect(histogram.quantile(0.5) == Double(duration))
        }
    }

    @Test("No percentile exceeds the longest duration", arguments: 1...20)
    func longest(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for count in 1...40 {
            let base = Int64.random(in: 100...200_000, using: &random)
            let durations = (0..<count).map { _ in base + Int64.random(in: 0...base / 20, using: &random) }
            var histogram = LatencyHistogram()
            for duration in durations { histogram.record(duration) }
            for share in [0.5, 0.95, 0.99, 1] {
                #expect(histogram.quantile(share).map { $0 <= Double(durations.max() ?? 0) } == true, "\(durations)")
            }
        }
        var same = LatencyHistogram()
        same.record(1003, times: 3)
        #expect(same.quantile(0.5) == 1003)
    }

    @Test("Percentiles are those of nearest rank, within 1 %, in the longest's bucket 2 %", arguments: 1...20)
    func quantiles(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let durations = (0..<Int.random(in: 1...3000, using: &random)).map { _ in
            Int64.random(in: 0...(1 << Int64.random(in: 0...34, using: &random)), using: &random)
        }
        var histogram = LatencyHistogram()
        for duration in durations { histogram.record(duration) }
        let sorted = durations.sorted()
        #expect(histogram.count == durations.count)
        #expect(histogram.sum == durations.reduce(0, +))
        for share in [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
            let expected = exact(sorted, share)
            let found = histogram.quantile(share) ?? -1
            let isInLastBucket =
                LatencyScale.bucket(of: Int64(expected)) == LatencyScale.bucket(of: sorted[sorted.count - 1])
            let tolerance = isInLastBucket ? 0.02 : 0.01
            #expect(abs(found - expected) <= tolerance * expected, "\(share) of \(durations.count)")
        }
    }

    @Test("Merged histograms equal one histogram of all durations", arguments: 1...20)
    func merging(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var parts = [LatencyHistogram(), LatencyHistogram(), LatencyHistogram()]
        var whole = LatencyHistogram()
        for _ in 0..<Int.random(in: 0...500, using: &random) {
            let duration = Int64.random(in: 0...(1 << Int64.random(in: 0...34, using: &random)), using: &random)
            let times = Int.random(in: 0...3, using: &random)
            parts[Int.random(in: 0..<3, using: &random)].record(duration, times: times)
            whole.record(duration, times: times)
        }
        var merged = LatencyHistogram()
        for part in parts { merged.merge(part) }
        #expect(merged == whole)
        #expect(merged.buckets.reduce(0) { $0 + $1.count } == merged.count)
    }

    @Test("The bytes give the same histogram again", arguments: 1...20)
    func bytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var histogram = LatencyHistogram()
        for _ in 0..<Int.random(in: 0...500, using: &random) {
            histogram.record(Int64.random(in: 0...(1 << Int64.random(in: 0...34, using: &random)), using: &random))
        }
        let encoded = histogram.encoded
        #expect(LatencyHistogram(encoded: encoded.span) == histogram)
    }

    @Test("Truncated or changed bytes are refused or give another histogram, and never crash the reader")
    func damage() {
        var histogram = LatencyHistogram()
        for duration in [3, 3, 250, 90_000, Limits.durationMilliseconds] as [Int64] { histogram.record(duration) }
        let encoded = histogram.encoded
        #expect(LatencyHistogram(encoded: encoded.span.extracting(0..<0)) == nil)
        for end in 1..<encoded.count {
            #expect(LatencyHistogram(encoded: encoded.span.extracting(0..<end)) != histogram)
        }
        for index in encoded.indices {
            for bit in 0..<8 {
                var changed = encoded
                changed[index] ^= 1 << UInt8(bit)
                #expect(LatencyHistogram(encoded: changed.span) != histogram)
            }
        }
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let noise = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if let found = LatencyHistogram(encoded: noise.span) { #expect(found.count >= 0 && found.sum >= 0) }
        }
    }

    @Test("Sums stop at the largest number")
    func overflow() {
        var histogram = LatencyHistogram()
        histogram.record(Int64.max, times: 3)
        histogram.record(1)
        #expect(histogram.sum == .max && histogram.count == 4)
    }
}
