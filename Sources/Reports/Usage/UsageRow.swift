import Core
import Database
package import Rollups

/// The figures of one command, workspace, template, session and so on.
package struct UsageRow: Equatable, Sendable {
    package let name: String
    package let count: Int
    /// The number of successes; nil for a session, of which only errors are counted.
    package let succeeded: Int?
    package let failed: Int
    /// The total duration in milliseconds; nil without durations. For a session, this is the length of the session, or
    /// nil while the session is open.
    package let totalMS: Int64?
    /// The median duration in milliseconds; nil without durations.
    package let p50: Double?
    /// The 95th percentile of the durations in milliseconds; nil without durations.
    package let p95: Double?
    /// The 99th percentile of the durations in milliseconds; nil without durations.
    package let p99: Double?
    /// The count in the window before; nil when there is no such window.
    package let before: Int?

    /// The significant changes against the window before; nil when that window has no row of this name.
    package let change: ClearChange?

    /// The name of the workspace whose hash is `name`; nil unless the name is known, for example from a folder on this
    /// disk.
    package var knownName: String?
    /// Whether the row sums up rows that are not listed, or events without a name.
    package var isSummary = false

    /// Makes the row of a cell. `before` is the count for the same name in the window before; nil when there is no such
    /// window. `old` is the cell of the same name in that window; nil when that window has no such cell.
    package init(_ cell: UsageCell, before: Int?, old: UsageCell? = nil) {
        name = cell.name
        count = cell.count
        succeeded = cell.succeeded
        failed = cell.failed
        totalMS = cell.latency.isEmpty && cell.totalMS == 0 ? nil : cell.totalMS
        p50 = cell.latency.quantile(0.5)
        p95 = cell.latency.quantile(0.95)
        p99 = cell.latency.quantile(0.99)
        self.before = before
        change = old.map { ClearChange(from: $0, to: cell) }
    }

    /// Makes the row of a session, with the numbers of its commands and errors. The length is nil while the session is
    /// open.
    init(_ session: StoreReader.Session) {
        name = session.id
        count = session.commands
        succeeded = nil
        failed = session.errors
        totalMS = session.durationMS
        (p50, p95, p99, before, change) = (nil, nil, nil, nil, nil)
    }

    /// Makes the row of a range of time.
    init(_ name: String, _ activity: StoreReader.Activity) {
        self.init(
            UsageCell(
                name: name, count: activity.events, succeeded: activity.succeeded, failed: activity.failed), before: nil
        )
    }

    /// Returns the row with the total and the percentiles of these durations.
    func with(_ latency: LatencyHistogram) -> UsageRow {
        UsageRow(
            UsageCell(
                name: name, count: count, succeeded: succeeded ?? 0, failed: failed, totalMS: latency.sum,
                latency: latency), before: nil)
    }

    /// Returns a row with the sums of other rows. `name` describes these rows; it is not the name of a command.
    static func summary(_ name: String, of rows: some Sequence<UsageRow>) -> UsageRow {
        var sum = UsageCell(name: name)
        for row in rows {
            sum.count += row.count
            sum.succeeded += row.succeeded ?? 0
            sum.failed += row.failed
            sum.totalMS &+= row.totalMS ?? 0
        }
        var row = UsageRow(sum, before: nil)
        row.isSummary = true
        return row
    }

    /// Returns a row for each cell, with its count in the window before. `before` has the cells of that window; nil
    /// when there is no such window.
    static func list(_ cells: [UsageCell], before: [UsageCell]?) -> [UsageRow] {
        let old = before.map { cells in
            Dictionary(cells.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        return cells.map { cell in
            UsageRow(cell, before: old.map { $0[cell.name]?.count ?? 0 }, old: old?[cell.name])
        }
    }

    /// The share of successes among the events with an outcome; nil when no event has an outcome.
    package var successRate: Double? {
        guard let succeeded, succeeded + failed > 0 else { return nil }
        return Double(succeeded) / Double(succeeded + failed)
    }
}
