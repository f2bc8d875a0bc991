import Core
package import SystemSupport

/// One run that sends a destination the rows that the destination does not have yet, one batch after another. The
/// ledger records each batch.
///
///     intent in the ledger ─ on disk ─ transfer ─ confirmed ─ line in the ledger ─ on disk ─ next batch
///
/// If the run is killed before the intent is on disk, nothing of the batch was sent. If it is killed after the intent,
/// the next run sends the same range again, and every destination stores it once. Once the line of the confirmation is
/// on disk, no row of the batch is sent again.
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
        /// The number of confirmed rows, and the approximate confirmed share of the rows to send, from 0 to 1.
        case sent(rows: Int, share: Double)
        /// An attempt failed, and the next attempt follows after the duration.
        case waiting(SyncError, Duration)
    }

    /// The rows to send: rows of a database, up to an id.
    package struct Job: Sendable {
        package let destination: String
        package let store: String
        package let last: Int64
        /// Whether sending starts with the first row, even if the destination confirmed rows before.
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
    /// The id after which sending began.
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

    /// Finishes a transfer that a previous run began, and returns the id after which sending continues.
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

    /// Records that a batch has arrived and the intent to send the next batch, with one fsync for both.
    mutating func confirm(
        _ batch: TransferBatch, next: TransferBatch?, _ report: @Sendable (Progress) -> Void
    ) throws {
        let intent = next.map { [(LedgerEntry.Event.intent, $0.transfer)] } ?? []
        try ledger.append([(.sent, batch.transfer)] + intent, at: wallClock.now())
        count(batch, report)
    }

    /// Sends a range again, because a previous run began its transfer and recorded no confirmation.
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
