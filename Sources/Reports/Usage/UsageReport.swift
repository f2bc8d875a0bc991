package import Database
package import Rollups
package import SystemSupport

/// The usage of a window, as values for all renderers.
package struct UsageReport: Equatable, Sendable {
    /// The activity of one day in the local time zone.
    package struct DayActivity: Equatable, Sendable {
        package let day: LocalCalendar.Day
        package let activity: StoreReader.Activity
    }

    /// Sessions that started in a range of time.
    package struct Sessions: Equatable, Sendable {
        package var count = 0
        /// The average length in milliseconds; nil without sessions.
        package var averageMS: Int64?
        package var medianMS: Double?

        package init() {}
    }

    /// The numbers of services, or of ports, that events report. Events without this field are left out.
    package struct Amounts: Equatable, Sendable {
        /// The number of events with this field.
        package let events: Int
        package let median: Int64
        package let most: Int64
        /// The number of events with this field in the window before; nil when there is no such window.
        package let before: Int?
    }

    package let window: ReportWindow
    package let zone: String
    /// The filter of the report; empty if the report covers all events.
    package let filter: ReportFilter
    /// Whether events were recorded in the window before this window, so that a comparison is possible.
    package var hasBefore: Bool { activityBefore != nil }

    /// Commands that became slower or fail more often, the most expensive first. The list is empty if the filter
    /// selects only failures, or if the report is from the aggregates on a server.
    package let findings: [Finding]

    package let totals: StoreReader.Activity
    /// Whether the window has no events.
    package var isEmpty: Bool { totals.events == 0 }
    /// The activity in the window before; nil if there is no such window or no event was recorded in it.
    package let activityBefore: StoreReader.Activity?
    /// The sessions of the window. Nil with a filter, because the aggregates of sessions cover all events together. Nil
    /// for a server, because its aggregates have no sessions.
    package let sessions: Sessions?
    /// The sessions of the window before; nil also if `activityBefore` is nil.
    package let sessionsBefore: Sessions?
    /// Days with activity, in order.
    package let days: [DayActivity]
    /// All commands in the requested order, by default the most frequent first.
    package let commands: [UsageRow]
    /// The smallest count of a listed command.
    let minCount: Int
    /// The figure by which the commands are sorted; nil sorts by count.
    let sort: UsageOrder.Sort?
    /// Failures by category.
    package let errors: [UsageRow]
    /// Failures by category and command, the most frequent first.
    package let failures: [FailureCell]
    package let templates: [UsageRow]
    package let services: Amounts?
    package let ports: Amounts?
    /// The reason why reading took longer than usual, as a sentence for the user; nil if the report was read from
    /// aggregates alone.
    package let note: String?
    /// The sources, such as `fish`, whose history keeps each repeated line only once and overlaps the window. If there
    /// are such sources, the counts are lower bounds.
    package let lowerBounds: [String]

    /// The name of the row for events without a command, in a list of commands.
    static let unnamedTitle = "no command"

    /// Events without a command.
    package var unnamed: Int { max(0, totals.events - commands.reduce(0) { $0 + $1.count }) }

    /// Returns the first `top` commands that reach `minCount`.
    func listed(_ top: Int) -> ArraySlice<UsageRow> {
        commands.filter { $0.count >= minCount }.prefix(top)
    }

    /// Returns summary rows for the commands that are not listed and for events without a command. With these rows the
    /// table adds up to all events.
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

    /// Failures by category, followed by failures without a category, so that the rows add up to all failures.
    var allErrors: [UsageRow] {
        let count = failures.reduce(0) { $0 + ($1.category == nil ? $1.count : 0) }
        guard count > 0 else { return errors }
        let cell = UsageCell(name: "no category", count: count, failed: count)
        return errors + [.summary(cell.name, of: [UsageRow(cell, before: nil)])]
    }

    /// The names of the commands that failed in each category, the most frequent first. The key is the category; it is
    /// empty for failures without a category.
    var failingCommands: [String: [String]] {
        failures.reduce(into: [:]) { $0[$1.category ?? "", default: []].append($1.command ?? "no command") }
    }

    /// The share of successful events among the events with an outcome; nil when no event has an outcome.
    package var successRate: Double? {
        let judged = totals.succeeded + totals.failed
        return judged == 0 ? nil : Double(totals.succeeded) / Double(judged)
    }

    /// The first and the last day with activity; nil without activity.
    package var covered: (first: LocalCalendar.Day, last: LocalCalendar.Day)? {
        guard let first = days.first, let last = days.last else { return nil }
        return (first.day, last.day)
    }

    /// Returns the note that counts are lower bounds because of these sources; empty if `sources` is empty.
    static func lowerBoundNote(_ sources: [String]) -> String {
        guard !sources.isEmpty else { return "" }
        return
            "; counts are lower bounds, as the imported history of \(sources.joined(separator: " and ")) keeps each line once"
    }
}
