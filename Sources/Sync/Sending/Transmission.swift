import Core
package import SystemSupport

/// One run that sends rows to a destination, one batch after another. It sends the rows that the destination has not
/// confirmed yet. The ledger records each batch.
///
///     intent in the ledger ─ on disk ─ transfer ─ confirmed ─ line in the ledger ─ on disk ─ next batch
///
/// If the run is killed before the intent is on disk, nothing of the batch was sent. If the run is killed between the
/// intent and the confirmation, the next run sends the same range again. The destination then stores each row only
/// once. When the line of the confirmation is on disk, no row of the batch is sent again.
package struct Transmission: ~Copyable {
    /// The result of a run.
    package struct Summary: Equatable, Sendable {
        package var transfers = 0
        package var rows = 0
        package var bytes = 0

        package init() {}
    }

    /// A progress report.
    package enum Progress: Sendable {
        /// `rows` is the number of rows or days of aggregates that the destination has confirmed in this run. `share`
        /// is the approximate share of the run that is done, from 0 to 1.
        case sent(rows: Int, share: Double)
        /// An attempt failed with this error. The next attempt starts after this duration.
        case waiting(SyncError, Duration)
    }

    /// The rows to send: rows of a database, up to an id.
    package struct Job: Sendable {
        /// The destination's identity (see `Destination`).
        package let destination: String
        /// The id of the database.
        package let store: String
        /// The id of the last row to send.
        package let last: Int64
        /// Whether the run starts with the first row, even if the destination has already confirmed rows.
        package let fromStart: Bool

        package init(destination: String, store: String, last: Int64, fromStart: Bool) {
            self.destination = destination
            self.store = store
            self.last = last
            self.fromStart = fromStart
        }
    }

    private var ledger: Ledger
    let job: Job
    let encoder: any BatchEncoder
    private let target: any Target
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    private var random = SystemRandomNumberGenerator()
    private(set) var summary = Summary()
    private var isPrepared = false
    /// The row id after which this run started; 0 if it started with the first row.
    private var start: Int64 = 0

    package init(
        _ job: Job, ledger: consuming Ledger, encoder: any BatchEncoder, target: any Target,
        clock: any Clock<Duration> = ContinuousClock(), wallClock: any WallClock = SystemClock()
    ) {
        self.job = job
        self.ledger = ledger
        self.encoder = encoder
        self.target = target
        self.clock = clock
        self.wallClock = wallClock
    }

    /// If a previous run left a range unconfirmed, sends this range again. Returns the row id after which this run
    /// continues.
    mutating func finishEarlier(_ report: @Sendable (Progress) -> Void) async throws -> Int64 {
        guard !job.fromStart else { return 0 }
        start = ledger.progress.cursor(of: job.destination, store: job.store)
        let earlier = ledger.progress.unconfirmed(at: job.destination, store: job.store)
        guard let open = earlier.last else { return start }
        if let batch = try await encoder.reencode(open) { try await resend(batch, earlier: earlier, report) }
        return max(start, open.range.upperBound)
    }

    /// Prepares the destination, and records the intent to send the first batch.
    mutating func begin(_ first: TransferBatch, _ report: @Sendable (Progress) -> Void) async throws {
        try await prepare(report)
        try ledger.append(.intent, first.transfer, at: wallClock.now())
    }

    /// Records the confirmation of a batch and the intent to send the next batch, with one fsync for both. If `next` is
    /// nil, records only the confirmation.
    mutating func confirm(
        _ batch: TransferBatch, next: TransferBatch?, _ report: @Sendable (Progress) -> Void
    ) throws {
        let intent = next.map { [(LedgerEntry.Event.intent, $0.transfer)] } ?? []
        try ledger.append([(.sent, batch.transfer)] + intent, at: wallClock.now())
        count(batch, report)
    }

    /// Sends a range for which a previous run recorded an intent and no confirmation.
    private mutating func resend(
        _ batch: TransferBatch, earlier: [Transfer], _ report: @Sendable (Progress) -> Void
    ) async throws {
        try await prepare(report)
        try ledger.append(.intent, batch.transfer, at: wallClock.now())
        try await deliver(batch, earlier: earlier, report)
        try ledger.append(.sent, batch.transfer, at: wallClock.now())
        count(batch, report)
    }

    private mutating func prepare(_ report: @Sendable (Progress) -> Void) async throws {
        if isPrepared { return }
        let target = target
        try await attempt(report) { try await target.prepare() }
        isPrepared = true
    }

    mutating func deliver(
        _ batch: TransferBatch, earlier: [Transfer], _ report: @Sendable (Progress) -> Void
    ) async throws {
        let target = target
        try await attempt(report) { try await target.deliver(batch, earlier: earlier) }
    }

    private mutating func count(_ batch: TransferBatch, _ report: @Sendable (Progress) -> Void) {
        summary.transfers += 1
        summary.rows += batch.transfer.rows
        summary.bytes += batch.transfer.bytes
        let (done, all) = (batch.transfer.range.upperBound - start, max(1, job.last - start))
        report(.sent(rows: summary.rows, share: min(1, Double(done) / Double(all))))
    }

    private mutating func attempt(
        _ report: @Sendable (Progress) -> Void, _ work: () async throws -> Void
    ) async throws {
        try await RetryPolicy.attempt(clock, using: &random, report, work)
    }
}
