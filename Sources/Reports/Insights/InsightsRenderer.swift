import Core
import SystemSupport

/// Renders findings for a terminal.
package enum InsightsRenderer {
    /// The part of the report that is printed.
    package enum Focus: String, Sendable {
        case findings, slow, errors
    }

    /// The sentence for a window without findings.
    package static let nothing = "No finding."

    /// Returns the window's title, then the part that `focus` selects, with at most `top` lines of each list.
    package static func render(
        _ insights: Insights, _ focus: Focus, window: ReportWindow, zone: String, top: Int, _ style: TerminalStyle
    ) -> String {
        var lines = TextBlock.wrapped(heading(insights, window, zone), style)
        switch focus {
        case .findings: lines += findings(insights.findings, insights, top, style)
        case .slow: lines += slow(insights, top, style)
        case .errors: lines += errors(insights, top, style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns the window and the filter.
    static func heading(_ insights: Insights, _ window: ReportWindow, _ zone: String) -> String {
        window.heading(zone: zone) + (insights.filter.isEmpty ? "" : "; \(insights.filter.text)")
    }

    private static func findings(_ findings: [Finding], _ insights: Insights, _ top: Int, _ style: TerminalStyle)
        -> [String]
    {
        func muted(_ text: String) -> [String] { TextBlock.wrapped(text, style).map { style.styled($0, .muted) } }
        guard !findings.isEmpty else {
            return ["", "  " + nothing] + muted(basis(insights)) + (tooFew(insights).map(muted) ?? [])
        }
        return sentences(findings, top, style) + [""] + muted(note)
    }

    static let note = "Chance alone produces such findings in fewer than 1 of 100 reports."

    /// Returns the number of runs searched, for a report without findings.
    static func basis(_ insights: Insights) -> String {
        let runs = insights.costs.reduce(0) { $0 + $1.runs }
        guard runs > 0 else { return "No run of a command in this window." }
        return "Searched: \(NumberText.counted(runs, "run")) of \(NumberText.counted(insights.costs.count, "command"))."
    }

    /// Returns a note on commands with too few runs to detect a change. It names at most three commands, the most
    /// time-consuming first. Nil when every command has enough runs.
    static func tooFew(_ insights: Insights) -> String? {
        guard !insights.tooFew.isEmpty else { return nil }
        let needed = FindingRules.runsBefore + FindingRules.runsAfter
        let commands = insights.tooFew.prefix(3).map {
            "\($0.runs) of \(needed) runs of \($0.command.escapedForDisplay)"
        }
        return "Not enough data yet: " + commands.joined(separator: ", ") + "."
    }

    /// Returns each finding with the command line that shows its evidence.
    static func sentences(_ findings: [Finding], _ top: Int, _ style: TerminalStyle) -> [String] {
        let bullet = style.isPlain ? "*" : "•"
        return findings.prefix(top).flatMap { finding in
            [""] + TextBlock.wrapped("\(bullet) \(finding.sentence)", hanging: 4, style)
                + ["    " + style.styled(style.shown(finding.evidenceCommand, columns: style.columns - 4), .muted)]
        } + TextBlock.more(findings.count - top, style)
    }

    private static func section(
        _ title: String, _ found: [Finding], none: String, _ top: Int, _ style: TerminalStyle
    ) -> [String] {
        TextBlock.section(title, found.isEmpty ? ["  " + none] : Array(sentences(found, top, style).dropFirst()), style)
    }

    // MARK: --slow

    private static func slow(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        let worst = worst(insights)
        let none = "No run has a known duration."
        return section(
            "Became Slower", insights.slowdowns.map(Finding.slower), none: "No command.", top, style)
            + TextBlock.section(
                "Most Time in All", insights.costs.isEmpty ? ["  " + none] : costs(insights.costs, top, style), style)
            + TextBlock.section(
                "Slowest (p95 of at least \(FindingRules.runsCompared) runs)",
                worst.isEmpty ? [] : costs(worst, top, style),
                style)
            + section(
                "Correlated Factors of Slow Runs", insights.correlatedFactors.map(Finding.correlatedFactor),
                none: "No factor.",
                top,
                style)
    }

    /// Returns the commands with enough runs for a 95th percentile, the largest percentile first.
    static func worst(_ insights: Insights) -> [Insights.CommandCost] {
        insights.costs.filter { $0.runs >= FindingRules.runsCompared }
            .sorted { ($1.p95, $0.command) < ($0.p95, $1.command) }
    }

    private static func costs(_ costs: [Insights.CommandCost], _ top: Int, _ style: TerminalStyle) -> [String] {
        self.costs(costs, top).lines(style) + TextBlock.more(costs.count - top, style)
    }

    static func costs(_ costs: [Insights.CommandCost], _ top: Int) -> TextTable {
        let all = Double(max(1, costs.reduce(0) { $0 &+ $1.totalMS }))
        return TextTable(
            columns: [
                .name("COMMAND"), .number("RUNS", rank: 2), .number("P50", rank: 1), .number("P95", rank: 0),
                .number("TOTAL", rank: 0), .number("SHARE", rank: 3),
            ],
            rows: costs.prefix(top).map { cost in
                [
                    .init(cost.command), .init(NumberText.grouped(cost.runs)), .init(NumberText.latency(cost.p50)),
                    .init(NumberText.latency(cost.p95)), .init(NumberText.duration(cost.totalMS)),
                    .init(NumberText.percent(Double(cost.totalMS) / all)),
                ]
            })
    }

    // MARK: --errors

    private static func errors(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        let found = insights.findings.filter { $0.kind == .failsMore || $0.kind == .streak }
        guard insights.outcomes.values.contains(where: { $0.failed > 0 }) || !insights.failures.isEmpty else {
            return ["", "  Nothing failed."]
        }
        return section("Higher Failure Rates", found, none: "No command.", top, style)
            + TextBlock.section("Categories", categories(insights, top, style), style)
            + TextBlock.section("Commands", commands(insights, top, style), style)
            + TextBlock.section("Retries after a Failure", retries(insights, top, style), style)
            + order(insights, style)
    }

    private static func categories(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        categories(insights, top).lines(style) + TextBlock.more(insights.categories.count - top, style)
    }

    static func categories(_ insights: Insights, _ top: Int) -> TextTable {
        TextTable(
            columns: [
                .name("CATEGORY"), .number("FAILED", rank: 0), .text("FIRST SEEN", rank: 3),
                .text("LAST SEEN", rank: 1), .name("COMMANDS"),
            ],
            rows: insights.categories.prefix(top).map { entry in
                let names = entry.commands.prefix(3).joined(separator: ", ") + (entry.commands.count > 3 ? ", …" : "")
                return [
                    .init(entry.category), .init(NumberText.grouped(entry.count)),
                    .init(LocalCalendar.day(of: entry.first).text), .init(LocalCalendar.day(of: entry.last).text),
                    .init(names),
                ]
            })
    }

    private static func commands(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        commands(insights, top).lines(style) + TextBlock.more(insights.failing.count - top, style)
    }

    static func commands(_ insights: Insights, _ top: Int) -> TextTable {
        let streaks = Dictionary(insights.allStreaks.map { ($0.command, $0) }, uniquingKeysWith: { first, _ in first })
        return TextTable(
            columns: [
                .name("COMMAND"), .number("FAILED", rank: 0), .number("OF RUNS", rank: 1), .number("RATE", rank: 0),
                .number("LONGEST STREAK", rank: 2), .number("NOW", rank: 3),
            ],
            rows: insights.failing.prefix(top).map { command, outcomes in
                let streak = streaks[command]
                return [
                    .init(command), .init(NumberText.grouped(outcomes.failed)),
                    .init(NumberText.grouped(outcomes.judged)), .init(NumberText.percent(outcomes.failureRate ?? 0)),
                    .init(streak.map { String($0.longest) } ?? "-"), .init(streak.map { String($0.current) } ?? "-"),
                ]
            })
    }

    private static func retries(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        guard let table = retries(insights, top) else { return [] }
        return table.lines(style) + TextBlock.more(insights.allRetries.count - top, style)
    }

    static func retries(_ insights: Insights, _ top: Int) -> TextTable? {
        guard !insights.allRetries.isEmpty else { return nil }
        return TextTable(
            columns: [
                .name("COMMAND"), .number("FAILED", rank: 1), .number("RETRIED", rank: 0), .number("TOOK", rank: 0),
            ],
            rows: insights.allRetries.prefix(top).map { retries in
                [
                    .init(retries.command), .init(NumberText.grouped(retries.failures)),
                    .init(NumberText.grouped(retries.repeated)), .init(NumberText.duration(retries.timeMS)),
                ]
            })
    }

    /// Returns the note on the runs searched for streaks and retries; empty unless earlier runs were left out.
    private static func order(_ insights: Insights, _ style: TerminalStyle) -> [String] {
        guard let since = insights.runsSince else { return [] }
        let text =
            "Streaks and retries cover the last \(NumberText.counted(insights.runsLookedAt, "run")), since "
            + "\(LocalCalendar.day(of: since).text)."
        return [""] + TextBlock.wrapped(text, style).map { style.styled($0, .muted) }
    }
}
