import Core
package import SystemSupport

/// One run that sends a destination the days whose current aggregates it does not have, with its ledger.
///
///     intents in the ledger ─ on disk ─ transfer ─ confirmed ─ lines in the ledger ─ on disk ─ next batch
///
/// A run that is killed anywhere leaves days without a confirmation. The next run sends them again, with a higher version.
package struct AggregateTransmission: ~Copyable {
    /// The result of a run.
    package struct Summary: Equatable, Sendable {
        package var days = 0
        package var lines = 0
        package var bytes = 0

        package init() {}
    }

    private var ledger: Ledger
    private let plan: AggregatePlan
    private let destination: AggregateDestination
    private let target: any DayTarget
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    private var random = SystemRandomNumberGenerator()
    private var summary = Summary()

    package init(
        _ plan: AggregatePlan, to destination: AggregateDestination, ledger: consuming Ledger, target: any DayTarget,
        clock: any Clock<Duration> = ContinuousClock(), wallClock: any WallClock = SystemClock()
    ) {
        self.plan = plan
        self.destination = destination
        self.ledger = ledger
        self.target = target
        self.clock = clock
        self.wallClock = wallClock
    }

    /// Sends every changed day.
    /// - Parameter report: is called with the share that is confirmed, from 0 to 1, and with each failed attempt.
    /// - Throws: `SyncError` when the destination rejects it, and `CancellationError`.
    mutating func run(
        fromStart: Bool, _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> Summary {
        let days = try plan.changedDays(ledger.progress, fromStart: fromStart)
        guard !days.isEmpty else { return summary }
        let target = target
        try await RetryPolicy.attempt(clock, using: &random, report) { try await target.prepare() }
        var rest = days[...]
        while !rest.isEmpty {
            let batch = try pack(&rest)
            try ledger.append(batch.days.map { (.intent, $0.transfer) }, at: wallClock.now())
            try await RetryPolicy.attempt(clock, using: &random, report) { try await target.deliver(batch) }
            try ledger.append(batch.days.map { (.sent, $0.transfer) }, at: wallClock.now())
            summary.days += batch.days.count
            summary.lines += batch.days.reduce(0) { $0 + $1.transfer.rows }
            summary.bytes += batch.bytes
            report(.sent(rows: summary.days, share: Double(summary.days) / Double(days.count)))
        }
        return summary
    }

    /// Returns a version above every one of earlier attempts, whatever the clock shows.
    static func version(after sent: [Int64: LedgerProgress.SentDay], now: Int64) -> Int64 {
        max(now, (sent.values.map(\.version).max() ?? 0) + 1)
    }

    /// Returns the next days, up to the limits of a batch.
    private func pack(_ rest: inout ArraySlice<Int64>) throws -> DayBatch {
        var batch = DayBatch()
        let sent = ledger.progress.days(of: destination.source)
        let version = Self.version(after: sent, now: wallClock.now())
        while let day = rest.first, batch.days.count < Limits.syncBatchDays, batch.bytes < Limits.syncBatchBytes {
            rest.removeFirst()
            let lines = try plan.lines(of: day)
            let bytes = lines.bytes(source: destination.source, version: version)
            let transfer = Transfer(
                destination: destination.place.identity, store: LedgerEntry.aggregatesStore,
                installation: destination.source, range: day...day, rows: lines.count, bytes: bytes.count,
                sha256: lines.checksum, version: version)
            batch.days.append(.init(transfer: transfer, lines: bytes))
        }
        return batch
    }
}
