package import Core
import SystemSupport

/// One finding, as a sentence with its evidence.
package struct Finding: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case slower, failsMore = "fails_more", streak, correlatedFactor = "correlated_factor", retries
    }

    package let kind: Kind
    package let command: String
    /// The lost time, in milliseconds, by which findings are ordered.
    package let timeLostMS: Double
    /// The time of the change, or of the first failure of a streak, in milliseconds since 1970; nil for other findings.
    package let since: Int64?
    /// The sentence to print. Text from outside is already escaped.
    package let sentence: String
    /// The figures that support the sentence.
    package let evidence: JSONValue
    /// The workspace that was searched, as the user gave it: a name, or the first digits of a hash. Nil if all
    /// workspaces were searched.
    package var workspace: String?

    static func slower(_ change: Slowdown) -> Finding {
        let sentence =
            "\(change.command.escapedForDisplay) became \(NumberText.factor(change.factor)) as slow on "
            + "\(day(change.since)): median \(NumberText.latency(change.medianAfter)) in "
            + "\(NumberText.counted(change.runsAfter, "run")) since then, \(NumberText.latency(change.medianBefore)) in "
            + "\(NumberText.counted(change.runsBefore, "run")) before; \(cost(change.timeLostMS)) lost."
        return Finding(
            kind: .slower, command: change.command, timeLostMS: change.timeLostMS, since: change.since,
            sentence: sentence,
            evidence: [
                "factor": .number(change.factor), "runs_before": .integer(change.runsBefore),
                "runs_after": .integer(change.runsAfter),
                "median_before_ms": .number(change.medianBefore),
                "median_after_ms": .number(change.medianAfter),
            ])
    }

    static func failsMore(_ rise: FailureRise, medianMS: Double) -> Finding {
        let sentence =
            "\(rise.command.escapedForDisplay) has failed more often since \(day(rise.since)): \(rate(rise.after)) since then, "
            + "\(rate(rise.before)) before."
        return Finding(
            kind: .failsMore, command: rise.command, timeLostMS: rise.excess * medianMS, since: rise.since,
            sentence: sentence,
            evidence: [
                "failed_before": .integer(rise.before.failed),
                "runs_before": .integer(rise.before.judged), "failed_after": .integer(rise.after.failed),
                "runs_after": .integer(rise.after.judged),
            ])
    }

    static func streak(_ streak: FailureStreak) -> Finding {
        var before = Outcomes()
        before.failed = streak.failed - streak.current
        before.succeeded = streak.runs - streak.failed
        let sentence =
            "\(streak.command.escapedForDisplay) has failed \(streak.current) times in a row since "
            + "\(day(streak.since ?? 0)); before that \(rate(before)) failed."
        return Finding(
            kind: .streak, command: streak.command, timeLostMS: Double(streak.currentMS), since: streak.since,
            sentence: sentence,
            evidence: [
                "failures_in_a_row": .integer(streak.current), "failed_before": .integer(before.failed),
                "runs_before": .integer(before.judged),
            ])
    }

    static func correlatedFactor(_ correlatedFactor: CorrelatedFactor) -> Finding {
        let with =
            switch correlatedFactor.attribute {
            case .template: "template \(correlatedFactor.value.escapedForDisplay)"
            case .services:
                correlatedFactor.value == "1" ? "1 service" : "\(correlatedFactor.value.escapedForDisplay) services"
            case .ports: correlatedFactor.value == "1" ? "1 port" : "\(correlatedFactor.value.escapedForDisplay) ports"
            }
        let sentence =
            "\(correlatedFactor.command.escapedForDisplay) takes \(NumberText.factor(correlatedFactor.factor)) as long with \(with): "
            + "median \(NumberText.latency(correlatedFactor.medianWith)) in "
            + "\(NumberText.counted(correlatedFactor.runsWith, "run")), "
            + "\(NumberText.latency(correlatedFactor.medianWithout)) in the "
            + "\(NumberText.counted(correlatedFactor.runsWithout, "other run")); "
            + "\(cost(correlatedFactor.timeLostMS)) more in all."
        return Finding(
            kind: .correlatedFactor, command: correlatedFactor.command, timeLostMS: correlatedFactor.timeLostMS,
            since: nil,
            sentence: sentence,
            evidence: [
                "attribute": .string(correlatedFactor.attribute.rawValue), "value": .string(correlatedFactor.value),
                "factor": .number(correlatedFactor.factor), "runs_with": .integer(correlatedFactor.runsWith),
                "runs_without": .integer(correlatedFactor.runsWithout),
                "median_with_ms": .number(correlatedFactor.medianWith),
                "median_without_ms": .number(correlatedFactor.medianWithout),
            ])
    }

    static func retries(_ retries: Retries) -> Finding {
        let usual = Double(retries.repeatedAfterSuccess) / Double(max(1, retries.successes))
        let sentence =
            "Repeating \(retries.command.escapedForDisplay) after it failed took \(cost(Double(retries.timeMS))): "
            + "\(NumberText.grouped(retries.repeated)) of \(NumberText.counted(retries.failures, "failure")) were "
            + "followed by another run within 10 minutes, compared with \(NumberText.percent(usual)) of its successes."
        return Finding(
            kind: .retries, command: retries.command, timeLostMS: Double(retries.timeMS), since: nil,
            sentence: sentence,
            evidence: [
                "failures": .integer(retries.failures), "repeated": .integer(retries.repeated),
                "successes": .integer(retries.successes),
                "repeated_after_success": .integer(retries.repeatedAfterSuccess),
                "time_ms": .integer(retries.timeMS),
            ])
    }

    /// The `nexus stats` command line that lists the runs of the finding's command by day, template or error category.
    /// Only the names of the command and of the workspace need quotes.
    package var evidenceCommand: String {
        func quoted(_ text: String) -> String {
            "'" + text.escapedForDisplay.replacing("'", with: "'\\''") + "'"
        }
        let dimension =
            switch kind {
            case .slower, .failsMore, .streak: "day"
            case .correlatedFactor: "template"
            case .retries: "error"
            }
        return "nexus stats --by \(dimension) --command \(quoted(command))"
            + (workspace.map { " --workspace " + quoted($0) } ?? "")
    }

    private static func day(_ milliseconds: Int64) -> String { LocalCalendar.day(of: milliseconds).text }

    private static func cost(_ milliseconds: Double) -> String { NumberText.latency(max(0, milliseconds)) }

    private static func rate(_ outcomes: Outcomes) -> String {
        "\(NumberText.grouped(outcomes.failed)) of \(NumberText.counted(outcomes.judged, "run")) "
            + "(\(NumberText.percent(outcomes.failureRate ?? 0)))"
    }
}
