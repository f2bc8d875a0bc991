package import Core
package import Database
package import Rollups
import SystemSupport

/// The comparison of `nexus compare`: the changes of each command from one window to another window, and whether these
/// changes are significant.
package struct Comparison: Sendable {
    /// The compared figures. The raw values are the words of `--fail-if` and the keys of the JSON.
    package enum Metric: String, CaseIterable, Sendable {
        case count, failed, success, p50, p95, total

        /// Returns the figure of a command; nil when no run of the command has this figure.
        func value(_ cell: UsageCell) -> Double? {
            switch self {
            case .count: return Double(cell.count)
            case .failed: return Double(cell.failed)
            case .success:
                let judged = cell.succeeded + cell.failed
                return judged == 0 ? nil : Double(cell.succeeded) / Double(judged)
            case .p50: return cell.latency.quantile(0.5)
            case .p95: return cell.latency.quantile(0.95)
            case .total: return cell.latency.isEmpty && cell.totalMS == 0 ? nil : Double(cell.totalMS)
            }
        }

        /// Whether the figure grows with the length of the window.
        var isSum: Bool { self == .count || self == .failed || self == .total }
    }

    /// One of the two windows.
    package struct Side: Sendable {
        package let title: String
        /// The range that was read, in milliseconds since 1970.
        package let range: Range<Int64>

        var rangeText: String {
            ReportWindow.between(range.lowerBound, range.upperBound)?.rangeText ?? ""
        }
    }

    /// One command in both windows.
    package struct Row: Sendable {
        package let command: String
        package let before: UsageCell
        package let after: UsageCell
        /// Figures with a significant change.
        package let clear: Set<Metric>
        /// The length of the later window divided by the length of the earlier window.
        let lengthRatio: Double

        /// Returns the change of a figure in percent, or for `success` in percentage points. For a sum such as `count`,
        /// the result is the change of the daily average. It is nil when a window lacks the figure, and infinite when
        /// the figure rose from zero.
        package func change(_ metric: Metric) -> Double? {
            guard let old = metric.value(before), let new = metric.value(after) else { return nil }
            if metric == .success { return (new - old) * 100 }
            let scaled = metric.isSum ? new / lengthRatio : new
            if scaled == old { return 0 }
            return old > 0 ? (scaled / old - 1) * 100 : .infinity
        }
    }

    package let before: Side
    package let after: Side
    package let zone: String
    package let filter: ReportFilter
    /// All commands with at least the requested number of runs in one of the windows, in the requested order. By
    /// default, commands with significant changes come first, the largest change of total time at the top.
    package let rows: [Row]
    /// The time of the last change of the naming rules, in milliseconds since 1970. Nil unless earlier runs were left
    /// out because of this change.
    package let namesSince: Int64?
    /// The end of the last imported history, in milliseconds since 1970. Nil unless earlier runs were left out because
    /// of this history.
    package let recordedSince: Int64?
    /// The reason why reading took longer than usual, as a sentence for the user; nil if the windows were read from
    /// aggregates alone.
    package let note: String?

    /// Whether both windows have recorded runs.
    package var isComparable: Bool { rows.contains { $0.before.count > 0 } && rows.contains { $0.after.count > 0 } }

    /// The data of one window.
    package struct Source {
        let reader: StoreReader?
        let title: String
        let range: Range<Int64>
        let isOfServer: Bool

        /// - Parameters:
        ///   - reader: nil when there is no database.
        ///   - range: in milliseconds since 1970; a window with an open start begins with the first event.
        ///   - isOfServer: whether `reader` has a server's aggregates, whose days are in UTC.
        package init(_ reader: StoreReader?, title: String, range: Range<Int64>, isOfServer: Bool = false) {
            self.reader = reader
            self.title = title
            self.range = range
            self.isOfServer = isOfServer
        }

        /// Reads one window of a data folder.
        ///
        /// - Parameter place: the origin of the data, for the title; nil for the user's own data folder.
        package init(_ data: DataFolder, _ window: ReportWindow, in place: String? = nil) throws(StoreError) {
            let title = place.map { "\(window.title) of \($0)" } ?? window.title
            self.init(try StoreReader(data: data), title: title, range: window.range)
        }

        /// Returns a source for the window before `window`; nil when `window` has an open start.
        package func before(_ window: ReportWindow, now: Int64) -> Source? {
            guard let range = window.before(now: now),
                let title = ReportWindow.between(range.lowerBound, range.upperBound)
            else { return nil }
            return Source(reader, title: title.title, range: range, isOfServer: isOfServer)
        }
    }

    /// Reads and compares two windows. Runs before the last change of the naming rules, or before the end of the last
    /// imported history, are left out.
    ///
    /// - Parameter now: in milliseconds since 1970; a window that is not over ends at this time.
    package init(
        from old: Source, to new: Source, now: Int64, filter: ReportFilter = ReportFilter(),
        order: UsageOrder = UsageOrder()
    ) throws(StoreError) {
        // A snapshot does not record which rules named its commands. A change of the rules in one source is therefore
        // assumed for both sources.
        let naming = max(try old.reader?.namingChange() ?? 0, try new.reader?.namingChange() ?? 0)
        let history = max(try old.reader?.historyChange() ?? 0, try new.reader?.historyChange() ?? 0)
        let change = max(naming, history)
        let (earlier, later) = (
            try Figures(old, now: now, namesSince: change, filter),
            try Figures(new, now: now, namesSince: change, filter)
        )
        let isCut = earlier.isCut || later.isCut
        namesSince = isCut && naming >= history ? naming : nil
        recordedSince = isCut && history > naming ? history : nil
        note = earlier.note ?? later.note
        before = Side(title: old.title, range: earlier.range)
        after = Side(title: new.title, range: later.range)
        zone = new.isOfServer ? "UTC" : LocalCalendar.zoneName
        self.filter = filter
        let test = ChangeTest(before: earlier, after: later)
        let names = Set(earlier.cells.keys).union(later.cells.keys)
        let chance = FindingRules.comparisonChance / Double(max(1, test.comparisons(names)))
        let ratio = Double(later.length) / Double(max(1, earlier.length))
        let rows = names.map { name in
            Row(
                command: name, before: earlier.cells[name] ?? UsageCell(name: name),
                after: later.cells[name] ?? UsageCell(name: name), clear: test.clearChanges(of: name, chance: chance),
                lengthRatio: ratio)
        }
        self.rows = Self.ordered(rows, order)
    }

    private static func ordered(_ rows: [Row], _ order: UsageOrder) -> [Row] {
        let rows = rows.filter { max($0.before.count, $0.after.count) >= order.minCount }
        if order.sort == nil {
            func cost(_ row: Row) -> Double {
                let difference = Double(row.after.totalMS) / row.lengthRatio - Double(row.before.totalMS)
                return row.clear.isEmpty ? -1 : abs(difference)
            }
            return rows.sorted {
                (cost($1), $1.after.totalMS, $1.after.count, $0.command)
                    < (cost($0), $0.after.totalMS, $0.after.count, $1.command)
            }
        }
        let byName = Dictionary(rows.map { ($0.command, $0) }, uniquingKeysWith: { first, _ in first })
        let listed = UsageOrder(sort: order.sort).applied(
            to: rows.map { row in
                var cell = row.after
                cell.name = row.command
                return UsageRow(cell, before: nil)
            })
        return listed.compactMap { byName[$0.name] }
    }
}

