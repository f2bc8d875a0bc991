import Core
import Sync
import Synchronization
import SystemSupport
import TestSupport
import Testing

/// A destination in memory that fails where a test says.
private actor MemoryTarget: Target {
    enum Fault {
        /// The connection never comes about, or is cut before anything was taken.
        case before
        /// It was taken, and the answer got lost.
        case after
    }

    private(set) var rows: [Int64: Int] = [:]
    private(set) var attempts = 0
    private(set) var prepared = 0
    private var faults: [Int: Fault]
    private let isLasting: Bool

    init(faults: [Int: Fault] = [:], isLasting: Bool = false) {
        self.faults = faults
        self.isLasting = isLasting
    }

    func prepare() { prepared += 1 }

    func deliver(_ batch: TransferBatch, earlier: [Transfer]) throws {
        attempts += 1
        let fault = faults[attempts]
        if fault != .before {
            // As ClickHouse does: the same row again is the same row.
            for id in batch.transfer.range { rows[id, default: 0] = 1 }
        }
        guard fault == nil else {
            let error = SyncError.busy("there", reason: "fault")
            throw isLasting ? RetryPolicy.Failure.lasting(error) : RetryPolicy.Failure.passing(error)
        }
    }
}

/// Ten rows a batch.
private struct TenPacker: BatchEncoder {
    func pack(_ range: ClosedRange<Int64>) -> TransferBatch? {
        batch(range.lowerBound...min(range.upperBound, range.lowerBound + 9))
    }

    func reencode(_ transfer: Transfer) -> TransferBatch? { batch(transfer.range) }

    private func batch(_ range: ClosedRange<Int64>) -> TransferBatch {
        TransferBatch(
            transfer: Transfer(
                destination: "there", store: "s", installation: "i", range: range, rows: range.count, bytes: 1,
                sha256: ""), content: .lines([]))
    }
}

@Suite("Sending in batches")
struct TransmissionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.data.folder.prepare()
    }

    private func run(
        _ target: MemoryTarget, upTo last: Int64, fromStart: Bool = false,
        clock: any Clock<Duration> = ContinuousClock(),
        _ report: @Sendable (Transmission.Progress) -> Void = { _ in }
    ) async throws -> Transmission.Summary {
        guard let ledger = try Ledger.open(in: folder.data) else { throw SyncError.alreadySending }
        let job = Transmission.Job(destination: "there", store: "s", last: last, fromStart: fromStart)
        return try await SyncActor().send(
            Transmission(job, ledger: ledger, encoder: TenPacker(), target: target, clock: clock),
            report)
    }

    private func count(_ event: LedgerEntry.Event) throws -> Int {
        var count = 0
        try LedgerReader.read(folder.data) { if $0.event == event { count += 1 } }
        return count
    }

    @Test("Every row is sent once, and the next run sends only new rows")
    func onlyNew() async throws {
        let target = MemoryTarget()
        #expect(try await run(target, upTo: 25).rows == 25)
        #expect(await target.attempts == 3)
        #expect(try await run(target, upTo: 25).transfers == 0)
        #expect(await target.prepared == 1, "a run with nothing new does not even look whether the place is there")
        #expect(try await run(target, upTo: 31).rows == 6)
        #expect(await target.rows.count == 31)
        #expect(try count(.intent) == 4)
        #expect(try count(.sent) == 4)
    }

    @Test("A run that ends at any attempt, before or after arrival, is completed by the next", arguments: 1...4)
    func interrupted(attempt: Int) async throws {
        for fault in [MemoryTarget.Fault.before, .after] {
            let other = try TransmissionTests()
            let target = MemoryTarget(faults: [attempt: fault], isLasting: true)
            await #expect(throws: SyncError.self) { try await other.run(target, upTo: 40) }
            // More has come in the meantime; the range that was begun goes again as it was.
            _ = try await other.run(target, upTo: 45)
            #expect(await target.rows.keys.sorted() == Array(1...45))
            #expect(try other.count(.sent) == 5)
            #expect(try other.count(.intent) == 6)
        }
    }

    @Test("A temporary failure is waited for by the given clock")
    func retries() async throws {
        let target = MemoryTarget(faults: [1: .before, 2: .after])
        let clock = SteppedClock()
        let waits = Mutex(0)
        async let summary = run(target, upTo: 10, clock: clock) { progress in
            if case .waiting = progress { waits.withLock { $0 += 1 } }
        }
        for _ in 0..<2 {
            await clock.waitForSleeper()
            clock.advance(by: .seconds(60))
        }
        #expect(try await summary.rows == 10)
        #expect(waits.withLock { $0 } == 2)
        #expect(try count(.intent) == 1, "one range, however often it is tried")
    }

    @Test("Sending again begins with the first row, and does not set back what was reached")
    func again() async throws {
        let target = MemoryTarget()
        _ = try await run(target, upTo: 25)
        #expect(try await run(target, upTo: 25, fromStart: true).rows == 25)
        #expect(try await run(target, upTo: 25).transfers == 0)
    }
}
