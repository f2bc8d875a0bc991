import Core

/// A command that became slower than it was, and still is.
package struct Slowdown: Equatable, Sendable {
    package let command: String
    /// The beginning of the quarter of an hour since which it is slow, in milliseconds since 1970.
    package let since: Int64
    package let runsBefore: Int
    package let runsAfter: Int
    /// Median durations in milliseconds.
    package let medianBefore: Double
    package let medianAfter: Double

    /// How many times as long it takes.
    package var factor: Double { medianAfter / max(medianBefore, 1) }
    /// What the runs since then took longer than they would have, in milliseconds.
    package var timeLostMS: Double { (medianAfter - medianBefore) * Double(runsAfter) }

    /// The slowdowns among the commands, each held to the same share of the chance of a false alarm.
    package static func search(_ histories: [CommandHistory]) -> [Slowdown] {
        let eligible = histories.filter {
            $0.cells.reduce(0) { $0 + $1.latency.count } >= FindingRules.runsBefore + FindingRules.runsAfter
        }
        let chance = FindingRules.slowdownChance / Double(max(1, eligible.count))
        return eligible.compactMap { last(in: $0, chance: chance) }
    }

    /// The last change of a command that changed its median noticeably, if that was for the worse.
    private static func last(in history: CommandHistory, chance: Double) -> Slowdown? {
        let ranks = RankHistory(history.cells.map(\.latency))
        var stretches = Segmentation.stretches(of: history.cells.indices) { ranks.cut($0, chance: chance) }
        while stretches.count > 1, let after = stretches.popLast(), let before = stretches.last {
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
            // A change too small to tell: both stretches are one.
            stretches[stretches.count - 1] = before.lowerBound..<after.upperBound
        }
        return nil
    }
}
