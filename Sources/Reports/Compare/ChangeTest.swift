import Core
import Database
import Foundation
import Rollups

/// Finds the significant changes between two windows.
///
/// A rank test compares the medians. Fisher's exact test compares the outcomes and the shares of slow runs. Findings
/// rest on these two tests too, and both tests correct for correlated runs. Welch's t-test compares the daily counts
/// and the daily total times. The probability of a false alarm is set for the whole comparison and divided among its
/// tests (Bonferroni).
struct ChangeTest {
    let before: Figures
    let after: Figures

    /// Number of tests for one command: count, outcomes, median, 95th percentile and total.
    private static let testsOfCommand = 5

    /// Returns the maximum number of tests for a comparison of these commands.
    func comparisons(_ names: some Sequence<String>) -> Int {
        names.reduce(0) { $0 + (isEligible($1) ? Self.testsOfCommand : 0) }
    }

    /// Returns whether a command has enough runs in both windows together for a difference to be meaningful.
    private func isEligible(_ name: String) -> Bool {
        (before.cells[name]?.count ?? 0) + (after.cells[name]?.count ?? 0) >= 2 * FindingRules.runsPerWindow
    }

    /// Returns the figures that changed significantly. Each test has the probability `chance` of a false alarm.
    func clearChanges(of name: String, chance: Double) -> Set<Comparison.Metric> {
        guard isEligible(name) else { return [] }
        let (old, new) = (before.cells[name], after.cells[name])
        let points = (before.histories[name] ?? []).map(\.cell) + (after.histories[name] ?? []).map(\.cell)
        let place = before.histories[name]?.count ?? 0
        var clear: Set<Comparison.Metric> = []
        if outcomesDiffer(points, place, old, new, chance: chance) { clear.formUnion([.failed, .success]) }
        if let old, let new, min(old.latency.count, new.latency.count) >= FindingRules.runsPerWindow {
            if mediansDiffer(points, place, old, new, chance: chance) { clear.insert(.p50) }
            if tailsDiffer(points, place, old, new, chance: chance) { clear.insert(.p95) }
        }
        let (days, laterDays) = (before.days(name), after.days(name))
        if Self.differ(days.map { Double($0.count) }, laterDays.map { Double($0.count) }, chance: chance) {
            clear.insert(.count)
        }
        if Self.differ(days.map { Double($0.totalMS) }, laterDays.map { Double($0.totalMS) }, chance: chance) {
            clear.insert(.total)
        }
        return clear
    }

    private func outcomesDiffer(
        _ points: [UsageCell], _ place: Int, _ old: UsageCell?, _ new: UsageCell?, chance: Double
    ) -> Bool {
        let judged = [old, new].map { ($0?.succeeded ?? 0) + ($0?.failed ?? 0) }
        guard judged.allSatisfy({ $0 >= FindingRules.runsPerWindow }) else { return false }
        let cells = points.map { cell in
            var outcomes = Outcomes()
            (outcomes.succeeded, outcomes.failed) = (cell.succeeded, cell.failed)
            return outcomes
        }
        return OutcomeHistory(cells).chanceOfChange(at: place) <= chance
    }

    private func mediansDiffer(
        _ points: [UsageCell], _ place: Int, _ old: UsageCell, _ new: UsageCell, chance: Double
    ) -> Bool {
        guard Self.isNoticeable(old.latency.quantile(0.5), new.latency.quantile(0.5)) else { return false }
        let slower = RankHistory(points.map(\.latency)).chanceOfSlower(from: place)
        return 2 * min(slower, 1 - slower) <= chance
    }

    /// Compares the shares of runs that took longer than a limit. The limit is the smaller of the two 95th percentiles.
    /// If a command became slower, more than 5 % of its later runs exceed this limit.
    private func tailsDiffer(
        _ points: [UsageCell], _ place: Int, _ old: UsageCell, _ new: UsageCell, chance: Double
    ) -> Bool {
        guard let oldTail = old.latency.quantile(0.95), let newTail = new.latency.quantile(0.95),
            Self.isNoticeable(oldTail, newTail)
        else { return false }
        let limit = min(oldTail, newTail)
        let cells = points.map { cell in
            var outcomes = Outcomes()
            for bucket in cell.latency.buckets {
                if bucket.middle > limit {
                    outcomes.failed += bucket.count
                } else {
                    outcomes.succeeded += bucket.count
                }
            }
            return outcomes
        }
        return OutcomeHistory(cells).chanceOfChange(at: place) <= chance
    }

    private static func isNoticeable(_ old: Double?, _ new: Double?) -> Bool {
        guard let old, let new else { return false }
        let ratio = max(new, 1) / max(old, 1)
        return ratio >= FindingRules.smallestRatio || ratio <= 1 / FindingRules.smallestRatio
    }

    /// Returns whether the means of two samples differ significantly. The test is Welch's two-sided t-test. A normal
    /// distribution approximates the t-distribution (Wallace 1959).
    static func differ(_ old: [Double], _ new: [Double], chance: Double) -> Bool {
        guard min(old.count, new.count) >= FindingRules.daysPerWindow else { return false }
        let samples = [old, new].map { values in
            let (count, mean) = (Double(values.count), values.reduce(0, +) / Double(values.count))
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
            return (mean: mean, error: variance / count, count: count)
        }
        let difference = samples[1].mean - samples[0].mean
        let error = samples[0].error + samples[1].error
        guard difference != 0 else { return false }
        // Without any variation between days every difference is significant.
        guard error > 0 else { return true }
        let t = difference * difference / error
        let freedom = error * error / samples.reduce(0) { $0 + $1.error * $1.error / ($1.count - 1) }
        let z = (8 * freedom + 1) / (8 * freedom + 3) * (freedom * log(1 + t / freedom)).squareRoot()
        return 2 * Probability.normalUpperTail(z) <= chance
    }
}
