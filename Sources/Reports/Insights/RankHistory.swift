import Core

/// A command's durations in order of time, as ranks: the input of the search for a change.
///
/// Ranks are used instead of milliseconds, so that one run of an hour cannot outweigh many other runs. Rank tests
/// assume no shape of the distribution (Wilcoxon, Mann and Whitney). Durations in the same bucket of the histogram
/// count as equal and share their mean rank. The ranks of the runs in each point of the history are then summed. A
/// point is a 15-minute bucket, a day, or a range of several days. The ranks are computed exactly from the counts of
/// the histograms.
struct RankHistory {
    /// The number of runs in each point.
    let runs: [Int]
    /// For each point the sum of the centred ranks of its runs. A centred rank is the rank of a run minus the mean rank
    /// of all runs.
    private let scores: [Double]
    /// For each point the sum of the squared centred ranks.
    private let squares: [Double]

    init(_ histograms: [LatencyHistogram]) {
        var all = LatencyHistogram()
        for histogram in histograms { all.merge(histogram) }
        // The centred rank for each bucket of the histogram.
        var ranks = [Double](repeating: 0, count: LatencyScale.count)
        var below = 0
        all.forEachCount { bucket, count in
            ranks[bucket] = Double(below) + Double(count + 1) / 2 - Double(all.count + 1) / 2
            below += count
        }
        var scores: [Double] = []
        var squares: [Double] = []
        for histogram in histograms {
            var (score, square) = (0.0, 0.0)
            histogram.forEachCount { bucket, count in
                score += Double(count) * ranks[bucket]
                square += Double(count) * ranks[bucket] * ranks[bucket]
            }
            scores.append(score)
            squares.append(square)
        }
        runs = histograms.map(\.count)
        (self.scores, self.squares) = (scores, squares)
    }

    /// Returns the index of the first point after the clearest change in a range. Nil unless the change is significant:
    /// its one-sided p-value, multiplied by the number of candidates, is at most `chance`.
    func cut(_ range: Range<Int>, chance: Double) -> Int? {
        let candidates = Segmentation.candidates(
            runs[range], before: FindingRules.runsBefore, after: FindingRules.runsAfter)
        guard !candidates.isEmpty else { return nil }
        let sums = Sums(self, range)
        guard let best = candidates.max(by: { abs(sums.z(at: $0)) < abs(sums.z(at: $1)) }) else { return nil }
        // The change may be at an index that is not a candidate. All indices between the previous and the next
        // candidate are therefore compared.
        let index = candidates.firstIndex(of: best) ?? 0
        let low = index > 0 ? candidates[index - 1] + 1 : best
        let high = index + 1 < candidates.count ? candidates[index + 1] : best + 1
        let place = (low..<high).filter { runs[$0] > 0 }.max { abs(sums.z(at: $0)) < abs(sums.z(at: $1)) } ?? best
        let z = abs(sums.z(at: best)) / inflation(of: range, cutAt: place).squareRoot()
        return Probability.normalUpperTail(z) * Double(candidates.count) <= chance ? place : nil
    }

    /// Returns the probability that chance alone makes the later runs slower than the earlier runs by at least the
    /// observed amount. The later runs begin at index `place`.
    func chanceOfSlower(from place: Int) -> Double {
        let inflation = inflation(of: runs.indices, cutAt: place)
        return Probability.normalUpperTail(Sums(self, runs.indices).z(at: place) / inflation.squareRoot())
    }

    private func inflation(of range: Range<Int>, cutAt place: Int) -> Double {
        Dependence.inflation(
            runs: runs, scores: scores, squares: squares,
            of: [range.lowerBound..<place, place..<range.upperBound])
    }

    /// Prefix sums over a range, up to each index.
    private struct Sums {
        private let start: Int
        private let runs: [Int]
        private let scores: [Double]
        /// The variance of a rank, corrected for ties.
        private let variance: Double

        init(_ history: RankHistory, _ range: Range<Int>) {
            start = range.lowerBound
            var (runs, scores, square) = ([0], [0.0], 0.0)
            for place in range {
                runs.append(runs[runs.count - 1] + history.runs[place])
                scores.append(scores[scores.count - 1] + history.scores[place])
                square += history.squares[place]
            }
            let (total, mean) = (Double(runs[runs.count - 1]), scores[scores.count - 1])
            variance = max(0, square - mean * mean / total) / max(1, total - 1)
            (self.runs, self.scores) = (runs, scores)
        }

        /// Returns the number of standard deviations by which the rank sum of the later runs exceeds its expected
        /// value. The later runs begin at index `place`.
        func z(at place: Int) -> Double {
            let (before, total) = (Double(runs[place - start]), Double(runs[runs.count - 1]))
            let after = total - before
            guard before > 0, after > 0, variance > 0 else { return 0 }
            let score = scores[scores.count - 1] - scores[place - start]
            let expected = scores[scores.count - 1] * after / total
            return (score - expected) / (variance * before * after / total).squareRoot()
        }
    }
}

extension LatencyHistogram {
    /// Forms all pairs of a run of this histogram and a run of `other`. Returns the share of pairs in which the run of
    /// this histogram took longer. A pair in the same bucket counts half. Returns 0.5 when either histogram is empty.
    func dominance(over other: LatencyHistogram) -> Double {
        guard !isEmpty, !other.isEmpty else { return 0.5 }
        let theirs = other.buckets
        var (next, below, won) = (0, 0, 0.0)
        for bucket in buckets {
            while next < theirs.count, theirs[next].range.lowerBound < bucket.range.lowerBound {
                below += theirs[next].count
                next += 1
            }
            let isTie = next < theirs.count && theirs[next].range == bucket.range
            won += Double(bucket.count) * (Double(below) + (isTie ? Double(theirs[next].count) / 2 : 0))
        }
        return won / (Double(count) * Double(other.count))
    }
}
