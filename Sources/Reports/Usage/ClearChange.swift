import Core
import Database
package import Rollups

/// How a command changed against the window before, as far as chance does not explain it.
///
/// A table shows many commands, so a change counts from 3.3 standard deviations on: chance exceeds that in one of a thousand
/// comparisons.
package struct ClearChange: Equatable, Sendable {
    private static let deviations = 3.3
    /// Runs on each side, at least.
    private static let leastRuns = 10
    /// By how much the median must change to be shown.
    private static let smallestRatio = 1.1

    /// The new median over the old one; nil where the durations do not differ clearly.
    package let medianRatio: Double?
    /// The new share of successes less the old one, from -1 to 1; nil where the shares do not differ clearly.
    package let successDifference: Double?

    package init(from old: UsageCell, to new: UsageCell) {
        medianRatio = Self.medianRatio(from: old.latency, to: new.latency)
        successDifference = Self.successDifference(from: old, to: new)
    }

    /// Mann-Whitney: the share of pairs in which the new run is the slower one, against its deviation.
    private static func medianRatio(from old: LatencyHistogram, to new: LatencyHistogram) -> Double? {
        guard old.count >= leastRuns, new.count >= leastRuns, let before = old.quantile(0.5),
            let after = new.quantile(0.5)
        else { return nil }
        let (m, n) = (Double(old.count), Double(new.count))
        let deviation = ((m + n + 1) / (12 * m * n)).squareRoot()
        let ratio = max(after, 1) / max(before, 1)
        guard abs(new.dominance(over: old) - 0.5) >= deviations * deviation,
            ratio >= smallestRatio || ratio <= 1 / smallestRatio
        else { return nil }
        return ratio
    }

    /// The difference of two proportions, against its deviation under a common proportion.
    private static func successDifference(from old: UsageCell, to new: UsageCell) -> Double? {
        let (m, n) = (Double(old.succeeded + old.failed), Double(new.succeeded + new.failed))
        guard m >= Double(leastRuns), n >= Double(leastRuns) else { return nil }
        let common = Double(old.succeeded + new.succeeded) / (m + n)
        let deviation = (common * (1 - common) * (1 / m + 1 / n)).squareRoot()
        let difference = Double(new.succeeded) / n - Double(old.succeeded) / m
        return deviation > 0 && abs(difference) >= deviations * deviation ? difference : nil
    }
}
