import Core
package import Database
import Rollups
import SystemSupport

/// All values that a page shows: the reports that a terminal shows too, and the histories for the charts of the page.
package struct PageReport: Sendable {
    /// The origin of a page, as its section "How it was made" describes it.
    package struct Making: Sendable {
        /// The time of rendering, in milliseconds since 1970.
        package var time: Int64
        /// Whether the page shows the known names of workspaces.
        package var showsNames = false
        /// Whether the data of the page is from a snapshot, not from the data folder.
        package var isOfSnapshot = false
        /// Whether the data of the page is from the aggregates on a server.
        package var isOfServer = false
        /// Seconds after which the page reloads itself; nil if it never does.
        package var refreshSeconds: Int?

        package init(time: Int64) { self.time = time }
    }

    let making: Making
    let usage: UsageReport
    /// The time axis of the commands' charts; nil without events.
    let columns: ChartColumns?
    /// The activity of each command over time, by its name.
    let series: [String: CommandSeries]
    /// Commands with charts of their own: first the commands with findings, then the most time-consuming commands.
    let detailed: [String]
    /// Failures by category over time, the most frequent category first. `counts` has the number of failures in each
    /// column.
    let failures: [(category: String, counts: [Int])]
    /// The charts of the first findings, in the order of the findings.
    let changes: [ChangeChart]
    /// The comparison with the window before; nil without events, and for a window with an open start.
    let comparison: Comparison?
    /// The latest sessions of the window; nil with a filter, and for a page from the aggregates on a server.
    let sessions: [StoreReader.Session]?
    /// The figures of each workspace. The name of a row is the hash of the workspace. If names are shown, a row also
    /// has the known name.
    let workspaces: [UsageRow]

    /// The reason why reading took longer than usual, as a sentence for the user; nil if the page was read from
    /// aggregates alone.
    package var note: String? { usage.note }

    /// The chart of a finding. The chart shows the history of the finding's command and begins before the change.
    struct ChangeChart: Sendable {
        let finding: Finding
        let columns: ChartColumns
        let series: CommandSeries
    }

    /// Limit of commands with charts of their own. The charts of one command take some 25 KB.
    static let mostDetailed = 8
    /// Limit of rows in the table of commands. A row takes some 800 bytes.
    static let mostCommands = 1000
    /// Limit of findings with a chart.
    static let mostChanges = 8
    /// Limit of listed sessions.
    static let mostSessions = 20
    /// Least number of days that a chart shows before a change. These days show the usual figures of the command.
    static let daysBeforeChange: Int64 = 14
}

extension UsageSource {
    /// Reads all values of a page. Charts are based on aggregates. With a filter, the aggregates of some days may be
    /// computed from rows (see `PageReport.note`).
    package func page(_ making: PageReport.Making) throws(StoreError) -> PageReport {
        let usage = try dashboard()
        guard let range = chartRange(usage, now: making.time), let store = reader,
            let reader = try self.reader(for: range)
        else {
            return PageReport(
                making: making, usage: usage, columns: nil, series: [:], detailed: [], failures: [], changes: [],
                comparison: nil, sessions: filter.isEmpty ? [] : nil, workspaces: [])
        }
        let columns = isOfServer ? ChartColumns(range, byHour: false) : ChartColumns(range)
        let histories = try reader.history(by: columns.grain, in: columns.range)
        let detailed = Self.detailed(usage, Set(histories.map(\.name)))
        var series = Dictionary(
            histories.map {
                ($0.name, CommandSeries($0, columns, hasHours: !isOfServer && detailed.contains($0.name)))
            },
            uniquingKeysWith: { first, _ in first })
        let failures = try reader.failureHistory(by: columns.grain, in: columns.range)
        let ofDetailed = Dictionary(grouping: failures.filter { detailed.contains($0.command ?? "") }) {
            $0.command ?? ""
        }
        for (name, histories) in ofDetailed { series[name]?.add(histories, columns) }
        return PageReport(
            making: making, usage: usage, columns: columns, series: series, detailed: detailed,
            failures: CommandSeries.failures(failures, columns),
            changes: try changes(usage, columns, series, store), comparison: try comparison(store, now: making.time),
            sessions: filter.isEmpty && !isOfServer
                ? try store.sessions(startedIn: window.range, limit: PageReport.mostSessions) : nil,
            workspaces: try breakdown(by: .workspace).rows)
    }

