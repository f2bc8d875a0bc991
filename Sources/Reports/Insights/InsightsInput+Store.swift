package import Core
package import Database
import Rollups
import SystemSupport

extension InsightsInput {
    /// Length, in milliseconds, of the last part of a history, which has a point for each 15-minute bucket. Older parts
    /// have a point for each day, so that reading years takes little longer than reading a month.
    private static let fineRange: Int64 = 30 * Timestamp.millisecondsPerDay
    /// The history of a command with at least this number of runs in the window is read entirely by the day. Days are
    /// fine enough, because the changes of such a command rest on thousands of runs.
    private static let frequent = 50_000
    /// The value of `frequent` for the dashboard, which shows only changes. This smaller limit reduces the reading time
    /// to a fraction. In return, changes of the commands above this limit are detected up to three days later.
    private static let frequentOnDashboard = 5000
    /// Maximum number of parts into which the window is divided to compare runs with and without a template, services
    /// or ports. The durations are summed for each part.
    private static let correlatedFactorParts: Int64 = 32
    /// Limit of the runs searched for streaks and retries, the latest first. One user takes months to make that many
    /// runs, and reading them takes a fraction of a second.
    private static let runLimit = 50_000
    /// Limit of the rows that are read to find runs for streaks and retries, the latest first. With a filter, most rows
    /// belong to other commands and workspaces.
    private static let rowLimit: Int64 = 500_000

    /// The part of a window's data to read.
    package enum Scope: Sendable {
        /// Everything that findings need.
        case findings
        /// The histories and the totals, for findings about slower commands and more failures.
        case changes
    }

    /// Reads the input for the findings of a window. A change counts if it persists until the end of the window, even
    /// if it began before the window. All history before the window is the baseline.
    ///
    /// - Parameters:
    ///   - filter: the commands and the workspace to search. `failedOnly` has no effect here.
    ///   - reader: the reader of the database. Without a database it is nil, and the input is empty.
    package init(
        _ window: ReportWindow, from reader: StoreReader?, filter: ReportFilter = ReportFilter(),
        scope: Scope = .findings
    ) throws(StoreError) {
        self.init()
        let range = window.range
        self.window = range
        self.filter = filter
        guard let reader else { return }
        func isMeant(_ name: String) -> Bool {
            filter.command.map { UsageFilter.isCommand(name, beginning: $0) } ?? true
        }
        guard let recordedInWindow = try Self.covered(range, reader),
            let recorded = try Self.covered(0..<range.upperBound, reader)
        else { return }
        let inWindow = try Self.withoutNamingChange(recordedInWindow, reader)
        let covered = try Self.withoutNamingChange(recorded, reader)
        // This filter omits the command, because commands are selected by their names below. Without a workspace, the
        // aggregates by command are then sufficient.
        let usage = try UsageReader(
            reader, matching: UsageFilter(workspaceHash: filter.workspaceHash), in: 0..<range.upperBound)
        let commands = try (usage.usage(by: [.command], in: range)[.command] ?? []).filter { isMeant($0.name) }
            .sorted { ($1.totalMS, $0.name) < ($0.totalMS, $1.name) }
        let compared = commands.filter { !$0.name.hasSuffix(EventType.lineSuffix) }.prefix(
            FindingRules.comparedCommands)
        histories = try Self.histories(of: Array(compared), in: covered, usage, reader, scope)
        totals = commands.map { CommandHistory(command: $0.name, cells: [.init(start: inWindow.lowerBound, $0)]) }
        guard scope == .findings else { return }
        failures = try usage.failures(in: range).filter { isMeant($0.command ?? "") }.map { cell in
            Failures(
                command: cell.command ?? "-", category: cell.category ?? "-", count: cell.count, first: cell.firstSeen,
                last: cell.lastSeen)
        }
        divisions = try Self.divisions(in: inWindow, usage).filter { isMeant($0.command) }
        try readRuns(in: covered, reader)
    }

