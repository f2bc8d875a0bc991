import EventModel
import Platform
import Store

/// Usage reports as JSON. The keys are a contract, written down in `Fixtures/stats.schema.json`: `version` goes up when
/// one changes its meaning or goes away.
package enum UsageJSON {
    static let version = 1

    /// The dashboard, `top` entries of each list.
    package static func of(_ report: UsageReport, top: Int) -> JSONValue {
        .object([
            .init("version", .integer(version)), .init("window", window(report.window, zone: report.zone)),
            .init("filter", report.filter.json), .init("totals", activity(report.totals)),
            .init("totals_before", report.activityBefore.map(activity) ?? .null),
            .init("success_rate", .number(report.successRate)), .init("sessions", sessions(report.sessions)),
            .init("sessions_before", report.sessionsBefore.map(sessions) ?? .null),
            .init("days", .array(report.days.map(day))), .init("commands", rows(report.commands.prefix(top))),
            .init("errors", rows(report.errors.prefix(top))), .init("templates", rows(report.templates.prefix(top))),
            .init("services", amounts(report.services)), .init("ports", amounts(report.ports)),
        ])
    }

    /// A list, at most `top` entries of it.
    package static func of(_ report: UsageBreakdown, top: Int?) -> JSONValue {
        .object([
            .init("version", .integer(version)), .init("window", window(report.window, zone: report.zone)),
            .init("filter", report.filter.json), .init("by", .string(report.kind.rawValue)),
            .init("row_count", .integer(report.rows.count)), .init("rows", rows(report.shown(top))),
        ])
    }

    /// A window: null where it is open, `until` being the first moment that is no more in it.
    static func window(_ window: ReportWindow, zone: String) -> JSONValue {
        let range = window.range
        return .object([
            .init("title", .string(window.title)),
            .init("from", .string(window.first.map { _ in Timestamp.rfc3339(range.lowerBound) })),
            .init("until", .string(window.last.map { _ in Timestamp.rfc3339(range.upperBound) })),
            .init("time_zone", .string(zone)),
        ])
    }

    private static func activity(_ activity: StoreReader.Activity) -> JSONValue {
        .object([
            .init("events", .integer(activity.events)), .init("commands", .integer(activity.commands)),
            .init("workspaces_created", .integer(activity.workspacesCreated)),
            .init("tasks_completed", .integer(activity.tasksCompleted)),
            .init("succeeded", .integer(activity.succeeded)), .init("failed", .integer(activity.failed)),
        ])
    }

    private static func sessions(_ sessions: UsageReport.Sessions) -> JSONValue {
        .object([
            .init("count", .integer(sessions.count)), .init("average_ms", .integer(sessions.averageMS)),
            .init("median_ms", .number(sessions.medianMS)),
        ])
    }

    private static func day(_ entry: UsageReport.DayActivity) -> JSONValue {
        .object([
            .init("date", .string(entry.day.text)), .init("events", .integer(entry.activity.events)),
            .init("commands", .integer(entry.activity.commands)),
            .init("succeeded", .integer(entry.activity.succeeded)), .init("failed", .integer(entry.activity.failed)),
        ])
    }

    private static func rows(_ rows: some Sequence<UsageRow>) -> JSONValue {
        .array(
            rows.map { row in
                .object([
                    .init("name", .string(row.name)), .init("count", .integer(row.count)),
                    .init("count_before", .integer(row.before)), .init("succeeded", .integer(row.succeeded)),
                    .init("failed", .integer(row.failed)), .init("success_rate", .number(row.successRate)),
                    .init("total_ms", .integer(row.totalMS)), .init("p50_ms", .number(row.p50)),
                    .init("p95_ms", .number(row.p95)), .init("p99_ms", .number(row.p99)),
                ])
            })
    }

    private static func amounts(_ amounts: UsageReport.Amounts?) -> JSONValue {
        guard let amounts else { return .null }
        return .object([
            .init("events", .integer(amounts.events)), .init("events_before", .integer(amounts.before)),
            .init("median", .integer(amounts.median)), .init("most", .integer(amounts.most)),
        ])
    }
}