    /// Returns the range of the charts, in milliseconds since 1970; nil without events. The range is the window, but it
    /// ends no later than today or the last day with events, whichever is later. An open start becomes the first day
    /// with events.
    private func chartRange(_ usage: UsageReport, now: Int64) -> Range<Int64>? {
        guard let (first, last) = usage.covered else { return nil }
        let start = window.start ?? LocalCalendar.start(of: first)
        let open = max(
            LocalCalendar.start(of: last, plusDays: 1), LocalCalendar.start(of: LocalCalendar.day(of: now), plusDays: 1)
        )
        // The charts of a window with an open start end with the last day that has events.
        let end = min(window.end ?? Int64.max, window.start == nil ? LocalCalendar.start(of: last, plusDays: 1) : open)
        return start < end ? start..<end : nil
    }

    /// Returns the commands with charts of their own (see `PageReport.detailed`).
    ///
    /// - Parameter charted: the commands that have a history.
    private static func detailed(_ usage: UsageReport, _ charted: Set<String>) -> [String] {
        let single = usage.commands.filter { !$0.name.hasSuffix(EventType.lineSuffix) && charted.contains($0.name) }
            .sorted { ($1.totalMS ?? 0, $1.count, $0.name) < ($0.totalMS ?? 0, $0.count, $1.name) }
        var names: [String] = []
        for name in usage.findings.map(\.command) + single.map(\.name) where !names.contains(name) {
            guard names.count < PageReport.mostDetailed else { break }
            if charted.contains(name) { names.append(name) }
        }
        return names
    }

    /// Returns the charts of the most expensive findings. The charts begin before the window if a change is before the
    /// window or near its start.
    private func changes(
        _ usage: UsageReport, _ columns: ChartColumns, _ series: [String: CommandSeries], _ store: StoreReader
    ) throws(StoreError) -> [PageReport.ChangeChart] {
        let findings = usage.findings.prefix(PageReport.mostChanges)
        guard let earliest = findings.map({ $0.since ?? columns.range.lowerBound }).min() else { return [] }
        let before = PageReport.daysBeforeChange * Timestamp.millisecondsPerDay
        let start = max(0, min(columns.range.lowerBound, earliest - before))
        var (axis, histories) = (columns, series)
        if start < columns.range.lowerBound || columns.unit == .hour {
            axis = ChartColumns(start..<columns.range.upperBound, byHour: false)
            histories = [:]
            let names = Set(findings.map(\.command))
            if filter.workspace == nil {
                for name in names {
                    histories[name] = try store.history(of: .command, name: name, by: axis.grain, in: axis.range).first
                        .map { CommandSeries($0, axis, hasHours: false) }
                }
            } else {
                let all = try reader(for: axis.range)?.history(by: axis.grain, in: axis.range) ?? []
                for history in all where names.contains(history.name) {
                    histories[history.name] = CommandSeries(history, axis, hasHours: false)
                }
            }
        }
        return findings.compactMap { finding in
            histories[finding.command].map { .init(finding: finding, columns: axis, series: $0) }
        }
    }

    private func comparison(_ store: StoreReader, now: Int64) throws(StoreError) -> Comparison? {
        let later = Comparison.Source(store, title: window.title, range: window.range, isOfServer: isOfServer)
        guard let earlier = later.before(window, now: now) else { return nil }
        return try Comparison(from: earlier, to: later, now: now, filter: filter)
    }
}
