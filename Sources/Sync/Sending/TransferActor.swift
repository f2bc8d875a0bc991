import Core
package import SystemSupport

/// Sends what a destination does not have yet, one batch after another, and writes the ledger.
///
///     intent in the ledger ─ on disk ─ transfer ─ confirmed ─ line in the ledger ─ on disk ─ next batch
///
/// Whatever is killed where: before the intent nothing left; after it the same range goes again, which every destination
/// takes once; after the line nothing of it goes again. While one batch is on its way, the next one is packed.
package actor TransferActor {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// What came of it.
    package struct Summary: Equatable, Sendable {
        package var transfers = 0
        package var rows = 0
        package var bytes = 0

        package init() {}
    }

    /// What is told while it runs.
    package enum Progress: Sendable {
        /// So many rows have been confirmed, about this share of what there is to send, from 0 to 1.
        case sent(rows: Int, share: Double)
        /// An attempt failed, and the next one comes after this long.
        case waiting(SyncError, Duration)
    }

    /// What is to be sent: rows of a database, up to an id.
    package struct Job: Sendable {
        package let destination: String
        package let store: String
        package let last: Int64
        /// Begin with the first row, whatever has been confirmed.
        package let fromStart: Bool

        package init(destination: String, store: String, last: Int64, fromStart: Bool) {
            self.destination = destination
            self.store = store
            self.last = last
            self.fromStart = fromStart
        }
    }

    private var ledger: Ledger
    private let job: Job
    private let encoder: any BatchEncoder
    private let target: any Target
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    private var random = SystemRandomNumberGenerator()
    private var summary = Summary()
    private var isPrepared = false
    /// The id behind which sending began.
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

    /// Sends everything; throws a `SyncError` when the destination does not take it, and `CancellationError`.
    package func run(_ report: @Sendable (Progress) -> Void) async throws -> Summary {
        var cursor: Int64 = 0
        if !job.fromStart {
            cursor = ledger.progress.cursor(of: job.destination, store: job.store)
            start = cursor
            let earlier = ledger.progress.unconfirmed(at: job.destination, store: job.store)
            if let open = earlier.last {
                if let batch = try await encoder.reencode(open) { try await resend(batch, earlier: earlier, report) }
                cursor = max(cursor, open.range.upperBound)
            }
        }
        guard let first = try await pack(after: cursor) else { return summary }
        try await prepare(report)
        try ledger.append(.intent, first.transfer, at: wallClock.now())
        var upcoming: TransferBatch? = first
        while let batch = upcoming {
            async let following = pack(after: batch.transfer.range.upperBound)
            try await deliver(batch, earlier: [], report)
            let next: Result<TransferBatch?, any Error>
            do { next = .success(try await following) } catch { next = .failure(error) }
            // One wait for the disk for both: what was confirmed, and what goes next.
            let intent = (try? next.get()).flatMap { $0 }.map { [(LedgerEntry.Event.intent, $0.transfer)] } ?? []
            try ledger.append([(.sent, batch.transfer)] + intent, at: wallClock.now())
            count(batch, report)
            upcoming = try next.get()
        }
        return summary
    }

    private func pack(after cursor: Int64) async throws -> TransferBatch? {
        cursor < job.last ? try await encoder.pack(cursor + 1...job.last) : nil
    }

    /// Sends a range that a former run began.
    private func resend(
        _ batch: TransferBatch, earlier: [Transfer], _ report: @Sendable (Progress) -> Void
    ) async throws {
        try await prepare(report)
        try ledger.append(.intent, batch.transfer, at: wallClock.now())
        try await deliver(batch, earlier: earlier, report)
        try ledger.append(.sent, batch.transfer, at: wallClock.now())
        count(batch, report)
    }

    private func prepare(_ report: @Sendable (Progress) -> Void) async throws {
        if isPrepared { return }
        try await attempt(report) { try await self.target.prepare() }
        isPrepared = true
    }

    private func deliver(
        _ batch: TransferBatch, earlier: [Transfer], _ report: @Sendable (Progress) -> Void
    ) async throws {
        try await attempt(report) { try await self.target.deliver(batch, earlier: earlier) }
    }

    private func count(_ batch: TransferBatch, _ report: @Sendable (Progress) -> Void) {
        summary.transfers += 1
        summary.rows += batch.transfer.rows
        summary.bytes += batch.transfer.bytes
        let (done, all) = (batch.transfer.range.upperBound - start, max(1, job.last - start))
        report(.sent(rows: summary.rows, share: min(1, Double(done) / Double(all))))
    }

    /// Does something until it goes well, or the policy gives up.
    private func attempt(_ report: @Sendable (Progress) -> Void, _ work: () async throws -> Void) async throws {
        var policy = RetryPolicy()
        while true {
            try Task.checkCancellation()
            do {
                return try await work()
            } catch let failure as RetryPolicy.Failure {
                guard case .wait(let delay) = policy.decide(after: failure, using: &random) else { throw failure.error }
                report(.waiting(failure.error, delay))
                try await clock.sleep(for: delay)
            }
        }
    }
}
