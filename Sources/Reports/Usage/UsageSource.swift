package import Core
package import Database
import Rollups
import SystemSupport

/// Reads the usage reports of one window. Without a database the reports are empty.
package struct UsageSource: Sendable {
    let reader: StoreReader?
    let window: ReportWindow
    let filter: ReportFilter
    let order: UsageOrder
    /// The known names of workspaces by their hash, for example from folders on this disk.
    let names: [String: String]
    /// The range of the window before, for comparisons, in milliseconds since 1970; nil when there is no such window.
    let before: Range<Int64>?
    let zone: String
    /// Whether the database has a server's aggregates: sums of days in UTC, without sessions.
    let isOfServer: Bool

    /// Limit of listed sessions, which bounds the memory of a report. One user takes years to make that many sessions.
    private static let mostSessions = 100_000

    /// Makes a source for a window. `now` is in milliseconds since 1970.
    ///
    /// - Parameter isOfServer: whether `reader` has a server's aggregates.
    package init(
        reader: StoreReader?, window: ReportWindow, now: Int64, filter: ReportFilter = ReportFilter(),
        order: UsageOrder = UsageOrder(), names: [String: String] = [:], isOfServer: Bool = false
    ) {
        self.isOfServer = isOfServer
        zone = isOfServer ? "UTC" : LocalCalendar.zoneName
        self.reader = reader
        self.window = window
        self.filter = filter
        self.order = order
        self.names = names
        before = window.before(now: now)
    }

    /// Reads the database of a data folder.
    package init(
        data: DataFolder, window: ReportWindow, now: Int64, filter: ReportFilter, order: UsageOrder,
        names: [String: String]
    ) throws(StoreError) {
        self.init(
            reader: try StoreReader(data: data), window: window, now: now, filter: filter, order: order, names: names)
    }

    /// Returns the dashboard.
    package func dashboard() throws(StoreError) -> UsageReport {
        let dimensions: [UsageDimension] = [.command, .errorCategory, .template, .services, .ports]
        let now = try counts(dimensions, in: window.range)
        var then: Counts? = if let before { try counts(dimensions, in: before) } else { nil }
        // The report makes no comparison with a window that has no recorded events.
        if then?.activity.isEmpty == true { then = nil }
        let activity = LocalDays(now.activity)
        func rows(_ dimension: UsageDimension) -> [UsageRow] {
            UsageRow.list(now.cells[dimension] ?? [], before: then?.cells[dimension])
        }
        func amounts(_ dimension: UsageDimension) -> UsageReport.Amounts? {
            UsageReport.Amounts(now.cells[dimension] ?? [], before: then?.cells[dimension])
        }
        return UsageReport(
            window: window, zone: zone, filter: filter, findings: try findings(), totals: activity.total,
            activityBefore: then.map { LocalDays($0.activity).total },
            sessions: isOfServer ? nil : now.sessions.map { .init($0) },
            sessionsBefore: isOfServer ? nil : then?.sessions.map { .init($0) }, days: activity.days,
            commands: UsageOrder(sort: order.sort).applied(to: rows(.command)),
            minCount: order.minCount, sort: order.sort, errors: UsageRow.list(now.failures, before: then?.failures),
            failures: now.failureCells.filter { $0.count > 0 }, templates: rows(.template),
            services: amounts(.services),
            ports: amounts(.ports), note: now.note ?? then?.note, lowerBounds: try lowerBounds())
    }

    /// Returns the sources whose history keeps each repeated line only once and overlaps the window.
    private func lowerBounds() throws(StoreError) -> [String] {
        try (reader?.importedHistories() ?? []).filter {
            $0.isLowerBound && window.range.overlaps($0.times.lowerBound..<$0.times.upperBound + 1)
        }.map(\.source)
    }

    private func findings() throws(StoreError) -> [Finding] {
        // A change is measured against all earlier history. A server's answer has only this window and the window
        // before.
        guard filter.searchesChanges, !isOfServer else { return [] }
        return Insights(try InsightsInput(window, from: reader, filter: filter, scope: .changes)).findings
    }

    /// Returns a list of the given kind.
    ///
    /// - Parameter limit: maximum number of sessions to list; nil for `mostSessions`.
    package func breakdown(
        by kind: UsageBreakdown.Kind, sessions limit: Int? = nil
    ) throws(StoreError) -> UsageBreakdown {
        let reader = try reader(for: window.range)
        guard kind != .session else {
            return try sessions(reader, limit: min(limit ?? Self.mostSessions, Self.mostSessions))
        }
        var rows: [UsageRow] = []
        if let reader {
            if let dimension = kind.dimension {
                rows = try self.rows(of: dimension, reader)
            } else {
                rows = try rowsInTime(by: kind, reader)
            }
            rows = order.applied(to: rows)
        }
        if kind == .workspace {
            for index in rows.indices { rows[index].knownName = names[rows[index].name] }
        }
        return UsageBreakdown(
            kind: kind, window: window, zone: zone, filter: filter, rows: rows,
            note: reader?.rowsNote(), lowerBounds: try lowerBounds())
    }

    private func rows(of dimension: UsageDimension, _ reader: UsageReader) throws(StoreError) -> [UsageRow] {
        let now = try reader.usage(by: [dimension], in: window.range)[dimension] ?? []
        guard let before, let earlier = try self.reader(for: before) else { return UsageRow.list(now, before: nil) }
        // Every event has a type. If the earlier window has no types, it has no recorded events to compare with.
        let then = try earlier.usage(by: [dimension, .eventType], in: before)
        return UsageRow.list(now, before: then[.eventType]?.isEmpty == false ? then[dimension] ?? [] : nil)
    }

    /// Returns a row for each day, week or hour. Rows have durations only with a filter. Without a filter, a row would
    /// mix the durations of different commands.
    private func rowsInTime(
        by kind: UsageBreakdown.Kind, _ reader: UsageReader
    ) throws(StoreError) -> [UsageRow] {
        let bucketUsages = try reader.bucketUsages(in: window.range, hasLatency: !filter.isEmpty)
        let activity = bucketUsages.map { (bucketStart: $0.start, activity: $0.activity) }
        var rows =
            switch kind {
            case .hour: LocalDays.byHour(activity)
            case .week: LocalDays.byWeek(LocalDays(activity).days)
            default: LocalDays(activity).days.map { UsageRow($0.day.text, $0.activity) }
            }
        guard !filter.isEmpty else { return rows }
        var latencies: [String: LatencyHistogram] = [:]
        for bucketUsage in bucketUsages where !bucketUsage.latency.isEmpty {
            latencies[LocalDays.name(of: bucketUsage.start, kind), default: LatencyHistogram()].merge(
                bucketUsage.latency)
        }
        for (index, row) in rows.enumerated() {
            if let latency = latencies[row.name] { rows[index] = row.with(latency) }
        }
        return rows
    }

    private func sessions(_ reader: UsageReader?, limit: Int) throws(StoreError) -> UsageBreakdown {
        let sessionOrder: StoreReader.SessionOrder =
            switch order.sort {
            case .total: .duration
            case .failed: .errors
            case .name: .name
            case .count, .p50, .p95, nil: .commands
            }
        let found = try reader?.sessions(
            startedIn: window.range, atLeast: order.minCount > 1 ? order.minCount : 0, by: sessionOrder, limit: limit)
        return UsageBreakdown(
            kind: .session, window: window, zone: zone, filter: filter, rows: found?.first.map { UsageRow($0) } ?? [],
            rowCount: found?.count, note: reader?.rowsNote(isAboutSessions: true))
    }

    /// Returns a reader for a range of time; nil without a database.
    func reader(for range: Range<Int64>) throws(StoreError) -> UsageReader? {
        guard let reader else { return nil }
        return try UsageReader(reader, matching: filter.stored, in: range)
    }

    /// The counts of a range of time.
    private struct Counts {
        var activity: [(bucketStart: Int64, activity: StoreReader.Activity)] = []
        var cells: [UsageDimension: [UsageCell]] = [:]
        /// The lengths of the sessions; nil with a filter.
        var sessions: LatencyHistogram?
        /// The reason why the counts were read from rows; nil if they were read from aggregates.
        var note: String?
        /// Failures by command and category.
        var failureCells: [FailureCell] = []

        /// The failed events by error category. Successful events are left out, because they may have a category too.
        var failures: [UsageCell] {
            (cells[.errorCategory] ?? []).filter { $0.failed > 0 }.map { cell in
                var failures = cell
                (failures.count, failures.succeeded) = (cell.failed, 0)
                return failures
            }
        }
    }

    private func counts(_ dimensions: [UsageDimension], in range: Range<Int64>) throws(StoreError) -> Counts {
        guard let reader = try reader(for: range) else {
            return Counts(sessions: filter.isEmpty ? LatencyHistogram() : nil)
        }
        let totals = try reader.totals(by: dimensions, in: range)
        return Counts(
            activity: try reader.bucketUsages(in: range).map { ($0.start, $0.activity) }, cells: totals.cells,
            sessions: try reader.sessionLengths(in: range), note: reader.rowsNote(), failureCells: totals.failures)
    }
}

extension UsageReport.Sessions {
    /// Makes the figures of sessions with these lengths.
    init(_ lengths: LatencyHistogram) {
        self.init()
        count = lengths.count
        averageMS = lengths.isEmpty ? nil : lengths.sum / Int64(lengths.count)
        medianMS = lengths.quantile(0.5)
    }
}

extension UsageReport.Amounts {
    /// Makes the amounts from `cells`. Each cell counts the events that use a certain number of services or ports, and
    /// the name of the cell is this number. Nil when no event has such a number.
    init?(_ cells: [UsageCell], before: [UsageCell]?) {
        let numbers = cells.compactMap { cell in Int64(cell.name).map { ($0, cell.count) } }
            .sorted { $0.0 < $1.0 }
        let events = numbers.reduce(0) { $0 + $1.1 }
        guard let most = numbers.last?.0 else { return nil }
        var seen = 0
        let median = numbers.first { number in
            seen += number.1
            return seen * 2 >= events
        }
        self.init(
            events: events, median: median?.0 ?? most, most: most, before: before?.reduce(0) { $0 + $1.count })
    }
}