    /// Reads the database of a data folder.
    package init(_ window: ReportWindow, in data: DataFolder, filter: ReportFilter) throws(StoreError) {
        try self.init(window, from: StoreReader(data: data), filter: filter)
    }

    /// Returns the range from the first to the last 15-minute bucket with events in a window, in milliseconds since
    /// 1970. Nil without events.
    private static func covered(_ range: Range<Int64>, _ reader: StoreReader) throws(StoreError) -> Range<Int64>? {
        let activity = try reader.activity(in: range)
        guard let first = activity.first?.bucketStart, let last = activity.last?.bucketStart else { return nil }
        return first..<last + TimeBucket.milliseconds
    }

    /// Returns the part of a range after the last change of the naming rules, or after the end of the last imported
    /// history, whichever is later. Figures before and after that time are not comparable. Returns the whole range if
    /// neither time is in it. A part that is read by the day begins with a whole day.
    private static func withoutNamingChange(
        _ range: Range<Int64>, _ reader: StoreReader
    ) throws(StoreError) -> Range<Int64> {
        let changes = [try reader.namingChange(), try reader.historyChange()].compactMap { $0 }
        guard let change = changes.filter(range.contains).max() else { return range }
        let isByDay = change < range.upperBound - fineRange
        let step = isByDay ? Timestamp.millisecondsPerDay : TimeBucket.milliseconds
        let start = (change + step - 1) / step * step
        return min(start, range.upperBound)..<range.upperBound
    }

    /// Returns the histories of commands. Histories are read by the 15-minute bucket near the window's end, and by the
    /// day in older parts. The histories of frequent commands are read entirely by the day.
    private static func histories(
        of commands: [UsageCell], in range: Range<Int64>, _ usage: UsageReader, _ reader: StoreReader, _ scope: Scope
    ) throws(StoreError) -> [CommandHistory] {
        let day = Timestamp.millisecondsPerDay
        let fineStart = max(range.lowerBound, (range.upperBound - fineRange) / day * day)
        let coarse = range.lowerBound..<fineStart
        let fine = fineStart..<range.upperBound
        let frequent = scope == .changes ? frequentOnDashboard : frequent
        guard usage.hasFilter else {
            return try commands.map { (command) throws(StoreError) in
                var points: [UsageHistory.Point] = []
                let isByDay = command.count >= frequent
                for (part, grain) in [
                    (isByDay ? range : coarse, StoreReader.HistoryGrain.day),
                    (isByDay ? range.upperBound..<range.upperBound : fine, .timeBucket),
                ] where !part.isEmpty {
                    points +=
                        try reader.history(of: .command, name: command.name, by: grain, in: part).first?.points ?? []
                }
                return CommandHistory(command: command.name, points)
            }
        }
        // With a filter, one read covers all commands. For the dashboard only days are read, because it must appear
        // without delay.
        func points(_ part: Range<Int64>, _ grain: StoreReader.HistoryGrain) throws(StoreError) -> [String:
            [UsageHistory.Point]]
        {
            guard !part.isEmpty else { return [:] }
            return Dictionary(
                try usage.history(by: grain, in: part).map { ($0.name, $0.points) },
                uniquingKeysWith: { first, _ in first })
        }
        let byDay = try points(range, .day)
        let byBucket = scope == .changes ? [:] : try points(fine, .timeBucket)
        return commands.map { command in
            let days = byDay[command.name] ?? []
            guard scope != .changes, command.count < frequent else {
                return CommandHistory(command: command.name, days)
            }
            return CommandHistory(
                command: command.name, days.filter { $0.start < fineStart } + (byBucket[command.name] ?? []))
        }
    }

    // MARK: Correlated factors

