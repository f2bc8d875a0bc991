import Core
import Rollups
import SystemSupport

/// Charts of a command's durations over time.
enum DurationCharts {
    /// Writes a band from the median to the 95th percentile for each column. The chart also shows the longest run of
    /// each column, or every run if there are few runs. The chart of a finding marks the change. If runs failed, the
    /// chart of a finding also has the share of failed runs below the time axis.
    static func writeBand(
        _ series: CommandSeries, _ columns: ChartColumns, id: String, finding: Finding? = nil, to page: inout Markup
    ) {
        let total = series.total
        let name = series.name
        let hasShare = finding != nil && total.failed > 0
        var chart = Chart(
            id: id,
            title: "\(name): duration per \(columns.noun); line: median, band: up to p95, "
                + (series.runs == nil ? "stroke: longest run" : "dot: a run"),
            description: description(series, columns, finding), plotHeight: 170, columns: columns.count)
        chart.belowHeight = hasShare ? 70 : 0
        chart.write(bandTable(series, columns), to: &page) { page in
            let values = durations(series)
            if values.isEmpty {
                chart.writeText(
                    "No run has a known duration.", x: chart.plotLeft + 10, y: chart.plotTop + 40, to: &page)
            } else {
                let axis = DurationAxis(values, top: chart.plotTop, bottom: chart.plotBottom)
                axis.writeLabels(chart, to: &page)
                writeBand(series, axis, chart, to: &page)
                if let runs = series.runs {
                    let boxes = runs.map { run in
                        Coordinate.box(x(run.start, columns, chart) - 1.3, axis.y(run.milliseconds) - 1.3, 2.6, 2.6)
                    }
                    page.element(.path, [.kind: "run", .d: boxes.joined()])
                }
            }
            chart.writeColumnLabels(columns.shortName, to: &page)
            if hasShare { writeShare(series, chart, to: &page) }
            if let since = finding?.since { writeChange(since, columns, chart, to: &page) }
        }
    }

    /// Returns all durations that must fit the chart.
    private static func durations(_ series: CommandSeries) -> [Double] {
        if let runs = series.runs { return runs.map(\.milliseconds) }
        return series.cells.flatMap { cell in
            [0.5, 1].compactMap { cell.latency.quantile($0) }
        }
    }

    private static func writeBand(
        _ series: CommandSeries, _ axis: DurationAxis, _ chart: Chart, to page: inout Markup
    ) {
        var (band, median, longest) = ("", "", "")
        for (column, cell) in series.cells.enumerated() {
            guard let p50 = cell.latency.quantile(0.5), let p95 = cell.latency.quantile(0.95) else { continue }
            let x = chart.x(Double(column))
            let (low, high) = (axis.y(p50), axis.y(p95))
            band += Coordinate.box(x, high, chart.step, max(0.5, low - high))
            median += "M\(Coordinate.text(x)) \(Coordinate.text(low))h\(Coordinate.text(chart.step))"
            guard series.runs == nil, let most = cell.latency.quantile(1) else { continue }
            longest += "M\(Coordinate.text(x + chart.step * 0.2)) \(Coordinate.text(axis.y(most)))"
            longest += "h\(Coordinate.text(chart.step * 0.6))"
        }
        page.element(.path, [.kind: "band", .d: band])
        page.element(.path, [.kind: "median", .d: median])
        if !longest.isEmpty { page.element(.path, [.kind: "longest", .d: longest]) }
    }

    /// Writes the share of failed runs, in bars below the time axis.
    private static func writeShare(_ series: CommandSeries, _ chart: Chart, to page: inout Markup) {
        let shares = series.cells.map { cell in
            cell.succeeded + cell.failed == 0 ? 0 : Double(cell.failed) / Double(cell.succeeded + cell.failed)
        }
        let most = max(0.1, shares.max() ?? 0)
        let bottom = chart.height - 6
        let height = 40.0
        let bars = shares.enumerated().filter { $0.element > 0 }.map { column, share in
            let bar = max(1, share / most * height)
            return Coordinate.box(chart.x(Double(column)) + 0.5, bottom - bar, max(1, chart.step - 1), bar)
        }
        chart.writeText("share of runs that failed", x: chart.plotLeft, y: bottom - height - 5, to: &page)
        chart.writeRowLabel(NumberText.percent(most), y: bottom - height, hasLine: true, to: &page)
        chart.writeRowLabel("0%", y: bottom, hasLine: true, to: &page)
        page.element(.path, [.kind: "bad", .d: bars.joined()])
    }

    /// Writes a line at the change, with its date.
    private static func writeChange(_ since: Int64, _ columns: ChartColumns, _ chart: Chart, to page: inout Markup) {
        guard columns.range.contains(since) else { return }
        let x = x(since, columns, chart)
        page.element(
            .path,
            [
                .kind: "change",
                .d: "M\(Coordinate.text(x)) 2V\(Coordinate.text(chart.height - (chart.belowHeight > 0 ? 6 : 24)))",
            ])
        let text = "changed " + LocalCalendar.day(of: since).text
        let isRight = x > Chart.width * 0.6
        chart.writeText(
            text, x: isRight ? x - 5 : x + 5, y: 12, isRight ? "end" : "start", kind: "label mark", to: &page)
    }

