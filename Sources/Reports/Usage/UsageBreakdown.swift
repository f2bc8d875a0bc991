/// One list of a window: `nexus stats --by`.
package struct UsageBreakdown: Equatable, Sendable {
    /// What the list is by. The raw values are the words of the command line and of the JSON.
    package enum Kind: String, CaseIterable, Sendable {
        case command, workspace, task, template, error, session, day, week, hour

        /// The title of its first column.
        var title: String { self == .error ? "CATEGORY" : rawValue.uppercased() }
        /// Days, weeks and hours are in the order of time, all others the most frequent first.
        package var isInTime: Bool { self == .day || self == .week || self == .hour }
    }

    package let kind: Kind
    package let window: ReportWindow
    package let zone: String
    package let filter: ReportFilter
    /// Every row; what is shown of them is the renderer's.
    package let rows: [UsageRow]

    package init(kind: Kind, window: ReportWindow, zone: String, filter: ReportFilter, rows: [UsageRow]) {
        self.kind = kind
        self.window = window
        self.zone = zone
        self.filter = filter
        self.rows = rows
    }

    /// The rows of a report limited to `top`, nil for all.
    func shown(_ top: Int?) -> ArraySlice<UsageRow> { rows.prefix(top ?? rows.count) }
}
