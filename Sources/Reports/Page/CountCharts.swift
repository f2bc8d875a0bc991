import Core
import Database
import Rollups
import SystemSupport

/// Charts of counts: failures over time, runs by hour of the week, and events per day in a calendar.
enum CountCharts {
    /// Limit of categories with a row of their own. Further categories share one row, unless there is only one such
    /// category.
    private static let mostCategories = 5

    /// Writes failures by category: a row of bars for each category, with the same scale in all rows. If there are
    /// no failures, nothing is written.
    static func writeFailures(
        _ failures: [(category: String, counts: [Int])], of name: String, _ columns: ChartColumns, id: String,
        to page: inout Markup
    ) {
        let rows = rows(failures)
        guard !rows.isEmpty else { return }
        let most = rows.flatMap(\.counts).max() ?? 1
        let rowHeight = 44.0
        let chart = Chart(
            id: id, title: "\(name): failures by category per \(columns.noun)",
            description: rows.map { "\($0.name): \(NumberText.grouped($0.counts.reduce(0, +)))" }.joined(
                separator: ", ")
                + ". The highest bar is \(NumberText.grouped(most)).",
            plotHeight: rowHeight * Double(rows.count), columns: columns.count)
        let table = ChartTable(
            titles: [columns.unit == .hour ? "Hour" : "Day"] + rows.map(\.name),
            rows: (0..<columns.count).map { column in
                [columns.name(column)]
                    + rows.map { $0.counts[column] == 0 ? "" : NumberText.grouped($0.counts[column]) }
            })
        chart.write(table, to: &page) { page in
            for (index, row) in rows.enumerated() {
                let bottom = chart.plotTop + Double(index + 1) * rowHeight
                let bars = row.counts.enumerated().filter { $0.element > 0 }.map { column, count in
                    let height = max(1.5, Double(count) / Double(most) * (rowHeight - 18))
                    return Coordinate.box(
                        chart.x(Double(column)) + 0.5, bottom - height, max(1, chart.step - 1), height)
                }
                let sum = NumberText.grouped(row.counts.reduce(0, +))
                let highest = NumberText.grouped(row.counts.max() ?? 0)
                chart.writeText(
                    "\(row.name): \(sum), at most \(highest) per \(columns.noun)", x: chart.plotLeft,
                    y: bottom - rowHeight + 14, to: &page)
                chart.writeRowLabel("0", y: bottom, to: &page)
                page.element(.path, [.kind: "bad", .d: bars.joined()])
            }
            chart.writeColumnLabels(columns.shortName, to: &page)
        }
    }

    private static func rows(_ failures: [(category: String, counts: [Int])]) -> [(name: String, counts: [Int])] {
        let named = failures.map { (name: $0.category.isEmpty ? "no category" : $0.category, counts: $0.counts) }
        guard named.count > mostCategories + 1 else { return named }
        var rest = [Int](repeating: 0, count: named[0].counts.count)
        for row in named[mostCategories...] {
            for (column, count) in row.counts.enumerated() { rest[column] += count }
        }
        return named[..<mostCategories] + [(name: "\(named.count - mostCategories) other categories", counts: rest)]
    }

    // MARK: Hours of the week

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// Writes the runs by hour of the week: the larger a mark, the more runs.
    static func writeHours(_ hours: [Int], of name: String, id: String, to page: inout Markup) {
        let most = hours.max() ?? 0
        let rowHeight = 19.0
        var chart = Chart(
            id: id, title: "\(name): runs by hour of the week",
            description:
                "A row for each day of the week and a column for each hour; the larger a mark, the more runs. The "
                + "largest mark stands for \(NumberText.counted(most, "run")).",
            plotHeight: rowHeight * 7, columns: 24)
        chart.hasColumnsAsRows = false
        let table = ChartTable(
            titles: ["Day"] + (0..<24).map { String($0) },
            rows: weekdays.enumerated().map { day, name in
                [name] + (0..<24).map { hours[day * 24 + $0] == 0 ? "" : String(hours[day * 24 + $0]) }
            })
        chart.write(table, to: &page) { page in
            var path = ""
            for (day, name) in weekdays.enumerated() {
                let y = chart.plotTop + Double(day) * rowHeight
                chart.writeRowLabel(name, y: y + rowHeight / 2, hasLine: false, to: &page)
                for hour in 0..<24 {
                    guard let share = MarkSize.share(hours[day * 24 + hour], most: most) else { continue }
                    path += MarkSize.box(share, x: chart.x(Double(hour)), y: y, width: chart.step, height: rowHeight)
                }
            }
            page.element(.path, [.kind: "heat", .d: path])
            chart.writeColumnLabels({ ($0 < 10 ? "0" : "") + "\($0):00" }, to: &page)
        }
    }

    // MARK: Calendar

    /// Limit of weeks in a calendar: a year.
    private static let mostWeeks = 53

    /// Writes the events of each day, with a column for each week and a row for each day of the week.
    static func writeCalendar(_ days: [UsageReport.DayActivity], id: String, to page: inout Markup) {
        guard let first = days.first, let last = days.last else { return }
        // The day of the week of the last day; Monday is 0.
        let lastWeekday = weekday(last.day)
        let span = ChartColumns.days(from: first.day, to: last.day)
        let weeks = min(mostWeeks, (span + 6 - lastWeekday) / 7 + 1)
        let start = LocalCalendar.day(of: LocalCalendar.start(of: last.day, plusDays: -lastWeekday - 7 * (weeks - 1)))
        let shown = days.filter { $0.day >= start }
        let most = shown.map(\.activity.events).max() ?? 0
        let rowHeight = weeks > 30 ? 12.0 : 20.0
        var chart = Chart(
            id: id, title: "Events per day",
            description:
                "A column for each week and a row for each day of the week; the larger a mark, the more events. "
                + "\(NumberText.counted(shown.count, "day")) with events from \(shown.first?.day.text ?? "") to "
                + "\(last.day.text); at most \(NumberText.grouped(most)) on a day.",
            plotHeight: rowHeight * 7, columns: max(weeks, 16))
        chart.hasColumnsAsRows = false
        let table = ChartTable(
            titles: ["Day", "Events", "Commands", "Failed"],
            rows: shown.map { entry in
                [
                    entry.day.text, NumberText.grouped(entry.activity.events),
                    NumberText.grouped(entry.activity.commands), NumberText.grouped(entry.activity.failed),
                ]
            })
        chart.write(table, to: &page) { page in
            for (day, name) in weekdays.enumerated() where day % 2 == 0 {
                chart.writeRowLabel(
                    name, y: chart.plotTop + (Double(day) + 0.5) * rowHeight, hasLine: false, to: &page)
            }
            var path = ""
            for entry in shown {
                guard let share = MarkSize.share(entry.activity.events, most: most) else { continue }
                let place = ChartColumns.days(from: start, to: entry.day)
                path += MarkSize.box(
                    share, x: chart.x(Double(place / 7)), y: chart.plotTop + Double(place % 7) * rowHeight,
                    width: chart.step, height: rowHeight)
            }
            page.element(.path, [.kind: "heat", .d: path])
            chart.writeColumnLabels(
                { week in
                    week < weeks
                        ? String(
                            LocalCalendar.day(of: LocalCalendar.start(of: start, plusDays: 7 * week)).text.dropFirst(5))
                        : ""
                }, to: &page)
        }
    }

    private static func weekday(_ day: LocalCalendar.Day) -> Int {
        let number = Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day))
        return Int((number + 3) % 7)
    }
}
