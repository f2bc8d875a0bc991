/// The streaks of a command: failures without a success between them.
package struct FailureStreak: Equatable, Sendable {
    package let command: String
    /// The number of runs searched.
    package let runs: Int
    /// The number of failures among these runs.
    package let failed: Int
    /// The largest number of failures in a row.
    package let longest: Int
    /// Failures since the last success.
    package let current: Int
    /// The time of the first failure since the last success, in milliseconds since 1970; nil when the last run
    /// succeeded.
    package let since: Int64?
    /// Total duration of the runs in the current streak, in milliseconds.
    package let currentMS: Int64
    /// The probability of the current streak (see `Counts.chance`).
    let chance: Double

    /// Returns the streaks of every command with a failure; `runs` are in order of time.
    package static func all(_ runs: [RunRecord]) -> [FailureStreak] {
        var counts: [String: Counts] = [:]
        for run in runs { counts[run.command, default: Counts()].take(run) }
        return counts.compactMap { $1.failed == 0 ? nil : $1.streak(of: $0) }
            .sorted { ($1.failed, $0.command) < ($0.failed, $1.command) }
    }

    /// Returns the significant current streaks. `commands` is the number of commands searched. Each command has an
    /// equal share of the probability of a false alarm.
    package static func remarkable(_ streaks: [FailureStreak], commands: Int) -> [FailureStreak] {
        let chance = FindingRules.streakChance / Double(max(1, commands))
        return streaks.filter {
            $0.current >= FindingRules.streakLength && $0.runs - $0.current >= FindingRules.runsBefore
                && $0.chance <= chance
        }
    }

    private struct Counts {
        var runs = 0
        var failed = 0
        /// Number of failures that directly follow another failure.
        var afterFailure = 0
        var longest = 0
        var current = 0
        var since: Int64?
        var currentMS: Int64 = 0

        mutating func take(_ run: RunRecord) {
            runs += 1
            if run.success {
                (current, since, currentMS) = (0, nil, 0)
                return
            }
            failed += 1
            if current > 0 { afterFailure += 1 } else { since = run.timestamp }
            current += 1
            currentMS += run.durationMS
            longest = max(longest, current)
        }

        func streak(of command: String) -> FailureStreak {
            FailureStreak(
                command: command, runs: runs, failed: failed, longest: longest, current: current, since: since,
                currentMS: currentMS, chance: chance)
        }

        /// The probability that chance alone makes the current streak. A broken state lasts for a while, so the
        /// probability of a failure after a failure is estimated separately. The probabilities of the first failure and
        /// of each further failure are estimated from the runs before the streak. One failure and two runs are added to
        /// each estimate (Laplace), so that few runs give no extreme value.
        private var chance: Double {
            guard current > 0 else { return 1 }
            let (runs, failed) = (Double(runs - current), Double(failed - current))
            let again = Double(afterFailure - (current - 1))
            let first = (failed + 1) / (runs + 2)
            let next = (again + 1) / (failed + 2)
            var chance = first
            for _ in 1..<max(1, current) { chance *= next }
            return chance
        }
    }
}
