import EventModel

/// What was found as JSON. The keys are a contract, written down in `Fixtures/insights.schema.json`: `version` goes up
/// when one changes its meaning or goes away.
package enum InsightsJSON {
    static let version = 1

    /// Everything, or the part that `focus` asks for; lists hold at most `top` entries, findings are always whole.
    package static func of(
        _ insights: Insights, _ focus: InsightsRenderer.Focus, window: ReportWindow, zone: String, top: Int
    ) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("version", .integer(version)), .init("window", UsageJSON.window(window, zone: zone)),
            .init("focus", .string(focus.rawValue)),
        ]
        let findings = insights.findings.filter { finding in
            switch focus {
            case .findings: true
            case .slow: finding.kind == .slower || finding.kind == .companion
            case .errors: finding.kind == .failsMore || finding.kind == .streak || finding.kind == .retries
            }
        }
        members.append(.init("findings", .array(findings.map(finding))))
        if focus == .slow {
            members.append(.init("commands", .array(insights.costs.prefix(top).map(cost))))
        }
        if focus == .errors {
            members.append(.init("failures", .array(insights.failures.prefix(top).map(failure))))
            members.append(.init("outcomes", .array(insights.failing.prefix(top).map(outcomes))))
            members.append(.init("commands", .array(insights.allStreaks.prefix(top).map(streak))))
            members.append(.init("retries", .array(insights.allRetries.prefix(top).map(retries))))
            members.append(
                .init(
                    "runs_in_order",
                    .object([
                        .init("count", .integer(insights.runsLookedAt)),
                        .init("since", .string(insights.runsSince.map(Timestamp.rfc3339))),
                    ])))
        }
        return .object(members)
    }

    private static func finding(_ finding: Finding) -> JSONValue {
        .object([
            .init("kind", .string(finding.kind.rawValue)), .init("command", .string(finding.command)),
            .init("since", .string(finding.since.map(Timestamp.rfc3339))),
            .init("time_lost_ms", .number(finding.timeLostMS)), .init("sentence", .string(finding.sentence)),
            .init("evidence", .object(finding.evidence)),
        ])
    }

    private static func cost(_ cost: Insights.CommandCost) -> JSONValue {
        .object([
            .init("command", .string(cost.command)), .init("runs", .integer(cost.runs)),
            .init("total_ms", .integer(cost.totalMS)), .init("p50_ms", .number(cost.p50)),
            .init("p95_ms", .number(cost.p95)),
        ])
    }

    private static func failure(_ failure: InsightsInput.Failures) -> JSONValue {
        .object([
            .init("category", .string(failure.category)), .init("command", .string(failure.command)),
            .init("count", .integer(failure.count)), .init("first_seen", .string(Timestamp.rfc3339(failure.first))),
            .init("last_seen", .string(Timestamp.rfc3339(failure.last))),
        ])
    }

    private static func outcomes(_ command: String, _ outcomes: Outcomes) -> JSONValue {
        .object([
            .init("command", .string(command)), .init("runs", .integer(outcomes.judged)),
            .init("failed", .integer(outcomes.failed)),
        ])
    }

    private static func streak(_ streak: FailureStreak) -> JSONValue {
        .object([
            .init("command", .string(streak.command)), .init("runs", .integer(streak.runs)),
            .init("failed", .integer(streak.failed)), .init("longest_streak", .integer(streak.longest)),
            .init("current_streak", .integer(streak.current)),
            .init("current_streak_since", .string(streak.since.map(Timestamp.rfc3339))),
        ])
    }

    private static func retries(_ retries: Retries) -> JSONValue {
        .object([
            .init("command", .string(retries.command)), .init("failures", .integer(retries.failures)),
            .init("repeated", .integer(retries.repeated)), .init("successes", .integer(retries.successes)),
            .init("repeated_after_success", .integer(retries.repeatedAfterSuccess)),
            .init("time_ms", .integer(retries.timeMS)),
        ])
    }
}
