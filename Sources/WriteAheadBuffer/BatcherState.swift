import Core
import DequeModule

/// Decides what the batcher does: when there is room, when a flush is due, what it takes, what is written. Pure: it
/// performs nothing and knows no time.
struct BatcherState {
    /// At most `Limits.ringBatches`, as `hasRoom` sees to it.
    private var ring = Deque<RecordBatch>()
    private var bytes = 0
    private var records = 0
    /// Batches that an append under way has taken; they stay in the ring until it succeeded.
    private var inFlight: Int?
    /// Batches ever added, and ever written: every batch has a number, in order.
    private(set) var added = 0
    private(set) var written = 0
    /// The batches, by number from 0, that were thrown away as recording is off: the last few stretches of them.
    private var discarded: [Range<Int>] = []
    /// Stretches that are remembered: whoever waits for a flush asks right after it.
    private static let stretchesRemembered = 8

    var isEmpty: Bool { ring.isEmpty }

    /// Whether the ring takes another batch of this size now. An empty ring takes any.
    func hasRoom(for batch: RecordBatch) -> Bool {
        ring.isEmpty || (ring.count < Limits.ringBatches && bytes + batch.bytes.count <= Limits.ringBytes)
    }

    /// Takes a batch; there must be room.
    mutating func add(_ batch: RecordBatch) {
        precondition(hasRoom(for: batch))
        ring.append(batch)
        bytes += batch.bytes.count
        records += batch.recordCount
        added += 1
    }

    /// Whether enough has come together to be written without waiting for more.
    var isDue: Bool { records >= Limits.flushRecords || bytes >= Limits.flushBytes }

    /// Starts a flush of all that the ring holds; nil when there is nothing or one is under way.
    mutating func beginFlush() -> RecordBatch? {
        guard inFlight == nil, !ring.isEmpty else { return nil }
        inFlight = ring.count
        var batch = ring[0]
        for index in 0..<ring.count where index > 0 { batch.append(ring[index]) }
        return batch
    }

    /// What became of a flush.
    enum FlushEnd: Equatable {
        case written
        /// It stays in the ring for the next flush.
        case failed
        /// Recording is off: what was to be written is not kept either.
        case discarded
    }

    /// Ends the flush under way.
    mutating func endFlush(_ end: FlushEnd) {
        guard let count = inFlight else { preconditionFailure("no flush is under way") }
        inFlight = nil
        guard end != .failed else { return }
        if end == .discarded {
            discarded.append(written..<written + count)
            discarded.removeFirst(max(0, discarded.count - Self.stretchesRemembered))
        }
        for index in 0..<count {
            bytes -= ring[index].bytes.count
            records -= ring[index].recordCount
        }
        ring.removeFirst(count)
        written += count
    }

    /// Takes a batch back out, by its number from 0, whose flush has failed: it is not tried again. No flush is under way.
    mutating func withdraw(_ number: Int) {
        precondition(inFlight == nil)
        guard number >= written, number < added else { return }
        bytes -= ring[number - written].bytes.count
        records -= ring[number - written].recordCount
        // Its place stays, so that the numbers of the others do.
        ring[number - written] = RecordBatch()
    }

    /// Whether batches from the one numbered `first` to before `end`, all done with, were thrown away in part.
    func wasDiscarded(_ batches: Range<Int>) -> Bool {
        discarded.contains { $0.overlaps(batches) }
    }
}
