import Rollups

/// One list of a window: `nexus stats --by`.
package struct UsageBreakdown: Equatable, Sendable {
    /// The kind of a list. The raw values are the words of the command line and of the JSON.
    package enum Kind: String, CaseIterable, Sendable {
        case command, workspace, task, template, error, session, day, week, hour, installation

        /// The title of the list's first column.
        var title: String { self == .error ? "CATEGORY" : rawValue.uppercased() }
        /// The dimension by which events are counted; nil for sessions and for times.
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
        /// Whether the aggregates on a server can answer this list. They are sums of days, without workspaces, tasks
        /// and sessions.
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
    /// All rows; the renderer limits their number. For sessions, only the first rows in the requested order.
    package let rows: [UsageRow]
    /// The number of all rows, including sessions that `rows` lacks.
    package let rowCount: Int
    /// The reason why reading took longer than usual, as a sentence for the user; else nil.
    package let note: String?
    /// The sources of imported histories in the window that keep each repeated line only once. With such a source,
    /// counts are lower bounds.
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

/// The order of a list of commands, workspaces and so on, and its smallest count: `--sort` and `--min-count`.
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

    /// Returns the rows that reach the smallest count, in order: the largest value first, names from A to Z, rows
    /// without a value last.
    func applied(to rows: [UsageRow]) -> [UsageRow] {
        // A smallest count of 1 filters nothing, because a list by hour includes hours without events.
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