    private static func divisions(
        in range: Range<Int64>, _ reader: UsageReader
    ) throws(StoreError) -> [CorrelatedFactor.Division] {
        let day = Timestamp.millisecondsPerDay
        let days = (range.upperBound - 1) / day - range.lowerBound / day + 1
        let step = (days + correlatedFactorParts - 1) / correlatedFactorParts * day
        var parts: [Key: [LatencyHistogram]] = [:]
        var others: [Key: [LatencyHistogram]] = [:]
        for start in stride(from: range.lowerBound / day * day, to: range.upperBound, by: Int(step)) {
            let all = Dictionary(
                (try reader.usage(by: [.command], in: start..<start + step)[.command] ?? []).map {
                    ($0.name, $0.latency)
                },
                uniquingKeysWith: { first, _ in first })
            for attribute in CorrelatedFactor.Attribute.allCases {
                for cell in try reader.correlatedFactors(attribute.stored, in: start..<start + step)
                where !cell.cell.latency.isEmpty && !cell.cell.name.isEmpty {
                    let key = Key(command: cell.command, attribute: attribute, value: cell.cell.name)
                    parts[key, default: []].append(cell.cell.latency)
                    others[key, default: []].append(all[cell.command]?.without(cell.cell.latency) ?? LatencyHistogram())
                }
            }
        }
        return parts.map { key, with in
            CorrelatedFactor.Division(
                command: key.command, attribute: key.attribute, value: key.value, with: with,
                without: others[key] ?? [])
        }
        .sorted { ($0.command, $0.attribute.rawValue, $0.value) < ($1.command, $1.attribute.rawValue, $1.value) }
    }

    private struct Key: Hashable {
        let command: String
        let attribute: CorrelatedFactor.Attribute
        let value: String
    }

    // MARK: Runs in order

    private mutating func readRuns(in range: Range<Int64>, _ reader: StoreReader) throws(StoreError) {
        var latest: [RunRecord] = []
        var isCut = false
        let meant = UsageFilter(command: filter.command, workspaceHash: filter.workspaceHash)
        let isWhole = try reader.latestEvents(in: range, meant, among: Self.rowLimit) { event in
            // A line of several commands does not count as a run of any of them. An imported entry is skipped too,
            // because its session is unknown.
            guard let success = event.numbers.success, !event.command.isEmpty,
                event.type != EventType.commandLine.rawValue, !HistorySession.contains(event.session.utf8.span)
            else { return true }
            guard latest.count < Self.runLimit else {
                isCut = true
                return false
            }
            latest.append(
                RunRecord(
                    timestamp: event.numbers.timestamp, session: event.session, command: event.command,
                    success: success, durationMS: event.numbers.durationMS ?? 0))
            return true
        }
        runs = latest.reversed().sorted { $0.timestamp < $1.timestamp }
        runsAreCut = isCut || !isWhole
    }
}

extension CommandHistory {
    fileprivate init(command: String, _ points: [UsageHistory.Point]) {
        self.init(command: command, cells: points.map { .init(start: $0.start, $0.cell) })
    }
}

extension CommandHistory.Cell {
    fileprivate init(start: Int64, _ cell: UsageCell) {
        self.init(start: start, succeeded: cell.succeeded, failed: cell.failed, latency: cell.latency)
    }
}

extension CorrelatedFactor.Attribute {
    fileprivate var stored: StoreReader.CorrelatedFactor {
        switch self {
        case .template: .template
        case .services: .services
        case .ports: .ports
        }
    }
}

extension LatencyHistogram {
    /// Returns this histogram minus `part`, bucket by bucket.
    fileprivate func without(_ part: LatencyHistogram) -> LatencyHistogram {
        let taken = Dictionary(uniqueKeysWithValues: part.buckets.map { ($0.range.lowerBound, $0.count) })
        var rest = LatencyHistogram()
        for bucket in buckets {
            rest.record(bucket.range.lowerBound, times: max(0, bucket.count - (taken[bucket.range.lowerBound] ?? 0)))
        }
        return rest
    }
}
