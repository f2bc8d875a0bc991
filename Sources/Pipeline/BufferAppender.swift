import Platform
package import WriteAheadBuffer

/// Appends to the write-ahead buffer on a thread of its own, so that a slow disk holds up nobody but those who wait for
/// it.
package actor BufferAppender {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let appender: SegmentAppender
    private let isDurable: Bool

    /// With `durable` every append waits until it would survive a power cut.
    package init(buffer: WriteAheadBuffer, durable: Bool) {
        appender = SegmentAppender(buffer: buffer)
        isDurable = durable
    }

    package func append(_ batch: RecordBatch) -> Result<SegmentAppender.Receipt, BufferError> {
        Result { () throws(BufferError) in try appender.append(batch.bytes.span, durable: isDurable) }
    }
}
