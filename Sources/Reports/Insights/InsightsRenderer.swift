import Core
import SystemSupport

/// Shows what was found in a terminal.
package enum InsightsRenderer {
    /// What of it is shown.
    package enum Focus: String, Sendable {
        case findings, slow, errors
    }

    /// The sentence for a window with nothing to say.
    package static let nothing = "Nothing stands out."

    /// The window's title, then what `focus` asks for, `top` lines of each list.
    package static func render(
        _ insights: Insights, _ focus: Focus, window: ReportWindow, zone: String, top: Int, _ style: TerminalStyle
    ) -> String {
        var lines = TextBlock.wrapped("\(window.title) (\(zone.escapedForDisplay))", style)
        switch focus {
        case .findings: lines += findings(insights.findings, insights, top, style)
        case .slow: lines += slow(insights, top, style)
        case .errors: lines += errors(insights, top, style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func findings(_ findings: [Finding], _ insights: Insights, _ top: Int, _ style: TerminalStyle)
        -> [String]
    {
        guard !findings.isEmpty else {
            let runs = insights.costs.reduce(0) { $0 + $1.runs }
            let basis =
                runs == 0
                ? "No run of a command in this window."
                : "Searched: \(NumberText.counted(runs, "run"))"
                    + " of \(NumberText.counted(insights.costs.count, "command"))."
            return ["", "  " + nothing, "  " + style.styled(basis, .muted)] + tooFew(insights, style)
        }
        let note =
            "Chance alone would bring up anything like this in fewer than one of a hundred such reports."
        return sentences(findings, top, style) + [""]
            + TextBlock.wrapped(note, style).map { style.styled($0, .muted) }
    }

    /// How far the commands are from the number of runs that a change rests on: the three most time-consuming.
    private static func tooFew(_ insights: Insights, _ style: TerminalStyle) -> [String] {
        guard !insights.tooFew.isEmpty else { return [] }
        let needed = FindingRules.runsBefore + FindingRules.runsAfter
        let commands = insights.tooFew.prefix(3).map {
            "\($0.runs) of \(needed) runs of \($0.command.escapedForDisplay)"
        }
        return TextBlock.wrapped("Not enough data yet: " + commands.joined(separator: ", ") + ".", style)
            .map { style.styled($0, .muted) }
    }

    /// Each finding with the command that shows its evidence.
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
        let frequent = insights.costs.filter { $0.runs >= FindingRules.runsCompared }
        let worst = frequent.sorted { ($1.p95, $0.command) < ($0.p95, $1.command) }
        let none = "No run of a command says how long it took."
        return section(
            "Became Slower", insights.slowdowns.map(Finding.slower).sorted { $0.timeLostMS > $1.timeLostMS },
            none: "No command did.", top, style)
            + TextBlock.section(
                "Most Time in All", insights.costs.isEmpty ? ["  " + none] : costs(insights.costs, top, style), style)
            + TextBlock.section(
                "Slowest (p95 of at least \(FindingRules.runsCompared) runs)",
                worst.isEmpty ? [] : costs(worst, top, style),
                style)
            + section(
                "What Goes Along with Slow Runs", insights.correlatedFactors.map(Finding.correlatedFactor),
                none: "Nothing does.",
                top,
                style)
    }

    private static func costs(_ costs: [Insights.CommandCost], _ top: Int, _ style: TerminalStyle) -> [String] {
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
            }
        ).lines(style) + TextBlock.more(costs.count - top, style)
    }

    // MARK: --errors

    private static func errors(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        let found = insights.findings.filter { $0.kind == .failsMore || $0.kind == .streak }
        guard insights.outcomes.values.contains(where: { $0.failed > 0 }) || !insights.failures.isEmpty else {
            return ["", "  Nothing failed."]
        }
        return section("Fails More than It Did", found, none: "No command does.", top, style)
            + TextBlock.section("Categories", categories(insights, top, style), style)
            + TextBlock.section("Commands", commands(insights, top, style), style)
            + TextBlock.section("Tried Again after a Failure", retries(insights, top, style), style)
            + basis(insights, style)
    }

    private static func categories(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        let categories = insights.categories
        return TextTable(
            columns: [
                .name("CATEGORY"), .number("FAILED", rank: 0), .text("FIRST SEEN", rank: 3),
                .text("LAST SEEN", rank: 1), .name("COMMANDS"),
            ],
            rows: categories.prefix(top).map { entry in
                let names = entry.commands.prefix(3).joined(separator: ", ") + (entry.commands.count > 3 ? ", …" : "")
                return [
                    .init(entry.category), .init(NumberText.grouped(entry.count)),
                    .init(LocalCalendar.day(of: entry.first).text), .init(LocalCalendar.day(of: entry.last).text),
                    .init(style.isPlain ? names.replacing("…", with: "...") : names),
                ]
            }
        ).lines(style) + TextBlock.more(categories.count - top, style)
    }

    private static func commands(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        let streaks = Dictionary(insights.allStreaks.map { ($0.command, $0) }, uniquingKeysWith: { first, _ in first })
        let failing = insights.failing
        return TextTable(
            columns: [
                .name("COMMAND"), .number("FAILED", rank: 0), .number("OF RUNS", rank: 1), .number("RATE", rank: 0),
                .number("MOST IN A ROW", rank: 2), .number("NOW", rank: 3),
            ],
            rows: failing.prefix(top).map { command, outcomes in
                let streak = streaks[command]
                return [
                    .init(command), .init(NumberText.grouped(outcomes.failed)),
                    .init(NumberText.grouped(outcomes.judged)), .init(NumberText.percent(outcomes.failureRate ?? 0)),
                    .init(streak.map { String($0.longest) } ?? "-"), .init(streak.map { String($0.current) } ?? "-"),
                ]
            }
        ).lines(style) + TextBlock.more(failing.count - top, style)
    }

    private static func retries(_ insights: Insights, _ top: Int, _ style: TerminalStyle) -> [String] {
        guard !insights.allRetries.isEmpty else { return [] }
        return TextTable(
            columns: [
                .name("COMMAND"), .number("FAILED", rank: 1), .number("TRIED AGAIN", rank: 0), .number("TOOK", rank: 0),
            ],
            rows: insights.allRetries.prefix(top).map { retries in
                [
                    .init(retries.command), .init(NumberText.grouped(retries.failures)),
                    .init(NumberText.grouped(retries.repeated)), .init(NumberText.duration(retries.timeMS)),
                ]
            }
        ).lines(style) + TextBlock.more(insights.allRetries.count - top, style)
    }

    /// What streaks and retries rest on where that is not everything.
    private static func basis(_ insights: Insights, _ style: TerminalStyle) -> [String] {
        guard let since = insights.runsSince else { return [] }
        let text =
            "What happened in a row is told of the last \(NumberText.counted(insights.runsLookedAt, "run")), since "
            + "\(LocalCalendar.day(of: since).text)."
        return [""] + TextBlock.wrapped(text, style).map { style.styled($0, .muted) }
    }
}
