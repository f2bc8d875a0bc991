import SystemSupport

/// Appends to the write-ahead buffer on a thread of its own, so that a slow call holds up nobody but those who wait for its
/// end.
package actor BufferAppender {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let appender: SegmentAppender
    private let isDurable: Bool
    private let flusher: SegmentFlusher?

    /// With `durable` every append waits until it would survive a power cut; otherwise `flusher` is told of it.
    package init(buffer: WriteAheadBuffer, durable: Bool, flusher: SegmentFlusher? = nil) {
        appender = SegmentAppender(buffer: buffer)
        isDurable = durable
        self.flusher = flusher
    }

    /// What became of a batch.
    package enum Outcome: Sendable {
        case written
        /// Nothing of it was written; it may be tried again.
        case failed(BufferError)
        /// It was written and could not be put on disk: nobody may be told that it is safe, and it must not be written
        /// again, as whoever drains may have stored it.
        case uncertain(BufferError)
    }

    package func append(_ batch: RecordBatch) -> Outcome {
        do {
            _ = try appender.append(batch.bytes.span, durable: isDurable)
            if !isDurable { flusher?.noteAppended() }
            return .written
        } catch {
            return appender.hasUncertainBatch ? .uncertain(error) : .failed(error)
        }
    }
}
