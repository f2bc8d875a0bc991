/// How often a command that failed was run again soon after, and what that took.
package struct Retries: Equatable, Sendable {
    /// Within this time, in milliseconds, and in the same session, another run counts as a repetition: long enough to
    /// read what went wrong and mend something small.
    package static let window: Int64 = 10 * 60 * 1000

    package let command: String
    /// Failed runs, and those of them that were followed by another run.
    package let failures: Int
    package let repeated: Int
    /// The same of runs that succeeded: what is usual.
    package let successes: Int
    package let repeatedAfterSuccess: Int
    /// Milliseconds that the runs after a failure took.
    package let timeMS: Int64

    /// Of every command that was repeated after a failure; `runs` in the order of time.
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
                // From the end of the run before: hooks and exec say when a run began.
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

    /// Those that cost a noticeable share of `totalMS`, the time of all runs, and are more frequent after a failure than
    /// after a success beyond chance.
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
