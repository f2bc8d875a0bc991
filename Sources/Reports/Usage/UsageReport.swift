package import Database
package import Rollups
package import SystemSupport

/// What happened in a window, as values: every renderer shows the same.
package struct UsageReport: Equatable, Sendable {
    /// One day of the reader's calendar.
    package struct DayActivity: Equatable, Sendable {
        package let day: LocalCalendar.Day
        package let activity: StoreReader.Activity
    }

    /// Sessions that started in a stretch of time.
    package struct Sessions: Equatable, Sendable {
        package var count = 0
        /// Milliseconds; nil when there is no session.
        package var averageMS: Int64?
        package var medianMS: Double?

        package init() {}
    }

    /// How many services or ports events had, of those that say.
    package struct Amounts: Equatable, Sendable {
        package let events: Int
        package let median: Int64
        package let most: Int64
        /// Events in the window before; nil when there is no such window.
        package let before: Int?
    }

    package let window: ReportWindow
    package let zone: String
    /// What the report is confined to; empty: to nothing.
    package let filter: ReportFilter
    /// Whether there is a window before this one in which anything was recorded, to compare with.
    package var hasBefore: Bool { activityBefore != nil }

    /// What changed: commands that became slower or fail more often, the costliest first. Empty where a filter other than
    /// the command's name is set, as their history is not kept by anything else.
    package let findings: [Finding]

    package let totals: StoreReader.Activity
    /// Whether the window has no events.
    package var isEmpty: Bool { totals.events == 0 }
    package let activityBefore: StoreReader.Activity?
    /// Nil with a filter: the aggregates of sessions are kept for all events together.
    package let sessions: Sessions?
    package let sessionsBefore: Sessions?
    /// Days with activity, in order.
    package let days: [DayActivity]
    /// All of them, in the order that was asked for, else the most frequent first.
    package let commands: [UsageRow]
    /// Commands that ran less often are not listed on their own.
    let minCount: Int
    /// The figure that they are sorted by; nil sorts by count.
    let sort: UsageOrder.Sort?
    /// Failures by category.
    package let errors: [UsageRow]
    /// The same by category and command, the most frequent first.
    package let failures: [FailureCell]
    package let templates: [UsageRow]
    package let services: Amounts?
    package let ports: Amounts?
    /// Why it took longer than usual, as a sentence for the user; nil where it did not.
    package let note: String?
    /// Sources of imported entries of the window that keep each line once, so that counts are lower bounds.
    package let lowerBounds: [String]

    /// The title of events without a command, where commands are listed.
    static let unnamedTitle = "no command"

    /// Events without a command.
    package var unnamed: Int { max(0, totals.events - commands.reduce(0) { $0 + $1.count }) }

    /// At most `top` commands.
    func listed(_ top: Int) -> ArraySlice<UsageRow> {
        commands.filter { $0.count >= minCount }.prefix(top)
    }

    /// The rows that make the commands add up to all events: commands that are not listed, and events without a command.
    func summaries(besides listed: some Collection<UsageRow>) -> [UsageRow] {
        var rows: [UsageRow] = []
        if listed.count < commands.count {
            let names = Set(listed.map(\.name))
            let others = commands.filter { !names.contains($0.name) }
            rows.append(.summary("\(NumberText.grouped(others.count)) more (--top)", of: others))
        }
        if unnamed > 0 {
            let named = UsageRow.summary("", of: commands)
            var cell = UsageCell(name: Self.unnamedTitle, count: unnamed)
            cell.succeeded = max(0, totals.succeeded - (named.succeeded ?? 0))
            cell.failed = max(0, totals.failed - named.failed)
            rows.append(.summary(cell.name, of: [UsageRow(cell, before: nil)]))
        }
        return rows
    }

    /// Failures by category, and after them those that have none, so that they add up to all failures.
    var allErrors: [UsageRow] {
        let count = failures.reduce(0) { $0 + ($1.category == nil ? $1.count : 0) }
        guard count > 0 else { return errors }
        let cell = UsageCell(name: "no category", count: count, failed: count)
        return errors + [.summary(cell.name, of: [UsageRow(cell, before: nil)])]
    }

    /// Commands of each category, the most frequent first.
    var failingCommands: [String: [String]] {
        failures.reduce(into: [:]) { $0[$1.category ?? "", default: []].append($1.command ?? "no command") }
    }

    /// The share of events that succeeded among those that say whether they did; nil when none does.
    package var successRate: Double? {
        let judged = totals.succeeded + totals.failed
        return judged == 0 ? nil : Double(totals.succeeded) / Double(judged)
    }

    /// The first and last day with activity.
    package var covered: (first: LocalCalendar.Day, last: LocalCalendar.Day)? {
        guard let first = days.first, let last = days.last else { return nil }
        return (first.day, last.day)
    }

    /// The note on imported histories that keep each line once; empty without any.
    static func lowerBoundNote(_ sources: [String]) -> String {
        guard !sources.isEmpty else { return "" }
        return
            "; counts are lower bounds, as the imported history of \(sources.joined(separator: " and ")) keeps each line once"
    }
}
