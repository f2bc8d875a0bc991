/// A command that fails more often than it did, and still does.
package struct FailureRise: Equatable, Sendable {
    package let command: String
    /// The beginning of the quarter of an hour since which it fails, in milliseconds since 1970.
    package let since: Int64
    package let before: Outcomes
    package let after: Outcomes

    /// Failures since then beyond those that were usual.
    package var excess: Double { Double(after.failed) - Double(after.judged) * (before.failureRate ?? 0) }

    /// The rises among the commands, each held to the same share of the chance of a false alarm.
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
        let stretches = Segmentation.stretches(of: history.cells.indices) { search.cut($0, chance: chance) }
        guard stretches.count > 1 else { return nil }
        let (before, after) = (stretches[stretches.count - 2], stretches[stretches.count - 1])
        let (old, new) = (history.outcomes(before), history.outcomes(after))
        guard new.failed >= FindingRules.failuresAfter,
            OutcomeHistory.oddsRatio(old, new) >= FindingRules.smallestOddsRatio
        else { return nil }
        return FailureRise(
            command: history.command, since: history.cells[after.lowerBound].start, before: old, after: new)
    }
}

/// A command's outcomes in the order of time: what the search for a change works on.
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

    /// The chance that the share of failures differs so much before and from `place`, up or down, were both alike.
    func chanceOfChange(at place: Int) -> Double {
        guard place > 0, place < cells.count else { return 1 }
        let whole = cells.indices
        return min(1, 2 * probability(before: sum(0..<place), all: sum(whole), whole, cutAt: place))
    }

    /// By how much the odds of failing differ; one half is added to each count, so that nothing is divided by zero.
    static func oddsRatio(_ old: Outcomes, _ new: Outcomes) -> Double {
        let odds = { (outcomes: Outcomes) in (Double(outcomes.failed) + 0.5) / (Double(outcomes.succeeded) + 0.5) }
        return odds(new) / odds(old)
    }

    /// Where the share of failures changed most clearly, up or down, when its chance under "nothing changed" is at most
    /// `chance` in each direction.
    func cut(_ stretch: Range<Int>, chance: Double) -> Int? {
        let candidates = Segmentation.candidates(
            runs[stretch], before: FindingRules.runsBefore, after: FindingRules.runsAfter)
        let all = sum(stretch)
        func chances(of places: [Int]) -> [(place: Int, chance: Double)] {
            places.map { ($0, probability(before: sum(stretch.lowerBound..<$0), all: all, stretch, cutAt: $0)) }
        }
        guard let best = chances(of: candidates).min(by: { $0.chance < $1.chance }),
            best.chance * Double(candidates.count) <= chance
        else { return nil }
        // Between its two neighbours the change has its place where it is clearest.
        let index = candidates.firstIndex(of: best.place) ?? 0
        let low = index > 0 ? candidates[index - 1] + 1 : best.place
        let high = index + 1 < candidates.count ? candidates[index + 1] : best.place + 1
        return chances(of: (low..<high).filter { runs[$0] > 0 }).min { $0.chance < $1.chance }?.place ?? best.place
    }

    /// The chance that blind distribution puts the failures as unevenly on the two sides, in the direction seen.
    ///
    /// Failures come in clusters: what is broken stays broken for a while. The counts are therefore shrunk by the factor
    /// by which clusters make them vary.
    private func probability(before: Outcomes, all: Outcomes, _ stretch: Range<Int>, cutAt place: Int) -> Double {
        let after = all.judged - before.judged
        let failedAfter = all.failed - before.failed
        let rises = failedAfter * before.judged > before.failed * after
        let (hits, drawn) = rises ? (failedAfter, after) : (before.failed, before.judged)
        // Before paying for the clusters: most places are far from significant.
        let plain = Probability.hypergeometricUpperTail(
            hits: hits, drawn: drawn, marked: all.failed, total: all.judged)
        guard plain < 1e-3 else { return 1 }
        let failures = cells.map { Double($0.failed) }
        let factor = Dependence.inflation(
            runs: runs, scores: failures, squares: failures,
            of: [stretch.lowerBound..<place, place..<stretch.upperBound])
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

    private func sum(_ stretch: Range<Int>) -> Outcomes {
        cells[stretch].reduce(into: Outcomes()) { sum, cell in
            sum.succeeded += cell.succeeded
            sum.failed += cell.failed
        }
    }
}
