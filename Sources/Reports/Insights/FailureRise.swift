/// A command with a lasting rise of its failure rate.
package struct FailureRise: Equatable, Sendable {
    package let command: String
    /// The beginning of the 15-minute bucket or UTC day with the change, in milliseconds since 1970.
    package let since: Int64
    package let before: Outcomes
    package let after: Outcomes

    /// The number of failures since the change, minus the number expected at the earlier failure rate.
    package var excess: Double { Double(after.failed) - Double(after.judged) * (before.failureRate ?? 0) }

    /// Returns the rises among the commands. Each command has an equal share of the probability of a false alarm.
    package static func search(_ histories: [CommandHistory]) -> [FailureRise] {
        let eligible = histories.filter {
            let outcomes = $0.outcomes($0.cells.indices)
            return outcomes.judged >= FindingRules.runsBefore + FindingRules.runsAfter
                && outcomes.failed >= FindingRules.failuresAfter
        }
        let chance = FindingRules.failureChance / Double(max(1, eligible.count))
        return eligible.compactMap { last(in: $0, chance: chance) }
    }

    private static func last(in history: CommandHistory, chance: Double) -> FailureRise? {
        let search = OutcomeHistory(history)
        let ranges = Segmentation.ranges(of: history.cells.indices) { search.cut($0, chance: chance) }
        guard ranges.count > 1 else { return nil }
        let (before, after) = (ranges[ranges.count - 2], ranges[ranges.count - 1])
        let (old, new) = (history.outcomes(before), history.outcomes(after))
        guard new.failed >= FindingRules.failuresAfter,
            OutcomeHistory.oddsRatio(old, new) >= FindingRules.smallestOddsRatio
        else { return nil }
        return FailureRise(
            command: history.command, since: history.cells[after.lowerBound].start, before: old, after: new)
    }
}

/// A command's outcomes in order of time: the input of the search for a change.
struct OutcomeHistory {
    private let cells: [Outcomes]
    private let runs: [Int]

    init(_ history: CommandHistory) {
        self.init(history.cells.indices.map { history.outcomes($0..<$0 + 1) })
    }

    init(_ cells: [Outcomes]) {
        self.cells = cells
        runs = cells.map(\.judged)
    }

    /// Returns the probability that chance alone makes the failure rates before and after index `place` differ by at
    /// least the observed amount, up or down.
    func chanceOfChange(at place: Int) -> Double {
        guard place > 0, place < cells.count else { return 1 }
        let whole = cells.indices
        return min(1, 2 * probability(before: sum(0..<place), all: sum(whole), whole, cutAt: place))
    }

    /// Returns the odds of failing in `new` divided by the odds in `old`. One half is added to each count, so that
    /// nothing is divided by zero.
    static func oddsRatio(_ old: Outcomes, _ new: Outcomes) -> Double {
        let odds = { (outcomes: Outcomes) in (Double(outcomes.failed) + 0.5) / (Double(outcomes.succeeded) + 0.5) }
        return odds(new) / odds(old)
    }

    /// Returns the index of the first cell after the clearest change of the failure rate, up or down. Nil unless the
    /// change is significant: its one-sided p-value, multiplied by the number of candidates, is at most `chance`.
    func cut(_ range: Range<Int>, chance: Double) -> Int? {
        let candidates = Segmentation.candidates(
            runs[range], before: FindingRules.runsBefore, after: FindingRules.runsAfter)
        let all = sum(range)
        func chances(of places: [Int]) -> [(place: Int, chance: Double)] {
            places.map { ($0, probability(before: sum(range.lowerBound..<$0), all: all, range, cutAt: $0)) }
        }
        guard let best = chances(of: candidates).min(by: { $0.chance < $1.chance }),
            best.chance * Double(candidates.count) <= chance
        else { return nil }
        // The change may be at an index that is not a candidate. All indices between the previous and the next
        // candidate are therefore compared.
        let index = candidates.firstIndex(of: best.place) ?? 0
        let low = index > 0 ? candidates[index - 1] + 1 : best.place
        let high = index + 1 < candidates.count ? candidates[index + 1] : best.place + 1
        return chances(of: (low..<high).filter { runs[$0] > 0 }).min { $0.chance < $1.chance }?.place ?? best.place
    }

    /// Returns the probability that chance distributes the failures between the two sides at least as unevenly as
    /// observed, and in the same direction.
    ///
    /// Failures come in clusters, because a broken state lasts for a while. The counts are therefore divided by the
    /// factor by which clusters inflate their variance.
    private func probability(before: Outcomes, all: Outcomes, _ range: Range<Int>, cutAt place: Int) -> Double {
        let after = all.judged - before.judged
        let failedAfter = all.failed - before.failed
        let rises = failedAfter * before.judged > before.failed * after
        let (hits, drawn) = rises ? (failedAfter, after) : (before.failed, before.judged)
        // Most indices are far from significant. For them this cheap test makes the correction for clusters
        // unnecessary.
        let plain = Probability.hypergeometricUpperTail(
            hits: hits, drawn: drawn, marked: all.failed, total: all.judged)
        guard plain < 1e-3 else { return 1 }
        let failures = cells.map { Double($0.failed) }
        let factor = Dependence.inflation(
            runs: runs, scores: failures, squares: failures,
            of: [range.lowerBound..<place, place..<range.upperBound])
        let shrunk = { (count: Int) in Int((Double(count) / factor).rounded(.down)) }
        let (shrunkHits, misses) = (shrunk(hits), Int((Double(drawn - hits) / factor).rounded(.up)))
        let (otherHits, otherMisses) = (
            Int((Double(all.failed - hits) / factor).rounded(.up)),
            shrunk(all.judged - drawn - (all.failed - hits))
        )
        return Probability.hypergeometricUpperTail(
            hits: shrunkHits, drawn: shrunkHits + misses, marked: shrunkHits + otherHits,
            total: shrunkHits + misses + otherHits + otherMisses)
    }

    private func sum(_ range: Range<Int>) -> Outcomes {
        cells[range].reduce(into: Outcomes()) { sum, cell in
            sum.succeeded += cell.succeeded
            sum.failed += cell.failed
        }
    }
}
