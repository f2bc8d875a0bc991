import Rollups

/// One list of the usage in a window, for `nexus stats --by`.
package struct UsageBreakdown: Equatable, Sendable {
    /// The kind of a list. The raw values are the words of the command line and of the JSON.
    package enum Kind: String, CaseIterable, Sendable {
        case command, workspace, task, template, error, session, day, week, hour, installation

        /// The title of the list's first column.
        var title: String { self == .error ? "CATEGORY" : rawValue.uppercased() }
        /// The dimension by which events are counted; nil for sessions, days, weeks and hours.
        var dimension: UsageDimension? {
            switch self {
            case .command: .command
            // A server's answer by installation has the id of the installation in place of the workspace.
            case .workspace, .installation: .workspace
            case .task: .task
            case .template: .template
            case .error: .errorCategory
            case .session, .day, .week, .hour: nil
            }
        }
        /// Whether this list can be read from the aggregates on a server. These aggregates are sums of days and have no
        /// workspaces, tasks and sessions.
        package var isOnServers: Bool {
            switch self {
            case .command, .template, .error, .day, .week, .installation: true
            case .workspace, .task, .session, .hour: false
            }
        }
        /// Whether rows are in order of time: days, weeks and hours. All other lists begin with the most frequent row.
        package var isInTime: Bool { self == .day || self == .week || self == .hour }
    }

    package let kind: Kind
    package let window: ReportWindow
    package let zone: String
    package let filter: ReportFilter
    /// The rows in the requested order. A list of sessions has at most the requested number of rows. Any other list has
    /// all rows, and the renderer limits their number.
    package let rows: [UsageRow]
    /// The number of all rows, including sessions that `rows` lacks.
    package let rowCount: Int
    /// The reason why reading took longer than usual, as a sentence for the user; nil if the list was read from
    /// aggregates alone.
    package let note: String?
    /// The sources, such as `fish`, whose history keeps each repeated line only once and overlaps the window. If there
    /// are such sources, the counts are lower bounds.
    package let lowerBounds: [String]

    package init(
        kind: Kind, window: ReportWindow, zone: String, filter: ReportFilter, rows: [UsageRow], rowCount: Int? = nil,
        note: String? = nil, lowerBounds: [String] = []
    ) {
        self.kind = kind
        self.window = window
        self.zone = zone
        self.filter = filter
        self.rows = rows
        self.rowCount = rowCount ?? rows.count
        self.note = note
        self.lowerBounds = lowerBounds
    }

    /// The filter and the note on lower bounds, for the end of a heading.
    var headingEnd: String {
        (filter.text.isEmpty ? "" : "; \(filter.text)") + UsageReport.lowerBoundNote(lowerBounds)
    }

    /// Returns the first `top` rows, or all rows if `top` is nil.
    func shown(_ top: Int?) -> ArraySlice<UsageRow> { rows.prefix(top ?? rows.count) }
}

/// The order of a list of commands, workspaces and so on (`--sort`), and the smallest count of its rows
/// (`--min-count`).
package struct UsageOrder: Equatable, Sendable {
    /// The figure that a list is sorted by. The raw values are the words of the command line.
    package enum Sort: String, CaseIterable, Sendable {
        case total, count, p50, p95, failed, name
    }

    /// Nil for the list's own order: the most frequent first, or the order of time.
    package var sort: Sort?
    /// Rows with a smaller count are left out.
    package var minCount: Int

    package init(sort: Sort? = nil, minCount: Int = 1) {
        self.sort = sort
        self.minCount = minCount
    }

    /// Returns the rows that reach `minCount`, in the order of `sort`. The row with the largest value comes first, and
    /// rows without a value come last. Rows with equal values are ordered by name, from A to Z.
    func applied(to rows: [UsageRow]) -> [UsageRow] {
        // The default `minCount` of 1 filters nothing, because a list by hour includes hours without events.
        let rows = minCount > 1 ? rows.filter { $0.count >= minCount } : rows
        guard let sort else { return rows }
        func value(_ row: UsageRow) -> Double {
            switch sort {
            case .total: row.totalMS.map { Double($0) } ?? -1
            case .count: Double(row.count)
            case .p50: row.p50 ?? -1
            case .p95: row.p95 ?? -1
            case .failed: Double(row.failed)
            case .name: 0
            }
        }
        return rows.sorted { (value($1), $0.name) < (value($0), $1.name) }
    }
}
