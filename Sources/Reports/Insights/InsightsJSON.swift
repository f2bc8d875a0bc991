package import Core

/// Findings as JSON. The keys are stable and listed in `Fixtures/insights.schema.json`. `version` is incremented when a
/// key changes its meaning or is removed.
package enum InsightsJSON {
    static let version = 2

    /// Returns the part of the report that `focus` selects. Each list has at most `top` entries, except that the
    /// findings are always complete.
    package static func of(
        _ insights: Insights, _ focus: InsightsRenderer.Focus, window: ReportWindow, zone: String, top: Int
    ) -> JSONValue {
        let findings = insights.findings.filter { finding in
            switch focus {
            case .findings: true
            case .slow: finding.kind == .slower || finding.kind == .correlatedFactor
            case .errors: finding.kind == .failsMore || finding.kind == .streak || finding.kind == .retries
            }
        }
        var members: [JSONValue.Member] = [
            .init("version", .integer(version)), .init("window", UsageJSON.window(window, zone: zone)),
            .init("filter", insights.filter.json), .init("focus", .string(focus.rawValue)),
            .init("findings", .array(findings.map(finding))),
        ]
        switch focus {
        case .findings: break
        case .slow: members.append(.init("commands", .array(insights.costs.prefix(top).map(cost))))
        case .errors:
            members += [
                .init("failures", .array(insights.failures.prefix(top).map(failure))),
                .init("outcomes", .array(insights.failing.prefix(top).map(outcomes))),
                .init("commands", .array(insights.allStreaks.prefix(top).map(streak))),
                .init("retries", .array(insights.allRetries.prefix(top).map(retries))),
                .init(
                    "runs_in_order",
                    [
                        "count": .integer(insights.runsLookedAt),
                        "since": .string(insights.runsSince.map(Timestamp.rfc3339)),
                    ]),
            ]
        }
        return .object(members)
    }

    static func finding(_ finding: Finding) -> JSONValue {
        [
            "kind": .string(finding.kind.rawValue), "command": .string(finding.command),
            "since": .string(finding.since.map(Timestamp.rfc3339)),
            "time_lost_ms": .number(finding.timeLostMS), "sentence": .string(finding.sentence),
            "evidence": finding.evidence, "show": .string(finding.evidenceCommand),
        ]
    }

    private static func cost(_ cost: Insights.CommandCost) -> JSONValue {
        [
            "command": .string(cost.command), "runs": .integer(cost.runs),
            "total_ms": .integer(cost.totalMS), "p50_ms": .number(cost.p50),
            "p95_ms": .number(cost.p95),
        ]
    }

    private static func failure(_ failure: InsightsInput.Failures) -> JSONValue {
        [
            "category": .string(failure.category), "command": .string(failure.command),
            "count": .integer(failure.count), "first_seen": .string(Timestamp.rfc3339(failure.first)),
            "last_seen": .string(Timestamp.rfc3339(failure.last)),
        ]
    }

    private static func outcomes(_ command: String, _ outcomes: Outcomes) -> JSONValue {
        [
            "command": .string(command), "runs": .integer(outcomes.judged),
            "failed": .integer(outcomes.failed),
        ]
    }

    private static func streak(_ streak: FailureStreak) -> JSONValue {
        [
            "command": .string(streak.command), "runs": .integer(streak.runs),
            "failed": .integer(streak.failed), "longest_streak": .integer(streak.longest),
            "current_streak": .integer(streak.current),
            "current_streak_since": .string(streak.since.map(Timestamp.rfc3339)),
        ]
    }

    private static func retries(_ retries: Retries) -> JSONValue {
        [
            "command": .string(retries.command), "failures": .integer(retries.failures),
            "repeated": .integer(retries.repeated), "successes": .integer(retries.successes),
            "repeated_after_success": .integer(retries.repeatedAfterSuccess),
            "time_ms": .integer(retries.timeMS),
        ]
    }
}