/// The figures of one window, for `Comparison`.
struct Figures {
    /// The range that was read, in milliseconds since 1970.
    let range: Range<Int64>
    /// The figures of each command in the whole range, by the command's name.
    let cells: [String: UsageCell]
    /// The history of each command, by the command's name. A point is a 15-minute bucket, or a day in a long window.
    let histories: [String: [UsageHistory.Point]]
    /// Whether the range begins later than the window, because earlier runs were imported or named by older rules.
    let isCut: Bool
    /// The reason why the figures were read from rows; nil if they were read from aggregates.
    let note: String?

    /// The length of the range in milliseconds.
    var length: Int64 { range.upperBound - range.lowerBound }

    /// The range of whole days that `days` covers, in milliseconds since 1970. In a short window each day begins at the
    /// time of day at which the range begins. In a long window each day begins at midnight UTC.
    private let wholeDays: Range<Int64>

    /// Longest window, in milliseconds, whose histories have a point for each 15-minute bucket. The histories of longer
    /// windows have a point for each day in UTC. Such windows have enough days for the tests, and reading a month of
    /// buckets takes some ten times as long as reading its days.
    private static let longestByBucket: Int64 = 15 * Timestamp.millisecondsPerDay

    /// - Parameter namesSince: the time before which runs are left out, in milliseconds since 1970. It is the last
    ///   change of the naming rules or the end of the last imported history.
    init(
        _ source: Comparison.Source, now: Int64, namesSince: Int64, _ filter: ReportFilter
    ) throws(StoreError) {
        var range = source.range.lowerBound..<max(source.range.lowerBound, min(source.range.upperBound, now))
        isCut = namesSince > range.lowerBound
        if isCut {
            let bucket = TimeBucket.milliseconds
            let start = (namesSince + bucket - 1) / bucket * bucket
            range = min(start, range.upperBound)..<range.upperBound
        }
        guard let all = source.reader, !range.isEmpty else {
            (self.range, cells, histories, wholeDays, note) = (range, [:], [:], 0..<0, nil)
            return
        }
        let reader = try UsageReader(all, matching: filter.stored, in: range)
        note = reader.rowsNote()
        if range.lowerBound == 0, let covered = try Self.covered(source.range, all) {
            range = covered.lowerBound..<min(covered.upperBound, max(range.upperBound, covered.lowerBound))
        }
        self.range = range
        cells = Dictionary(
            (try reader.usage(by: [.command], in: range)[.command] ?? []).map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        let day = Timestamp.millisecondsPerDay
        let isLong = range.upperBound - range.lowerBound > Self.longestByBucket
        // A day that is only partly in the window would count as a whole day, so it is left out.
        let whole =
            isLong
            ? (range.lowerBound + day - 1) / day * day..<range.upperBound / day * day
            : range.lowerBound..<range.lowerBound + (range.upperBound - range.lowerBound) / day * day
        wholeDays = whole
        histories = Dictionary(
            try reader.history(by: isLong ? .day : .timeBucket, in: isLong ? whole : range)
                .map { ($0.name, $0.points) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Returns a range without open ends. An open start becomes the start of the first bucket with events. An open end
    /// becomes the end of the last bucket with events. Nil without events.
    private static func covered(_ range: Range<Int64>, _ reader: StoreReader) throws(StoreError) -> Range<Int64>? {
        let activity = try reader.activity(in: range)
        guard let first = activity.first?.bucketStart, let last = activity.last?.bucketStart else { return nil }
        let end = range.upperBound == Int64.max ? last + TimeBucket.milliseconds : range.upperBound
        return first..<max(first, end)
    }

    /// Returns a command's count and total time for each whole day of the range, including days without a run. Partial
    /// days are left out, because they would count as days with few runs.
    func days(_ command: String) -> [UsageCell] {
        let day = Timestamp.millisecondsPerDay
        var days = [UsageCell](
            repeating: UsageCell(name: ""), count: Int((wholeDays.upperBound - wholeDays.lowerBound) / day))
        for point in histories[command] ?? [] where wholeDays.contains(point.start) {
            let place = Int((point.start - wholeDays.lowerBound) / day)
            days[place].count += point.cell.count
            days[place].totalMS &+= point.cell.totalMS
        }
        return days
    }
}