    private static func x(_ time: Int64, _ columns: ChartColumns, _ chart: Chart) -> Double {
        guard let column = columns.index(of: time) else { return chart.plotLeft }
        let start = columns.starts[column]
        let end = column + 1 < columns.count ? columns.starts[column + 1] : columns.end
        return chart.x(Double(column) + min(1, max(0, Double(time - start) / Double(end - start))))
    }

    private static func description(_ series: CommandSeries, _ columns: ChartColumns, _ finding: Finding?) -> String {
        let total = series.total
        var text =
            "\(NumberText.counted(total.count, "run")) from \(columns.name(0)) on. The line is the median, the band reaches to the "
            + "95th percentile, on a logarithmic scale."
        text += series.runs == nil ? " A stroke is the longest run." : " Each dot is a run."
        if let p50 = total.latency.quantile(0.5), let p95 = total.latency.quantile(0.95) {
            text += " Overall p50 \(NumberText.latency(p50)), p95 \(NumberText.latency(p95))."
        }
        if let finding { text += " " + finding.sentence }
        return text
    }

    private static func bandTable(_ series: CommandSeries, _ columns: ChartColumns) -> ChartTable {
        func text(_ cell: UsageCell, _ share: Double) -> String {
            cell.latency.quantile(share).map(NumberText.latency) ?? ""
        }
        return ChartTable(
            titles: [columns.unit == .hour ? "Hour" : "Day", "Runs", "Failed", "P50", "P95", "Longest"],
            rows: series.cells.enumerated().map { column, cell in
                [
                    columns.name(column), cell.count == 0 ? "" : NumberText.grouped(cell.count),
                    cell.failed == 0 ? "" : NumberText.grouped(cell.failed), text(cell, 0.5), text(cell, 0.95),
                    text(cell, 1),
                ]
            })
    }

    // MARK: Heat map

    /// Writes a heat map of time and duration, with durations in rows of a roughly logarithmic scale: the larger a
    /// mark, the more runs. No duration is left out.
    static func writeHeatMap(_ series: CommandSeries, _ columns: ChartColumns, id: String, to page: inout Markup) {
        let all = series.total.latency
        guard !all.isEmpty else { return }
        let rows = DurationRows(all)
        let counts = series.cells.map { rows.counts($0.latency) }
        let most = counts.joined().max() ?? 0
        let rowHeight = min(16, 190 / Double(rows.bounds.count))
        let chart = Chart(
            id: id, title: "\(series.name): runs by duration per \(columns.noun)",
            description:
                "Each row is a range of durations, the longest at the top; the larger a mark, the more runs. The "
                + "largest mark stands for \(NumberText.counted(most, "run")).",
            plotHeight: rowHeight * Double(rows.bounds.count), columns: columns.count)
        let table = ChartTable(
            titles: [columns.unit == .hour ? "Hour" : "Day"] + rows.bounds.indices.map { "from " + rows.name($0) },
            rows: counts.enumerated().map { column, counts in
                [columns.name(column)]
                    + (counts.isEmpty ? rows.bounds.map { _ in 0 } : counts).map { $0 == 0 ? "" : String($0) }
            })
        chart.write(table, to: &page) { page in
            let every = rowHeight < 11 ? 2 : 1
            for row in rows.bounds.indices where row % every == 0 {
                chart.writeRowLabel(rows.name(row), y: chart.plotBottom - Double(row) * rowHeight, to: &page)
            }
            var path = ""
            for (column, counts) in counts.enumerated() {
                for (row, count) in counts.enumerated() {
                    guard let share = MarkSize.share(count, most: most) else { continue }
                    path += MarkSize.box(
                        share, x: chart.x(Double(column)), y: chart.plotBottom - Double(row + 1) * rowHeight,
                        width: chart.step, height: rowHeight)
                }
            }
            page.element(.path, [.kind: "heat", .d: path])
            chart.writeColumnLabels(columns.shortName, to: &page)
        }
    }

    // MARK: Sparkline

    /// Returns the medians of a command as the path of a small picture, with the picture's size in pixels; nil when no
    /// run has a duration.
    static func sparkline(_ series: CommandSeries) -> (path: String, width: Int, height: Int)? {
        let (width, height) = (100, 20)
        let medians = series.cells.map { $0.latency.quantile(0.5) }
        let values = medians.compactMap { $0 }
        guard !values.isEmpty else { return nil }
        let axis = DurationAxis(values, top: 1, bottom: Double(height) - 1)
        let step = Double(width) / Double(max(1, medians.count))
        var path = ""
        for (column, median) in medians.enumerated() {
            guard let median else { continue }
            path +=
                "M\(Coordinate.text(Double(column) * step)) \(Coordinate.text(axis.y(median)))h\(Coordinate.text(step))"
        }
        return (path, width, height)
    }
}
