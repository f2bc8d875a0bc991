import Platform
import Store

/// Shows a usage report in a terminal.
package enum DashboardRenderer {
    /// Columns between the left and the right border.
    private static let width = 58

    /// The box, the dates that it covers and, for a window of more than a day, a bar for each day.
    package static func render(_ report: UsageReport) -> String {
        (box(report) + ["", "  " + coverage(report)] + activity(report)).joined(separator: "\n") + "\n"
    }

    private static func box(_ report: UsageReport) -> [String] {
        let line = String(repeating: "═", count: width)
        let rows = [
            ("Workspaces Created:", String(report.totals.workspacesCreated)),
            ("Tasks Completed:", String(report.totals.tasksCompleted)),
            ("Avg Session Length:", report.averageSessionMS.map(duration) ?? "none"),
            ("Success Rate:", report.successRate.map(percent) ?? "none"),
        ]
        return ["╔\(line)╗", row("Nexus Usage Analytics (\(report.window.title))"), "╠\(line)╣"]
            + rows.map { row(padded($0.0, to: 23) + $0.1) } + ["╚\(line)╝"]
    }

    private static func row(_ text: String) -> String { "║  " + padded(text, to: width - 2) + "║" }

    private static func coverage(_ report: UsageReport) -> String {
        guard let (first, last) = report.covered else { return "Nothing recorded in this window." }
        let events = grouped(report.totals.events) + (report.totals.events == 1 ? " event" : " events")
        let sessions = grouped(report.sessions.count) + (report.sessions.count == 1 ? " session" : " sessions")
        let dates = first == last ? first.text : "\(first.text) to \(last.text)"
        return "\(dates) (\(report.zone.escapedForDisplay)): \(events) in \(sessions)"
    }

    /// At most the last 31 days, a line each: the bar is as long as the day's share of the busiest.
    private static func activity(_ report: UsageReport) -> [String] {
        let days = report.days.suffix(31)
        guard days.count > 1, let most = days.map(\.activity.events).max() else { return [] }
        let numberWidth = grouped(most).count
        let lines = days.map { entry in
            let count = grouped(entry.activity.events)
            return "  " + entry.day.text + "  " + String(repeating: " ", count: numberWidth - count.count) + count
                + "  "
                + bar(Double(entry.activity.events) / Double(most), columns: 58 - 14 - numberWidth)
        }
        return ["", "  Events per Day"] + lines
    }

    /// A bar with eighths of a column, never empty.
    private static func bar(_ share: Double, columns: Int) -> String {
        let eighths = max(1, Int((share * Double(columns * 8)).rounded()))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + partial[eighths % 8]
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// `2h 15m`, `3m 20s`, `12s`, `450ms`: the two largest units that say something.
    package static func duration(_ milliseconds: Int64) -> String {
        let seconds = (milliseconds + 500) / 1000
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m \(seconds % 60)s" }
        let minutes = (milliseconds + 30_000) / 60_000
        if minutes < 24 * 60 { return "\(minutes / 60)h \(minutes % 60)m" }
        return "\(minutes / 1440)d \(minutes % 1440 / 60)h"
    }

    /// A whole percentage. What is not all does not round up to it, and what is not nothing not down.
    static func percent(_ share: Double) -> String {
        let rounded = Int((share * 100).rounded())
        if rounded == 100 && share < 1 { return "99%" }
        if rounded == 0 && share > 0 { return "1%" }
        return "\(rounded)%"
    }

    /// Digits in groups of three.
    private static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0 && index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
