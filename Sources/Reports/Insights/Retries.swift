/// The runs that repeat a command soon after it failed, and their time.
package struct Retries: Equatable, Sendable {
    /// Longest time between two runs in the same session, in milliseconds, for which the second run counts as a
    /// repetition. Ten minutes are enough to read an error message and fix something small.
    package static let window: Int64 = 10 * 60 * 1000

    package let command: String
    /// The number of failed runs.
    package let failures: Int
    /// The number of failed runs that were followed by a repetition.
    package let repeated: Int
    /// The number of successful runs.
    package let successes: Int
    /// The number of successful runs that were followed by a repetition: the baseline for `repeated`.
    package let repeatedAfterSuccess: Int
    /// Total time of the repetitions after a failure, in milliseconds.
    package let timeMS: Int64

    /// Returns the retries of every command that was repeated after a failure; `runs` are in order of time.
    package static func all(_ runs: [RunRecord]) -> [Retries] {
        struct Key: Hashable {
            let session: String
            let command: String
        }
        struct Counts {
            var failures = 0
            var repeated = 0
            var successes = 0
            var repeatedAfterSuccess = 0
            var timeMS: Int64 = 0
        }
        var last: [Key: RunRecord] = [:]
        var counts: [String: Counts] = [:]
        for run in runs {
            if let before = last.updateValue(run, forKey: Key(session: run.session, command: run.command)),
                // Hooks and exec record the time when a run began. The duration of the previous run is therefore
                // subtracted, so that the interval begins when that run ended.
                run.timestamp - before.timestamp - before.durationMS <= window
            {
                counts[run.command, default: Counts()].repeated += before.success ? 0 : 1
                counts[run.command, default: Counts()].repeatedAfterSuccess += before.success ? 1 : 0
                if !before.success { counts[run.command, default: Counts()].timeMS += run.durationMS }
            }
            counts[run.command, default: Counts()].failures += run.success ? 0 : 1
            counts[run.command, default: Counts()].successes += run.success ? 1 : 0
        }
        return counts.compactMap { command, counts in
            counts.repeated == 0
                ? nil
                : Retries(
                    command: command, failures: counts.failures, repeated: counts.repeated,
                    successes: counts.successes, repeatedAfterSuccess: counts.repeatedAfterSuccess,
                    timeMS: counts.timeMS)
        }
        .sorted { ($1.timeMS, $0.command) < ($0.timeMS, $1.command) }
    }

    /// Returns the retries that meet two conditions. The retries cost a noticeable share of `totalMS`, the time of all
    /// runs. The command is repeated significantly more often after a failure than after a success.
    package static func remarkable(_ retries: [Retries], totalMS: Int64) -> [Retries] {
        let chance = FindingRules.retryChance / Double(max(1, retries.count))
        return retries.filter { entry in
            guard entry.failures >= FindingRules.failuresAfter,
                Double(entry.timeMS) >= FindingRules.retryShare * Double(max(1, totalMS))
            else { return false }
            return Probability.hypergeometricUpperTail(
                hits: entry.repeated, drawn: entry.failures, marked: entry.repeated + entry.repeatedAfterSuccess,
                total: entry.failures + entry.successes) <= chance
        }
    }
}
