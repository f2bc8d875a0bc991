import Core
import DequeModule

/// Decides when the batcher accepts a batch, when a flush is due, and which batches the flush writes. A pure state
/// machine: it performs no I/O and reads no clock.
struct BatcherState {
    /// The batches that are not yet written. `hasRoom` limits their number to `Limits.ringBatches`.
    private var ring = Deque<RecordBatch>()
    private var bytes = 0
    private var records = 0
    /// The number of batches in the append in progress; nil if there is no such append. The batches stay in the ring
    /// until the append succeeds.
    private var inFlight: Int?
    /// The number of batches that were ever added. Each batch has a number, from 0 in the order of the additions.
    private(set) var added = 0
    /// The number of batches that were ever written or discarded. All batches with lower numbers have left the ring.
    private(set) var written = 0
    /// The last few ranges of batch numbers that were discarded because recording is off.
    private var discarded: [Range<Int>] = []
    /// The maximum number of ranges in `discarded`. A few ranges suffice, because a task that waits for a flush checks
    /// its batch right after that flush.
    private static let rangesRemembered = 8

    var isEmpty: Bool { ring.isEmpty }

    /// Returns whether the ring accepts another batch of this size now. An empty ring accepts any batch.
    func hasRoom(for batch: RecordBatch) -> Bool {
        ring.isEmpty || (ring.count < Limits.ringBatches && bytes + batch.bytes.count <= Limits.ringBytes)
    }

    /// Adds a batch; `hasRoom` must be true for it.
    mutating func add(_ batch: RecordBatch) {
        precondition(hasRoom(for: batch))
        ring.append(batch)
        bytes += batch.bytes.count
        records += batch.recordCount
        added += 1
    }

    /// Whether the ring has enough records or bytes to flush it without waiting for more.
    var isDue: Bool { records >= Limits.flushRecords || bytes >= Limits.flushBytes }

    /// Starts a flush and returns the content of the ring as one batch; nil if the ring is empty or a flush is in
    /// progress.
    mutating func beginFlush() -> RecordBatch? {
        guard inFlight == nil, !ring.isEmpty else { return nil }
        inFlight = ring.count
        var batch = ring[0]
        for index in 0..<ring.count where index > 0 { batch.append(ring[index]) }
        return batch
    }

    /// The result of a flush.
    enum FlushEnd: Equatable {
        case written
        /// The batches stay in the ring for the next flush.
        case failed
        /// The batches are discarded because recording is off.
        case discarded
    }

    mutating func endFlush(_ end: FlushEnd) {
        guard let count = inFlight else { preconditionFailure("no flush is under way") }
        inFlight = nil
        guard end != .failed else { return }
        if end == .discarded {
            discarded.append(written..<written + count)
            discarded.removeFirst(max(0, discarded.count - Self.rangesRemembered))
        }
        for index in 0..<count {
            bytes -= ring[index].bytes.count
            records -= ring[index].recordCount
        }
        ring.removeFirst(count)
        written += count
    }

    /// Withdraws the batch with this number after its flush has failed, so that the batch is not retried. No flush may
    /// be in progress.
    mutating func withdraw(_ number: Int) {
        precondition(inFlight == nil)
        guard number >= written, number < added else { return }
        bytes -= ring[number - written].bytes.count
        records -= ring[number - written].recordCount
        // An empty batch stays in the ring, so that the numbers of the other batches do not change.
        ring[number - written] = RecordBatch()
    }

    /// Returns whether any batch of the range was discarded. The ring must not contain these batches any more.
    func wasDiscarded(_ batches: Range<Int>) -> Bool {
        discarded.contains { $0.overlaps(batches) }
    }
}
