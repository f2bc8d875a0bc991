import Database
import SystemSupport

/// Renders a usage report for a terminal.
package enum DashboardRenderer {
    /// Columns between the left and the right border of the box, if the terminal is wide enough.
    private static let boxColumns = 58

    /// Returns the box with the main figures, the range of dates, and the lists of the dashboard. Each list has at most
    /// `top` lines.
    package static func render(_ report: UsageReport, top: Int, _ style: TerminalStyle) -> String {
        var lines = box(report, style) + [""] + coverage(report, style)
        if report.totals.events > 0 {
            lines += changes(report, style) + ActivityLine.lines(report.days, style)
            let commands = Array(report.listed(top))
            if !commands.isEmpty {
                let table = UsageTable.commands(commands + report.summaries(besides: commands), style)
                lines += TextBlock.section(title(of: report), table.lines(style), style)
            }
            lines += list("Failures by Category", report.allErrors, top, style) {
                UsageTable.failures($0, commands: report.failingCommands)
            }
            lines += list("Templates", report.templates, top, style) { UsageTable.counts("TEMPLATE", $0) }
            lines += TextBlock.section("Services and Ports", amounts(report, style), style)
            lines += TextBlock.section("Sessions", sessions(report, style), style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns the title of the table of commands. The title names the order of the commands.
    static func title(of report: UsageReport) -> String {
        switch report.sort {
        case nil, .count?: "Busiest Commands"
        case .name?: "Commands by Name"
        case let sort?: "Commands by \(sort.rawValue)"
        }
    }

    private static func list(
        _ title: String, _ rows: [UsageRow], _ top: Int, _ style: TerminalStyle, table: ([UsageRow]) -> TextTable
    ) -> [String] {
        guard !rows.isEmpty else { return [] }
        let lines = table(Array(rows.prefix(top))).lines(style) + TextBlock.more(rows.count - top, style)
        return TextBlock.section(title, lines, style)
    }

    /// Limit of findings in the dashboard.
    static let mostFindings = 3

    /// Returns the most expensive changes, each with the command line that shows its evidence.
    private static func changes(_ report: UsageReport, _ style: TerminalStyle) -> [String] {
        guard !report.findings.isEmpty else { return [] }
        let shown = Array(report.findings.prefix(mostFindings))
        var lines = Array(InsightsRenderer.sentences(shown, mostFindings, style).dropFirst())
        let rest = report.findings.count - shown.count
        if rest > 0 {
            lines += ["", "  " + style.styled("and \(NumberText.grouped(rest)) more (nexus insights)", .muted)]
        }
        return TextBlock.section("What Changed", lines, style)
    }

    // MARK: The box

    private static func box(_ report: UsageReport, _ style: TerminalStyle) -> [String] {
        let width = min(boxColumns, style.columns - 2)
        let corners =
            style.isPlain ? ["+", "+", "+", "+", "+", "+", "=", "|"] : ["╔", "╗", "╠", "╣", "╚", "╝", "═", "║"]
        let line = String(repeating: corners[6], count: width)
        func row(_ text: String) -> String {
            let text = style.shown(text, columns: width - 3)
            return corners[7] + "  " + text.padded(toWidth: width - 2) + corners[7]
        }
        return [corners[0] + line + corners[1], row("Nexus Usage Analytics (\(report.window.title))")]
            + [corners[2] + line + corners[3]]
            + figures(report).map { row($0.0.padded(toWidth: 23) + $0.1) } + [corners[4] + line + corners[5]]
    }

    /// Returns the figures of the box.
    static func figures(_ report: UsageReport) -> [(title: String, value: String)] {
        var figures = [
            ("Workspaces Created:", NumberText.grouped(report.totals.workspacesCreated)),
            ("Tasks Completed:", NumberText.grouped(report.totals.tasksCompleted)),
        ]
        if let sessions = report.sessions {
            figures.append(("Avg Session Length:", sessions.averageMS.map(NumberText.duration) ?? "none"))
        }
        return figures + [("Success Rate:", report.successRate.map(NumberText.percent) ?? "none")]
    }

    private static func coverage(_ report: UsageReport, _ style: TerminalStyle) -> [String] {
        TextBlock.wrapped(coverage(report), style)
    }

    /// Returns the range of the window and its number of events.
    static func coverage(_ report: UsageReport) -> String {
        let filter = report.filter.text
        guard let (first, last) = report.covered else {
            let only = filter.isEmpty ? "" : " (\(filter))"
            let range = report.window.rangeText.map { " \($0)" } ?? ""
            return "Nothing recorded in this window\(only)\(range.isEmpty ? "" : ":" + range)."
        }
        let dates = report.window.rangeText ?? (first == last ? first.text : "\(first.text) to \(last.text)")
        var text =
            "\(dates) (\(report.zone.escapedForDisplay)): \(NumberText.counted(report.totals.events, "event"))"
        if let count = report.sessions?.count {
            text += count == 0 ? ", no session began" : " in \(NumberText.counted(count, "session"))"
        }
        if let before = report.activityBefore {
            let change = NumberText.change(from: Double(before.events), to: Double(report.totals.events))
            text += change == "=" ? ", as many as in the window before" : ", \(change) against the window before"
        }
        return (filter.isEmpty ? text : "\(text); \(filter)") + UsageReport.lowerBoundNote(report.lowerBounds)
    }

    // MARK: Short sections

    private static func sessions(_ report: UsageReport, _ style: TerminalStyle) -> [String] {
        sessions(report).map { TextBlock.wrapped($0, style) } ?? []
    }

    /// Returns the number of sessions and their average length; nil without sessions.
    static func sessions(_ report: UsageReport) -> String? {
        guard let sessions = report.sessions, let average = sessions.averageMS else { return nil }
        func change(_ value: Double, _ before: Double?) -> String {
            guard let before else { return "" }
            return " (\(NumberText.change(from: before, to: value)))"
        }
        let count = sessions.count
        return NumberText.counted(count, "session")
            + change(Double(count), report.sessionsBefore.map { Double($0.count) })
            + ", average length " + NumberText.duration(average)
            + change(Double(average), report.sessionsBefore?.averageMS.map { Double($0) })
    }

    private static func amounts(_ report: UsageReport, _ style: TerminalStyle) -> [String] {
        amounts(report)?.lines(style) ?? []
    }

    /// Returns a table of the services and ports used; nil when no event has a number of services or ports.
    static func amounts(_ report: UsageReport) -> TextTable? {
        let entries = [("services", report.services), ("ports", report.ports)].compactMap { name, amounts in
            amounts.map { (name, $0) }
        }
        guard !entries.isEmpty else { return nil }
        let columns: [TextTable.Column] =
            [.name("USED"), .number("EVENTS", rank: 0)] + (report.hasBefore ? [.number("CHANGE", rank: 1)] : [])
            + [.number("MEDIAN", rank: 0), .number("MOST", rank: 0)]
        let rows = entries.map { name, amounts -> [TextTable.Cell] in
            var cells: [TextTable.Cell] = [.init(name), .init(NumberText.grouped(amounts.events))]
            if report.hasBefore {
                cells.append(.init(NumberText.change(from: Double(amounts.before ?? 0), to: Double(amounts.events))))
            }
            return cells + [.init(String(amounts.median)), .init(String(amounts.most))]
        }
        return TextTable(columns: columns, rows: rows)
    }
}
