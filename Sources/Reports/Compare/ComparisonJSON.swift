package import Core
import Database

/// A comparison as JSON. The keys are stable and listed in `Fixtures/compare.schema.json`. `version` is incremented
/// when a key changes its meaning or is removed.
package enum ComparisonJSON {
    static let version = 1

    /// Returns all commands, and the commands that meet a condition of `--fail-if`.
    package static func of(_ comparison: Comparison, _ conditions: [FailCondition]) -> JSONValue {
        [
            "version": .integer(version), "before": side(comparison.before, comparison.zone),
            "after": side(comparison.after, comparison.zone), "filter": comparison.filter.json,
            "names_since": .string(comparison.namesSince.map(Timestamp.rfc3339)),
            "commands": .array(comparison.rows.map(row)),
            "failed_conditions": .array(
                conditions.flatMap { $0.violations(in: comparison) }.map { violation in
                    [
                        "condition": .string(violation.condition.text), "command": .string(violation.command),
                        "change_percent": .number(violation.change),
                    ]
                }),
        ]
    }

    private static func side(_ side: Comparison.Side, _ zone: String) -> JSONValue {
        [
            "title": .string(side.title), "from": .string(Timestamp.rfc3339(side.range.lowerBound)),
            "until": .string(Timestamp.rfc3339(min(side.range.upperBound, Limits.latestTimestamp))),
            "time_zone": .string(zone),
        ]
    }

    private static func row(_ row: Comparison.Row) -> JSONValue {
        let changes = Comparison.Metric.allCases.map { metric in
            JSONValue.Member(
                metric.rawValue,
                [
                    "before": .number(metric.value(row.before)), "after": .number(metric.value(row.after)),
                    "change_percent": .number(row.change(metric)), "is_clear": .bool(row.clear.contains(metric)),
                ])
        }
        return .object([.init("command", .string(row.command))] + changes)
    }
}
