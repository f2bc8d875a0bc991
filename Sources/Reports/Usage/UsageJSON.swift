package import Core
import Database
import Rollups
import SystemSupport

/// Usage reports as JSON. The keys are stable and listed in `Fixtures/stats.schema.json`. `version` is incremented when
/// a key changes its meaning or is removed.
package enum UsageJSON {
    static let version = 2

    /// Returns the dashboard, with at most `top` commands, errors, failures and templates. Findings and days are
    /// complete.
    package static func of(_ report: UsageReport, top: Int) -> JSONValue {
        let value: JSONValue = [
            "version": .integer(version), "window": window(report.window, zone: report.zone),
            "filter": report.filter.json, "totals": activity(report.totals),
            "totals_before": report.activityBefore.map(activity) ?? .null,
            "findings": .array(report.findings.map(InsightsJSON.finding)),
            "success_rate": .number(report.successRate), "sessions": report.sessions.map(sessions) ?? .null,
            "sessions_before": report.sessionsBefore.map(sessions) ?? .null,
            "days": .array(report.days.map(day)), "command_count": .integer(report.commands.count),
            "commands": rows(report.listed(top)), "unnamed_events": .integer(report.unnamed),
            "errors": rows(report.errors.prefix(top)), "failures": .array(report.failures.prefix(top).map(failure)),
            "templates": rows(report.templates.prefix(top)),
            "services": amounts(report.services), "ports": amounts(report.ports),
        ]
        return value.adding(lowerBounds: report.lowerBounds)
    }

    /// Returns a list with at most `top` rows, or with all rows if `top` is nil.
    ///
    /// - Parameter names: whether known names of workspaces are added.
    package static func of(_ report: UsageBreakdown, top: Int?, names: Bool = false) -> JSONValue {
        let value: JSONValue = [
            "version": .integer(version), "window": window(report.window, zone: report.zone),
            "filter": report.filter.json, "by": .string(report.kind.rawValue),
            "row_count": .integer(report.rowCount),
            "rows": rows(report.shown(top), names: names && report.kind == .workspace),
        ]
        return value.adding(lowerBounds: report.lowerBounds)
    }

    /// Returns a window. An open start or end is null; `until` is the first instant after the window.
    static func window(_ window: ReportWindow, zone: String) -> JSONValue {
        let range = window.range
        return [
            "title": .string(window.title),
            "from": .string(window.start.map { _ in Timestamp.rfc3339(range.lowerBound) }),
            "until": .string(window.end.map { _ in Timestamp.rfc3339(range.upperBound) }),
            "time_zone": .string(zone),
        ]
    }

    private static func activity(_ activity: StoreReader.Activity) -> JSONValue {
        [
            "events": .integer(activity.events), "commands": .integer(activity.commands),
            "workspaces_created": .integer(activity.workspacesCreated),
            "tasks_completed": .integer(activity.tasksCompleted),
            "succeeded": .integer(activity.succeeded), "failed": .integer(activity.failed),
        ]
    }

    private static func sessions(_ sessions: UsageReport.Sessions) -> JSONValue {
        [
            "count": .integer(sessions.count), "average_ms": .integer(sessions.averageMS),
            "median_ms": .number(sessions.medianMS),
        ]
    }

    private static func day(_ entry: UsageReport.DayActivity) -> JSONValue {
        [
            "date": .string(entry.day.text), "events": .integer(entry.activity.events),
            "commands": .integer(entry.activity.commands),
            "succeeded": .integer(entry.activity.succeeded), "failed": .integer(entry.activity.failed),
        ]
    }

    /// Returns the significant change against the window before; null when no change is significant, or when the window
    /// before has no row of the same name.
    private static func change(_ change: ClearChange?) -> JSONValue {
        guard let change, change.medianRatio != nil || change.successDifference != nil else { return .null }
        return [
            "p50_ratio": .number(change.medianRatio), "success_difference": .number(change.successDifference),
        ]
    }

    private static func failure(_ cell: FailureCell) -> JSONValue {
        [
            "category": .string(cell.category), "command": .string(cell.command), "count": .integer(cell.count),
            "first_seen": .string(Timestamp.rfc3339(cell.firstSeen)),
            "last_seen": .string(Timestamp.rfc3339(cell.lastSeen)),
        ]
    }

    private static func rows(_ rows: some Sequence<UsageRow>, names: Bool = false) -> JSONValue {
        .array(
            rows.map { row in
                let members: [JSONValue.Member] = [
                    .init("name", .string(row.name)), .init("count", .integer(row.count)),
                    .init("count_before", .integer(row.before)), .init("succeeded", .integer(row.succeeded)),
                    .init("failed", .integer(row.failed)), .init("success_rate", .number(row.successRate)),
                    .init("total_ms", .integer(row.totalMS)), .init("p50_ms", .number(row.p50)),
                    .init("p95_ms", .number(row.p95)), .init("p99_ms", .number(row.p99)),
                    .init("change", change(row.change)),
                ]
                return .object(members + (names ? [.init("workspace_name", .string(row.knownName))] : []))
            })
    }

    private static func amounts(_ amounts: UsageReport.Amounts?) -> JSONValue {
        guard let amounts else { return .null }
        return [
            "events": .integer(amounts.events), "events_before": .integer(amounts.before),
            "median": .integer(amounts.median), "most": .integer(amounts.most),
        ]
    }
}

extension JSONValue {
    /// Returns the object with the member `lower_bounds`: the sources whose histories make the counts lower bounds. The
    /// object is unchanged if `sources` is empty.
    fileprivate func adding(lowerBounds sources: [String]) -> JSONValue {
        guard case .object(let members) = self, !sources.isEmpty else { return self }
        return .object(members + [Member("lower_bounds", .strings(sources))])
    }
}
