import Core

/// The findings of a window: everything that `nexus insights` prints, as values.
package struct Insights: Sendable {
    /// A command and its total time.
    package struct CommandCost: Equatable, Sendable {
        package let command: String
        package let runs: Int
        package let totalMS: Int64
        package let p50: Double
        package let p95: Double
    }

    /// The commands and the workspace that were searched.
    package let filter: ReportFilter
    /// The commands that became slower, the one that cost the most time first.
    package let slowdowns: [Slowdown]
    package let rises: [FailureRise]
    package let correlatedFactors: [CorrelatedFactor]
    /// Significant streaks that are not over.
    package let streaks: [FailureStreak]
    /// Significant retries that cost a noticeable share of the time.
    package let costlyRetries: [Retries]

    /// Commands with durations, the most time-consuming first.
    package let costs: [CommandCost]
    package let failures: [InsightsInput.Failures]
    package let allStreaks: [FailureStreak]
    package let allRetries: [Retries]
    /// The number of runs searched for streaks and retries.
    package let runsLookedAt: Int
    /// The time of the first of these runs, in milliseconds since 1970; nil unless earlier runs were left out.
    package let runsSince: Int64?
    /// The outcomes of each command in the whole window.
    package let outcomes: [String: Outcomes]
    /// The outcomes of the commands that failed, most failures first.
    var failing: [(command: String, outcomes: Outcomes)] {
        outcomes.filter { $0.value.failed > 0 }.map { ($0.key, $0.value) }
            .sorted { ($1.1.failed, $0.0) < ($0.1.failed, $1.0) }
    }

    package init(_ input: InsightsInput) {
        filter = input.filter
        let totals = (input.totals ?? input.histories).map { ($0, $0.latency($0.cells.indices)) }
        costs = totals.compactMap { history, latency in
            guard let p50 = latency.quantile(0.5), let p95 = latency.quantile(0.95) else { return nil }
            return CommandCost(
                command: history.command, runs: latency.count, totalMS: latency.sum, p50: p50, p95: p95)
        }
        .sorted { ($1.totalMS, $0.command) < ($0.totalMS, $1.command) }
        let order = Dictionary(totals.map { ($0.0.command, $0.1.sum) }, uniquingKeysWith: { first, _ in first })
        let compared = Array(
            input.histories.sorted { (order[$1.command] ?? 0, $0.command) < (order[$0.command] ?? 0, $1.command) }
                .prefix(FindingRules.comparedCommands))
        slowdowns = Slowdown.search(compared).sorted { $0.timeLostMS > $1.timeLostMS }
        rises = FailureRise.search(compared)
        correlatedFactors = CorrelatedFactor.search(input.divisions)
        let runs = input.runs.filter { input.window.contains($0.timestamp) }
        let ran = Set(runs.map(\.command))
        allStreaks = FailureStreak.all(runs)
        streaks = FailureStreak.remarkable(
            FailureStreak.all(input.runs).filter { ran.contains($0.command) }, commands: totals.count)
        allRetries = Retries.all(runs)
        costlyRetries = Retries.remarkable(allRetries, totalMS: runs.reduce(0) { $0 &+ $1.durationMS })
        failures = input.failures
        runsLookedAt = runs.count
        runsSince = input.runsAreCut && runs.count == input.runs.count ? input.runs.first?.timestamp : nil
        outcomes = Dictionary(
            totals.map { ($0.0.command, $0.0.outcomes($0.0.cells.indices)) }, uniquingKeysWith: { first, _ in first })
        tooFew = compared.compactMap { history in
            let runs = history.latency(history.cells.indices).count
            return runs > 0 && runs < FindingRules.runsBefore + FindingRules.runsAfter ? (history.command, runs) : nil
        }
    }

    /// Commands whose whole history has too few runs with a duration to detect a slowdown, the most time-consuming
    /// first.
    package let tooFew: [(command: String, runs: Int)]

    /// Failures of one category, across commands.
    struct Category: Equatable {
        let category: String
        var count = 0
        /// The commands with these failures, the most frequent first.
        var commands: [String] = []
        /// The time of the first failure, in milliseconds since 1970.
        var first: Int64 = .max
        /// The time of the last failure, in milliseconds since 1970.
        var last: Int64 = .min
    }

    /// The failures by category, the most frequent first.
    var categories: [Category] {
        var categories: [String: Category] = [:]
        for failure in failures {
            var entry = categories[failure.category] ?? Category(category: failure.category)
            entry.count += failure.count
            entry.commands.append(failure.command)
            entry.first = min(entry.first, failure.first)
            entry.last = max(entry.last, failure.last)
            categories[failure.category] = entry
        }
        return categories.values.sorted { ($1.count, $0.category) < ($0.count, $1.category) }
    }

    /// The findings in the order of lost time, the most expensive first.
    package var findings: [Finding] {
        let medians = Dictionary(costs.map { ($0.command, $0.p50) }, uniquingKeysWith: { first, _ in first })
        let streaking = Set(streaks.map(\.command))
        var findings = slowdowns.map(Finding.slower)
        // A streak also raises the failure rate of its command, so the finding about the rise is left out.
        findings += rises.filter { !streaking.contains($0.command) }
            .map { Finding.failsMore($0, medianMS: medians[$0.command] ?? 0) }
        findings += streaks.map(Finding.streak)
        findings += correlatedFactors.map(Finding.correlatedFactor)
        findings += costlyRetries.map(Finding.retries)
        for index in findings.indices { findings[index].workspace = filter.workspace }
        return findings.sorted { ($1.timeLostMS, $0.sentence) < ($0.timeLostMS, $1.sentence) }
    }
}
