import Core
import Database
import Rollups
import SystemSupport

/// Renders a comparison for a terminal, as CSV and as Markdown.
package enum ComparisonRenderer {
    /// Returns the significant changes, the table of commands, and the results of `--fail-if`. The changes and the
    /// table have at most `top` commands each.
    package static func render(
        _ comparison: Comparison, _ conditions: [FailCondition], top: Int, _ style: TerminalStyle
    ) -> String {
        var lines = TextBlock.wrapped(heading(comparison), style)
        func muted(_ text: String) -> [String] { TextBlock.wrapped(text, style).map { style.styled($0, .muted) } }
        lines += namingNote(comparison).map(muted) ?? []
        guard comparison.isComparable else {
            return (lines + ["", "  " + nothing(comparison)]).joined(separator: "\n") + "\n"
        }
        let bullet = style.isPlain ? "*" : "•"
        let sentences = sentences(comparison)
        lines += TextBlock.section(
            "What Changed",
            sentences.isEmpty
                ? ["  " + none]
                : sentences.prefix(top).flatMap { TextBlock.wrapped("\(bullet) \($0)", hanging: 4, style) }
                    + TextBlock.more(sentences.count - top, style),
            style)
        lines += TextBlock.section(
            "Commands",
            table(Array(comparison.rows.prefix(top))).lines(style)
                + TextBlock.more(comparison.rows.count - top, style), style)
        if !conditions.isEmpty {
            lines += TextBlock.section(
                "Conditions", verdicts(comparison, conditions).flatMap { TextBlock.wrapped($0, hanging: 4, style) },
                style)
        }
        lines += [""] + muted(note(comparison))
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns the comparison as a Markdown document.
    package static func markdown(_ comparison: Comparison, _ conditions: [FailCondition], top: Int) -> String {
        var lines = ["## Nexus Compare", "", MarkdownText.escaped(heading(comparison))]
        lines += namingNote(comparison).map { ["", $0] } ?? []
        guard comparison.isComparable else { return MarkdownReport.document(lines + ["", nothing(comparison)]) }
        let sentences = sentences(comparison)
        lines += MarkdownText.section(
            "What Changed",
            sentences.isEmpty
                ? [none]
                : sentences.prefix(top).map { "- " + MarkdownText.escaped($0) }
                    + MarkdownText.more(sentences.count - top))
        lines += MarkdownText.section(
            "Commands",
            MarkdownText.table(table(Array(comparison.rows.prefix(top))))
                + MarkdownText.more(comparison.rows.count - top))
        if !conditions.isEmpty {
            lines += MarkdownText.section(
                "Conditions", verdicts(comparison, conditions).map { "- " + MarkdownText.escaped($0) })
        }
        return MarkdownReport.document(lines + ["", note(comparison)])
    }

    /// Returns the comparison as CSV: a header, then a line for each command.
    package static func csv(_ comparison: Comparison) -> String {
        let metrics = Comparison.Metric.allCases
        let columns = metrics.flatMap { metric in
            ["before", "after", "change_percent", "is_clear"].map { "\(metric.rawValue)_\($0)" }
        }
        var text = Array((["command"] + columns).joined(separator: ",").utf8)
        text += CSVText.lineBreak.utf8
        func field(_ number: Double?) -> String {
            number.map { $0.isFinite ? NumberText.rounded($0).description : "" } ?? ""
        }
        for row in comparison.rows {
            CSVText.append(Array(row.command.escapedForDisplay.utf8).span, to: &text)
            for metric in metrics {
                let fields = [
                    field(metric.value(row.before)), field(metric.value(row.after)), field(row.change(metric)),
                    String(row.clear.contains(metric)),
                ]
                text += ("," + fields.joined(separator: ",")).utf8
            }
            text += CSVText.lineBreak.utf8
        }
        return text.text
    }

    // MARK: Parts

    static let none = "No clear change: chance explains all differences."

    static func heading(_ comparison: Comparison) -> String {
        func text(_ side: Comparison.Side) -> String {
            let range = side.rangeText
            return side.title == range || range.isEmpty ? side.title : "\(side.title), \(range)"
        }
        let filter = comparison.filter.text.isEmpty ? "" : "; \(comparison.filter.text)"
        return
            "\(text(comparison.after)) against \(text(comparison.before)) (\(comparison.zone.escapedForDisplay))\(filter)"
    }

    static func nothing(_ comparison: Comparison) -> String {
        comparison.rows.contains { $0.after.count > 0 }
            ? "Nothing to compare with: nothing was recorded in the earlier window."
            : "Nothing recorded in the later window."
    }

    static func namingNote(_ comparison: Comparison) -> String? {
        if let end = comparison.recordedSince {
            let day = LocalCalendar.day(of: end).text
            return
                "An imported history ends on \(day). Runs until then may have other details and are left out."
        }
        return comparison.namesSince.map {
            "The naming rules changed on \(LocalCalendar.day(of: $0).text); earlier runs are left out."
        }
    }

    static func note(_ comparison: Comparison) -> String {
        let lengths = [comparison.before, comparison.after].map { $0.range.upperBound - $0.range.lowerBound }
        let difference = abs(lengths[0] - lengths[1])
        return "Chance alone produces such a change in fewer than 1 of 100 comparisons."
            + (difference > 3_600_000
                ? " The windows differ in length: counts and total times are compared per day." : "")
    }

    /// Returns a sentence for each command with significant changes.
    static func sentences(_ comparison: Comparison) -> [String] {
        comparison.rows.filter { !$0.clear.isEmpty }.map { row in
            let changes = Comparison.Metric.allCases.filter { row.clear.contains($0) }.map { metric in
                "\(metric.rawValue) \(arrow(metric, row)) (\(changeText(metric, row.change(metric))))"
            }
            return "\(row.command.escapedForDisplay): \(changes.joined(separator: ", "))."
        }
    }

    private static func arrow(_ metric: Comparison.Metric, _ row: Comparison.Row) -> String {
        "\(valueText(metric, metric.value(row.before))) → \(valueText(metric, metric.value(row.after)))"
    }

    static func valueText(_ metric: Comparison.Metric, _ value: Double?) -> String {
        guard let value else { return "-" }
        return switch metric {
        case .count, .failed: NumberText.grouped(Int(value))
        case .success: NumberText.percent(value)
        case .p50, .p95: NumberText.latency(value)
        case .total: NumberText.duration(Int64(value))
        }
    }

    static func changeText(_ metric: Comparison.Metric, _ change: Double?) -> String {
        guard let change else { return "-" }
        guard change.isFinite else { return "new" }
        if metric == .success {
            let points = Int(change.rounded())
            return (points > 0 ? "+" : points < 0 ? "-" : "") + abs(points).counted("point")
        }
        return NumberText.change(from: 1, to: 1 + change / 100)
    }

    static func table(_ rows: [Comparison.Row]) -> TextTable {
        let ranks: [(Comparison.Metric, Int)] = [(.count, 3), (.success, 1), (.p50, 0), (.p95, 2), (.total, 4)]
        let columns: [(column: TextTable.Column, cell: (Comparison.Row) -> TextTable.Cell?)] =
            [(.name("COMMAND"), { .init($0.command) })]
            + ranks.map { metric, rank in
                (
                    .number(metric.rawValue.uppercased(), rank: rank),
                    { row in
                        guard metric.value(row.before) != nil || metric.value(row.after) != nil else { return nil }
                        let isWorse =
                            metric == .success ? (row.change(metric) ?? 0) < 0 : (row.change(metric) ?? 0) > 0
                        let isBad = row.clear.contains(metric) && isWorse && metric != .count
                        return .init(arrow(metric, row), isBad ? .bad : .plain)
                    }
                )
            }
        return TextTable(rows, columns: columns)
    }

    /// Returns the result of each condition.
    private static func verdicts(_ comparison: Comparison, _ conditions: [FailCondition]) -> [String] {
        conditions.flatMap { condition in
            let violations = condition.violations(in: comparison)
            guard !violations.isEmpty else { return ["\(condition.text): met by no command"] }
            return violations.map {
                "\(condition.text): met by \($0.command.escapedForDisplay), \(changeText(condition.metric, $0.change))"
            }
        }
    }
}
