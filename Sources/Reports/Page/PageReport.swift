import Core
package import Database
import Rollups
import SystemSupport

/// Everything that a page shows, as values: the reports of the terminal, and the histories behind its charts.
package struct PageReport: Sendable {
    /// What a page says of its own making.
    package struct Making: Sendable {
        /// When it was made, in milliseconds since 1970.
        package var time: Int64
        /// Whether it shows the names of workspaces that are known here.
        package var showsNames = false
        /// Whether it is on a snapshot, not on the data folder.
        package var isOfSnapshot = false
        /// Seconds after which the page loads itself again; nil: never.
        package var refreshSeconds: Int?

        package init(time: Int64) { self.time = time }
    }

    let making: Making
    let usage: UsageReport
    /// The time axis of the commands' charts; nil where nothing was recorded.
    let columns: ChartColumns?
    /// By command.
    let series: [String: CommandSeries]
    /// Commands with charts of their own, those with findings first, then those that took most time.
    let detailed: [String]
    /// Failures by category over time, the most frequent category first.
    let failures: [(category: String, counts: [Int])]
    /// The charts of the findings, in their order; the rest of the findings have none.
    let changes: [ChangeChart]
    /// Nil for a window without a beginning.
    let comparison: Comparison?
    /// The latest sessions of the window; nil with a filter.
    let sessions: [StoreReader.Session]?
    /// Workspaces by their hash, with their names where these are shown.
    let workspaces: [UsageRow]

    /// Why it took longer than usual, as a sentence for the user; nil where it did not.
    package var note: String? { usage.note }

    /// The history of a finding's command, from before the change on.
    struct ChangeChart: Sendable {
        let finding: Finding
        let columns: ChartColumns
        let series: CommandSeries
    }

    /// Commands with charts of their own, at most: some 25 KB each.
    static let mostDetailed = 8
    /// Rows of the table of commands, at most: some 800 bytes each.
    static let mostCommands = 1000
    /// Findings with a chart, at most.
    static let mostChanges = 8
    /// Sessions that are listed.
    static let mostSessions = 20
    /// Days before a change that its chart shows at least, so that a reader sees how the command was.
    static let daysBeforeChange: Int64 = 14
}

extension UsageSource {
    /// Reads everything that a page shows. Charts rest on aggregates, and read no single run.
    package func page(_ making: PageReport.Making) throws(StoreError) -> PageReport {
        let usage = try dashboard()
        guard let range = chartRange(usage, now: making.time), let store = reader,
            let reader = try self.reader(for: range)
        else {
            return PageReport(
                making: making, usage: usage, columns: nil, series: [:], detailed: [], failures: [], changes: [],
                comparison: nil, sessions: filter.isEmpty ? [] : nil, workspaces: [])
        }
        let columns = ChartColumns(range)
        let histories = try reader.history(by: columns.grain, in: columns.range)
        let detailed = Self.detailed(usage, Set(histories.map(\.name)))
        var series = Dictionary(
            histories.map { ($0.name, CommandSeries($0, columns, hasHours: detailed.contains($0.name))) },
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
            sessions: filter.isEmpty
                ? try store.sessions(startedIn: window.range, limit: PageReport.mostSessions) : nil,
            workspaces: try breakdown(by: .workspace).rows)
    }

    /// The range of the charts, in milliseconds since 1970: the window, as far as it is over or has events; nil without any.
    private func chartRange(_ usage: UsageReport, now: Int64) -> Range<Int64>? {
        guard let (first, last) = usage.covered else { return nil }
        let start = window.start ?? LocalCalendar.start(of: first)
        let open = max(
            LocalCalendar.start(of: last, plusDays: 1), LocalCalendar.start(of: LocalCalendar.day(of: now), plusDays: 1)
        )
        // Of all time the charts end with the last event.
        let end = min(window.end ?? Int64.max, window.start == nil ? LocalCalendar.start(of: last, plusDays: 1) : open)
        return start < end ? start..<end : nil
    }

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

    /// The charts of the costliest findings. Where a change is not well within the window they begin before it.
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
        let later = Comparison.Source(store, title: window.title, range: window.range)
        guard let earlier = later.before(window, now: now) else { return nil }
        return try Comparison(from: earlier, to: later, now: now, filter: filter)
    }
}
