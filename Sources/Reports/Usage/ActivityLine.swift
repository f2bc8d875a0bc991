import Core
import Database
import SystemSupport

/// The number of events per day as one line of bars. Each bar stands for one day, or for several days if there are more
/// days than columns.
enum ActivityLine {
    static func lines(_ days: [UsageReport.DayActivity], _ style: TerminalStyle) -> [String] {
        guard let first = days.first, let last = days.last, first.day != last.day else { return [] }
        guard let busiest = days.max(by: { $0.activity.events < $1.activity.events }) else { return [] }
        let start = number(first.day)
        let span = number(last.day) - start + 1
        let columns = style.columns - 4
        let perColumn = (span + columns - 1) / columns
        var counts = [Int](repeating: 0, count: (span + perColumn - 1) / perColumn)
        for day in days { counts[(number(day.day) - start) / perColumn] += day.activity.events }
        // Bars of one column look thin on a wide screen, so each bar is drawn up to three columns wide.
        let repeats = max(1, min(3, columns / counts.count))
        let line = Bars.line(counts, style).map { String(repeating: $0, count: repeats) }.joined()
        let title = perColumn == 1 ? "Events per Day" : "Events per \(perColumn) Days"
        let (from, to) = (first.day.text, last.day.text)
        let gap = counts.count * repeats - from.count - to.count
        let labels = gap > 0 ? from + String(repeating: " ", count: gap) + to : "\(from) to \(to)"
        let peak = "busiest \(busiest.day.text) with \(NumberText.counted(busiest.activity.events, "event"))"
        return TextBlock.section(
            title,
            ["  " + style.styled(line, .bar), "  " + style.styled(labels, .muted), "  " + style.styled(peak, .muted)],
            style)
    }

    /// Returns the number of days from 1970-01-01 to a day.
    private static func number(_ day: LocalCalendar.Day) -> Int {
        Int(Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day)))
    }
}
