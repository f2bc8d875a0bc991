import EventModel
import Intake
import Platform
import WriteAheadBuffer

/// Takes what was recorded through intake into the write-ahead buffer, on a thread of its own: neither a slow disk nor
/// the hashing of names holds up a task of the program.
///
/// No call waits in the middle of its work, so the actor lets one drain pass after the other and needs no state for
/// what is under way.
actor Worker {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let queue: EventQueue
    private let appender: SegmentAppender
    private let isDurable: Bool
    private var intake: EventIntake
    private var draft = EventDraft()
    /// The half of the double buffer that is the worker's.
    private var half: [UInt8]
    /// What is to be appended. It stays until that has succeeded, and nothing more is taken before.
    private var batch = RecordBatch()

    init(queue: EventQueue, intake: EventIntake, buffer: WriteAheadBuffer, durable: Bool) {
        self.queue = queue
        self.intake = intake
        appender = SegmentAppender(buffer: buffer)
        isDurable = durable
        half = [UInt8](repeating: 0, count: queue.capacity)
    }

    /// Returns once all that was recorded before is in the buffer on disk.
    func drain() throws(BufferError) {
        try appendBatch()
        let taken = queue.take(exchanging: &half)
        admit(taken)
        try appendBatch()
    }

    /// Runs what was taken through intake.
    private func admit(_ taken: PendingEvents.Taken) {
        var position = 0
        while position < taken.used {
            position = PackedEvent.read(half.span, at: position, into: &draft)
            // Intake counts what it refuses; the tally below says why.
            try? intake.accept(draft, in: half.span) { batch.append($0) }
        }
        var tally = intake.takeTally() ?? Tally()
        queue.countRejected(tally)
        tally.count(.droppedEvent, times: taken.drops)
        if !tally.isEmpty { batch.append(tally.encoded().span) }
    }

    private func appendBatch() throws(BufferError) {
        guard !batch.isEmpty else { return }
        _ = try appender.append(batch.bytes.span, durable: isDurable)
        queue.countWritten(batch.eventCount)
        batch.removeAll()
    }
}
