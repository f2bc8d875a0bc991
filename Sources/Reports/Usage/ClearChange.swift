import Core
import Database
package import Rollups

/// A significant change of a command against the window before.
///
/// A change of at least 3.3 standard deviations is significant. Chance alone exceeds this limit in one of a thousand
/// comparisons. The limit is that high because a table compares many commands.
package struct ClearChange: Equatable, Sendable {
    private static let deviations = 3.3
    /// Least number of runs in each of the two windows.
    private static let leastRuns = 10
    /// Smallest ratio of the larger median to the smaller median that is reported.
    private static let smallestRatio = 1.1

    /// The new median divided by the old median; nil unless the durations differ significantly.
    package let medianRatio: Double?
    /// The new share of successes minus the old share, from -1 to 1; nil unless the shares differ significantly.
    package let successDifference: Double?

    package init(from old: UsageCell, to new: UsageCell) {
        medianRatio = Self.medianRatio(from: old.latency, to: new.latency)
        successDifference = Self.successDifference(from: old, to: new)
    }

    /// Returns the ratio of the medians; nil unless the change is noticeable and significant. The Mann-Whitney test
    /// forms all pairs of an old run and a new run. It computes the share of pairs in which the new run is slower. The
    /// distance of this share from one half is compared with its standard deviation.
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

    /// Returns the new share of successes minus the old share; nil unless the difference is significant. The standard
    /// deviation is computed as if both windows had the same share.
    private static func successDifference(from old: UsageCell, to new: UsageCell) -> Double? {
        let (m, n) = (Double(old.succeeded + old.failed), Double(new.succeeded + new.failed))
        guard m >= Double(leastRuns), n >= Double(leastRuns) else { return nil }
        let common = Double(old.succeeded + new.succeeded) / (m + n)
        let deviation = (common * (1 - common) * (1 / m + 1 / n)).squareRoot()
        let difference = Double(new.succeeded) / n - Double(old.succeeded) / m
        return deviation > 0 && abs(difference) >= deviations * deviation ? difference : nil
    }
}
