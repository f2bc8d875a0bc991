package import Store
import EventModel
import Platform

extension InsightsInput {
    /// Commands whose history is looked at.
    private static let recent: Int64 = 30 * 24 * 3_600_000
    /// From so many runs in the window on a command's history is read by the day: ...
    private static let denseRuns = 50_000

    /// Reads what the findings of a window are looked for in; with no database yet it is empty.
    package init(_ window: ReportWindow, now: Int64, from reader: StoreReader?) throws(StoreError) {
        self.init()
        guard let reader else { return }
        let range = window.range.clamped(to: 0..<Limits.latestTimestamp)
        let commands = try reader.usage(by: .command, in: range).sorted { ($1.totalMS, $0.name) < ($0.totalMS, $1.name) }
        failures = try reader.failures(in: range).map {
            Failures(command: $0.command ?? "-", category: $0.category ?? "-", count: $0.count, first: $0.firstSeen, last: $0.lastSeen)
        }
        for command in commands {
            let grain: StoreReader.HistoryGrain = command.count > Self.denseRuns ? .day : .quarterHour
            let points = try reader.history(of: .command, name: command.name, by: grain, in: range).first?.points ?? []
            histories.append(CommandHistory(command: command.name, cells: points.map { .init(start: $0.start, succeeded: $0.cell.succeeded, failed: $0.cell.failed, latency: $0.cell.latency) }))
        }
    }
}
