import Core
import Rollups
import SystemSupport

/// The table of commands, and the charts of the most important commands.
enum CommandSections {
    /// Writes the table of commands with their figures. The script of the page sorts and searches the table.
    static func writeTable(_ report: PageReport, to page: inout Markup) {
        let usage = report.usage
        guard !usage.isEmpty else { return }
        let shown = Array(usage.commands.prefix(PageReport.mostCommands))
        page.section("commands", "Commands") { page in
            page.element(.div, [.kind: "tools", .hidden: ""]) { page in
                page.element(.label, [.target: "search"], text: "Search")
                page.element(.input, [.id: "search", .type: "search", .placeholder: "part of a name"])
                page.element(.span, [.id: "found", .role: "status"], text: "")
            }
            page.element(.div, [.kind: "scroll", .role: "region", .tabindex: "0", .label: "Table of commands"]) {
                page in
                page.element(.table, [.id: "table"]) { page in
                    page.element(.thead) { page in writeTitles(hasBefore: usage.hasBefore, to: &page) }
                    page.element(.tbody) { page in
                        for row in shown { writeRow(row, report, to: &page) }
                    }
                    let summaries = usage.summaries(besides: shown)
                    if !summaries.isEmpty {
                        page.element(.tbody) { page in
                            for row in summaries { writeRow(row, report, to: &page) }
                        }
                    }
                }
            }
            page.paragraph(
                "P50 and P95 are the durations that 50 % and 95 % of the runs did not exceed, with an error of at most "
                    + "1 %. A change against the window before is shown if it is clear. The trend is the median per "
                    + "\(report.columns?.noun ?? "day").", kind: "note")
        }
    }

    private static func writeTitles(hasBefore: Bool, to page: inout Markup) {
        let numbers =
            ["Count"] + (hasBefore ? ["Before"] : []) + ["Success"] + (hasBefore ? ["Change of success"] : []) + ["P50"]
            + (hasBefore ? ["Change of P50"] : []) + ["P95", "Total"]
        page.element(.tr) { page in
            page.element(.th, [.scope: "col", .sort: "text"], text: "Command")
            page.element(.th, [.scope: "col"], text: "Trend")
            for title in numbers { page.element(.th, [.scope: "col", .sort: "number", .kind: "number"], text: title) }
        }
    }

    private static func writeRow(_ row: UsageRow, _ report: PageReport, to page: inout Markup) {
        page.element(.tr) { page in
            page.element(.th, [.scope: "row"]) { page in
                if let place = report.detailed.firstIndex(of: row.name), !row.isSummary {
                    page.element(.a, [.href: "#c\(place)"], text: row.name)
                } else {
                    page.append(row.isSummary ? row.name.replacing(" (--top)", with: " commands") : row.name)
                }
            }
            page.element(.td) { page in writeSparkline(row, report, to: &page) }
            number(NumberText.grouped(row.count), Double(row.count), to: &page)
            if report.usage.hasBefore {
                number(row.before.map(NumberText.grouped), row.before.map { Double($0) }, to: &page)
            }
            number(
                row.successRate.map(NumberText.percent), row.successRate, isBad: (row.successRate ?? 1) < 0.9, to: &page
            )
            if report.usage.hasBefore {
                let change = UsageTable.successChange(row)
                number(change?.text, row.change?.successDifference, isBad: change?.cellStyle == .bad, to: &page)
            }
            number(row.p50.map(NumberText.latency), row.p50, to: &page)
            if report.usage.hasBefore {
                let change = UsageTable.medianChange(row)
                number(change?.text, row.change?.medianRatio, isBad: change?.cellStyle == .bad, to: &page)
            }
            number(row.p95.map(NumberText.latency), row.p95, to: &page)
            number(row.totalMS.map(NumberText.duration), row.totalMS.map { Double($0) }, to: &page)
        }
    }

    /// Writes a cell with a text, and with the number by which the script sorts rows. Rows without a number come last.
    private static func number(_ text: String?, _ value: Double?, isBad: Bool = false, to page: inout Markup) {
        guard let text, let value else { return page.element(.td, [.kind: "number"], text: "") }
        let rounded = NumberText.rounded(value)
        page.element(
            .td,
            [
                .kind: isBad ? "number bad-text" : "number",
                .number: rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : String(rounded),
            ], text: text)
    }

    private static func writeSparkline(_ row: UsageRow, _ report: PageReport, to page: inout Markup) {
        guard !row.isSummary, let series = report.series[row.name], let line = DurationCharts.sparkline(series) else {
            return
        }
        // Screen readers skip the picture, because the same row has the figures.
        page.element(
            .svg,
            [
                .kind: "spark", .viewBox: "0 0 \(line.width) \(line.height)", .width: String(line.width),
                .height: String(line.height), .hiddenFromReaders: "true",
            ]
        ) { page in page.element(.path, [.d: line.path]) }
    }

    // MARK: One command

    /// Writes the charts of every command that has charts. The script shows the charts of one command at a time.
    static func writeDetails(_ report: PageReport, to page: inout Markup) {
        guard let columns = report.columns, !report.detailed.isEmpty else { return }
        page.section("details", "Charts of a command") { page in
            page.element(.div, [.kind: "tools", .hidden: ""]) { page in
                page.element(.label, [.target: "choose"], text: "Command")
                page.element(.select, [.id: "choose"]) { page in
                    for (place, name) in report.detailed.enumerated() {
                        page.element(.option, [.value: "c\(place)"], text: name)
                    }
                }
            }
            page.paragraph(note(report, columns), kind: "note")
            for (place, name) in report.detailed.enumerated() {
                guard let series = report.series[name] else { continue }
                page.element(.section, [.kind: "command", .id: "c\(place)"]) { page in
                    page.element(.h3, text: name)
                    page.element(.div, [.kind: "charts"]) { page in
                        writeCharts(series, columns, id: "c\(place)", to: &page)
                    }
                }
            }
        }
    }

    private static func writeCharts(
        _ series: CommandSeries, _ columns: ChartColumns, id: String, to page: inout Markup
    ) {
        DurationCharts.writeBand(series, columns, id: id + "b", to: &page)
        DurationCharts.writeHeatMap(series, columns, id: id + "m", to: &page)
        CountCharts.writeFailures(series.failures, of: series.name, columns, id: id + "f", to: &page)
        if let hours = series.hours { CountCharts.writeHours(hours, of: series.name, id: id + "w", to: &page) }
    }

    private static func note(_ report: PageReport, _ columns: ChartColumns) -> String {
        let all = report.usage.commands.count
        var text = ""
        if report.detailed.count < all {
            text =
                "\(report.detailed.count) of \(NumberText.counted(all, "command")) have charts: the commands "
                + "with findings, then the commands with the most total time. For another command, run "
                + "'nexus report --command NAME'."
        } else {
            text = "Every command has charts."
        }
        if columns.isOfWholeDays {
            text +=
                " Each column covers \(columns.duration) in UTC; runs by hour of the week are shown only for shorter "
                + "windows."
        }
        return text
    }
}
