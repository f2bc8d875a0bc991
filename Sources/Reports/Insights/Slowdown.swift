import Core

/// A command with a lasting increase of its durations.
package struct Slowdown: Equatable, Sendable {
    package let command: String
    /// The beginning of the 15-minute bucket or UTC day with the change, in milliseconds since 1970.
    package let since: Int64
    package let runsBefore: Int
    package let runsAfter: Int
    /// The median duration before the change, in milliseconds.
    package let medianBefore: Double
    /// The median duration since the change, in milliseconds.
    package let medianAfter: Double

    /// The median since the change divided by the median before the change.
    package var factor: Double { medianAfter / max(medianBefore, 1) }
    /// The additional time of the runs since the change, in milliseconds.
    package var timeLostMS: Double { (medianAfter - medianBefore) * Double(runsAfter) }

    /// Returns the slowdowns among the commands. Each command has an equal share of the probability of a false alarm.
    package static func search(_ histories: [CommandHistory]) -> [Slowdown] {
        let eligible = histories.filter {
            $0.cells.reduce(0) { $0 + $1.latency.count } >= FindingRules.runsBefore + FindingRules.runsAfter
        }
        let chance = FindingRules.slowdownChance / Double(max(1, eligible.count))
        return eligible.compactMap { last(in: $0, chance: chance) }
    }

    /// Returns the latest noticeable change of a command's median. Nil if there is none, if the median fell at that
    /// change, or if too few later runs are slower (`FindingRules.smallestDominance`).
    private static func last(in history: CommandHistory, chance: Double) -> Slowdown? {
        let ranks = RankHistory(history.cells.map(\.latency))
        var ranges = Segmentation.ranges(of: history.cells.indices) { ranks.cut($0, chance: chance) }
        while ranges.count > 1, let after = ranges.popLast(), let before = ranges.last {
            let (old, new) = (history.latency(before), history.latency(after))
            guard let oldMedian = old.quantile(0.5), let newMedian = new.quantile(0.5) else { return nil }
            let factor = max(newMedian, 1) / max(oldMedian, 1)
            if factor <= 1 / FindingRules.smallestFactor { return nil }
            if factor >= FindingRules.smallestFactor {
                guard new.dominance(over: old) >= FindingRules.smallestDominance else { return nil }
                return Slowdown(
                    command: history.command, since: history.cells[after.lowerBound].start, runsBefore: old.count,
                    runsAfter: new.count, medianBefore: oldMedian, medianAfter: newMedian)
            }
            // The change is too small to report, so the two ranges are merged.
            ranges[ranges.count - 1] = before.lowerBound..<after.upperBound
        }
        return nil
    }
}
