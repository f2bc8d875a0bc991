import Database
import SystemSupport

/// Reports as Markdown documents, for issues, pull requests and notes.
package enum MarkdownReport {
    /// Returns the dashboard, with at most `top` rows in each table.
    package static func of(_ report: UsageReport, top: Int) -> String {
        let figures = TextTable(
            columns: [.name(""), .number("", rank: 0)],
            rows: DashboardRenderer.figures(report).map { [.init(String($0.title.dropLast())), .init($0.value)] })
        var lines = ["## Nexus Usage Analytics (\(MarkdownText.escaped(report.window.title)))"]
        lines += MarkdownText.table(figures) + ["", MarkdownText.escaped(DashboardRenderer.coverage(report))]
        guard report.totals.events > 0 else { return document(lines) }
        let shown = report.findings.prefix(DashboardRenderer.mostFindings)
        lines += MarkdownText.section(
            "What Changed", MarkdownText.findings(shown) + MarkdownText.more(report.findings.count - shown.count))
        let commands = Array(report.listed(top))
        if !commands.isEmpty {
            let table = UsageTable.commands(commands + report.summaries(besides: commands), TerminalStyle())
            lines += MarkdownText.section(DashboardRenderer.title(of: report), MarkdownText.table(table))
        }
        lines += list("Failures by Category", report.allErrors, top) {
            UsageTable.failures($0, commands: report.failingCommands)
        }
        lines += list("Templates", report.templates, top) { UsageTable.counts("TEMPLATE", $0) }
        lines += MarkdownText.section(
            "Services and Ports", DashboardRenderer.amounts(report).map(MarkdownText.table) ?? [])
        lines += MarkdownText.section(
            "Sessions", DashboardRenderer.sessions(report).map { [MarkdownText.escaped($0)] } ?? [])
        return document(lines)
    }

    /// Returns a list with at most `top` rows, or with all rows if `top` is nil.
    ///
    /// - Parameter names: whether known names of workspaces are printed in place of the first digits of their hashes.
    package static func of(_ report: UsageBreakdown, top: Int?, names: Bool) -> String {
        var rows = Array(report.shown(top))
        if !names {
            for index in rows.indices { rows[index].knownName = nil }
        }
        let heading = report.window.heading(" by \(report.kind.rawValue)", zone: report.zone) + report.headingEnd
        let table = MarkdownText.table(BreakdownRenderer.table(rows, report, TerminalStyle()))
        return document(
            ["## " + MarkdownText.escaped(heading)]
                + (rows.isEmpty
                    ? ["", "Nothing recorded in this window."]
                    : table + MarkdownText.more(report.rowCount - rows.count)))
    }

    /// Returns the part of the report that `focus` selects, with at most `top` rows in each table.
    package static func of(
        _ insights: Insights, _ focus: InsightsRenderer.Focus, window: ReportWindow, zone: String, top: Int
    ) -> String {
        var lines = ["## Nexus Insights: " + MarkdownText.escaped(InsightsRenderer.heading(insights, window, zone))]
        switch focus {
        case .findings: lines += findings(insights, top)
        case .slow:
            lines += section("Became Slower", insights.slowdowns.map(Finding.slower), top)
            lines += MarkdownText.section(
                "Most Time in All", MarkdownText.table(InsightsRenderer.costs(insights.costs, top)))
            lines += MarkdownText.section(
                "Slowest (p95 of at least \(FindingRules.runsCompared) runs)",
                MarkdownText.table(InsightsRenderer.costs(InsightsRenderer.worst(insights), top)))
            lines += section(
                "Correlated Factors of Slow Runs", insights.correlatedFactors.map(Finding.correlatedFactor), top)
        case .errors:
            lines += section(
                "Higher Failure Rates", insights.findings.filter { $0.kind == .failsMore || $0.kind == .streak }, top)
            lines += MarkdownText.section(
                "Categories", MarkdownText.table(InsightsRenderer.categories(insights, top)))
            lines += MarkdownText.section("Commands", MarkdownText.table(InsightsRenderer.commands(insights, top)))
            lines += MarkdownText.section(
                "Retries after a Failure", InsightsRenderer.retries(insights, top).map(MarkdownText.table) ?? [])
        }
        return document(lines)
    }

    private static func findings(_ insights: Insights, _ top: Int) -> [String] {
        let found = insights.findings
        guard !found.isEmpty else {
            return ["", InsightsRenderer.nothing, "", MarkdownText.escaped(InsightsRenderer.basis(insights))]
                + (InsightsRenderer.tooFew(insights).map { ["", MarkdownText.escaped($0)] } ?? [])
        }
        return [""] + MarkdownText.findings(found.prefix(top)) + MarkdownText.more(found.count - top)
            + ["", InsightsRenderer.note]
    }

    private static func section(_ title: String, _ found: [Finding], _ top: Int) -> [String] {
        MarkdownText.section(title, MarkdownText.findings(found.prefix(top)) + MarkdownText.more(found.count - top))
    }

    private static func list(
        _ title: String, _ rows: [UsageRow], _ top: Int, table: ([UsageRow]) -> TextTable
    ) -> [String] {
        rows.isEmpty
            ? []
            : MarkdownText.section(
                title, MarkdownText.table(table(Array(rows.prefix(top)))) + MarkdownText.more(rows.count - top))
    }

    static func document(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}
