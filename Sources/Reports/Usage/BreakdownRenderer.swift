import Core
import SystemSupport

/// Renders a list of usage for a terminal and as CSV.
package enum BreakdownRenderer {
    /// Returns at most `top` rows. Rows for days, weeks and hours have a bar.
    package static func render(_ report: UsageBreakdown, top: Int?, _ style: TerminalStyle) -> String {
        let shown = Array(report.shown(top))
        var lines = TextBlock.wrapped(
            report.window.heading(" by \(report.kind.rawValue)", zone: report.zone) + report.headingEnd, style)
        if shown.isEmpty {
            let nothing = report.kind == .session ? "No session began" : "Nothing recorded"
            lines += ["", "  \(nothing) in this window."]
        } else {
            lines +=
                [""] + table(shown, report, style).lines(style) + TextBlock.more(report.rowCount - shown.count, style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns the rows as a table. The kind of the list and the figures of its rows determine the columns.
    static func table(_ rows: [UsageRow], _ report: UsageBreakdown, _ style: TerminalStyle) -> TextTable {
        if report.kind.isInTime { return inTime(rows, report, style) }
        if report.kind == .session { return UsageTable.sessions(rows) }
        if rows.contains(where: { $0.totalMS != nil }) {
            return UsageTable.commands(rows, title: report.kind.title, style)
        }
        if rows.contains(where: { $0.successRate != nil }) && report.kind != .error {
            return UsageTable.outcomes(report.kind.title, rows)
        }
        return UsageTable.counts(report.kind.title, rows)
    }

    private static func inTime(_ rows: [UsageRow], _ report: UsageBreakdown, _ style: TerminalStyle) -> TextTable {
        let most = rows.map(\.count).max() ?? 0
        // The cells before the bar are some 40 characters wide. Cells for durations add 26 characters.
        let hasLatency = rows.contains { $0.p50 != nil }
        let room = max(10, min(60, style.columns - (hasLatency ? 68 : 42)))
        return TextTable(
            columns: [
                .name(report.kind.title), .number("EVENTS", rank: 0), .number("FAILED", rank: 2),
                .number("SUCCESS", rank: 1),
            ] + (hasLatency ? [.number("P50", rank: 0), .number("P95", rank: 1), .number("TOTAL", rank: 2)] : [])
                + [.text("", rank: 3)],
            rows: rows.map { row in
                [
                    .init(row.name), .init(NumberText.grouped(row.count)),
                    .init(NumberText.grouped(row.failed), row.failed > 0 ? .bad : .plain),
                    .init(row.successRate.map(NumberText.percent) ?? "-"),
                ] + (hasLatency ? UsageTable.durations(row) : []) + [
                    .init(
                        row.count == 0
                            ? "" : Bars.horizontal(Double(row.count) / Double(most), columns: room, style), .bar)
                ]
            })
    }

    /// Returns the list as CSV: a header, then a line for each row. Times are in milliseconds.
    ///
    /// - Parameter names: whether the names of workspaces are added as a column.
    package static func csv(_ report: UsageBreakdown, top: Int?, names: Bool = false) -> String {
        let columns =
            [
                report.kind.rawValue, "count", "count_before", "succeeded", "failed", "success_rate", "total_ms",
                "p50_ms", "p95_ms", "p99_ms",
            ] + (names && report.kind == .workspace ? ["workspace_name"] : [])
        var text = Array((columns.joined(separator: ",") + CSVText.lineBreak).utf8)
        func field(_ number: (some CustomStringConvertible)?) -> String { number?.description ?? "" }
        func field(_ number: Double?) -> String { number.map { NumberText.rounded($0).description } ?? "" }
        for row in report.shown(top) {
            let numbers = [
                field(row.count), field(row.before), field(row.succeeded), field(row.failed), field(row.successRate),
                field(row.totalMS), field(row.p50), field(row.p95), field(row.p99),
            ]
            CSVText.append(Array(row.name.escapedForDisplay.utf8).span, to: &text)
            text += ("," + numbers.joined(separator: ",")).utf8
            if columns.last == "workspace_name" {
                text.append(UInt8(ascii: ","))
                CSVText.append(Array((row.knownName ?? "").escapedForDisplay.utf8).span, to: &text)
            }
            text += CSVText.lineBreak.utf8
        }
        return text.text
    }
}
