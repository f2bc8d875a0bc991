package import Core
package import Intake
import SystemSupport
package import WriteAheadBuffer

/// Appends events to a data folder's buffer as a recorder does, but without starting a recorder.
package struct BufferFiller {
    /// The hash key of all tests.
    package static let key = HashKey(bytes: Array(repeating: 7, count: HashKey.length))

    private var intake: EventIntake
    private let appender: SegmentAppender

    package init(_ data: DataFolder, session: String = "ambient", now: Int64 = 1_800_000_000_000) {
        intake = EventIntake(key: Self.key, session: session, clock: ManualWallClock(now))
        appender = SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder))
    }

    /// Appends the events of lines of NDJSON in one batch. The batch also has rejection counters for rejected lines.
    @discardableResult
    package mutating func append(_ lines: [String]) throws -> RecordBatch {
        let batch = batch(of: lines)
        _ = try appender.append(batch.bytes.span)
        return batch
    }

    /// Returns the batch that `append` would append.
    package mutating func batch(of lines: [String]) -> RecordBatch {
        var batch = RecordBatch()
        for line in lines {
            if (try? intake.accept(line: Array(line.utf8).span)) != nil { batch.append(intake.payload.span) }
        }
        if let rejections = intake.takeRejections() { batch.append(rejections.encoded().span) }
        return batch
    }
}
