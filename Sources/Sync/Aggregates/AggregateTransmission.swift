import Core
package import SystemSupport

/// One run that sends days of aggregates to a destination. It sends the days that are new, or that changed after the
/// destination confirmed them. The ledger records each batch.
///
///     intents in the ledger ─ on disk ─ transfer ─ confirmed ─ lines in the ledger ─ on disk ─ next batch
///
/// A run that is killed at any step may leave unconfirmed days in the ledger. The next run sends these days again, with
/// a higher version.
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
    /// - Parameter report: is called after each batch with the confirmed share of the days, from 0 to 1. It is also
    ///   called before each further attempt, with the last failure and the delay.
    /// - Throws: `SyncError` when the destination rejects a batch, and `CancellationError`.
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

    /// Returns a version above the versions of all earlier attempts, even if the clock was set back.
    static func version(after sent: [Int64: LedgerProgress.SentDay], now: Int64) -> Int64 {
        max(now, (sent.values.map(\.version).max() ?? 0) + 1)
    }

    /// Removes the next days from `rest`, up to the limits of a batch, and returns them.
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
