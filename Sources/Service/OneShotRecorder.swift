import EventModel
package import Intake
package import Platform
import WriteAheadBuffer

/// Records a single event, without starting anything: it appends to the buffer and is done. It never opens SQLite.
package struct OneShotRecorder: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Returns once the event survives the end of any process, and with `durable` a power cut. A rejected event is
    /// counted in the books before the error is thrown.
    package func record(_ draft: EventDraft, durable: Bool) throws {
        var intake = EventIntake(key: try HashKey.load(from: data), session: AmbientSession.id())
        var batch = RecordBatch()
        let result = Result { () throws(Rejection) in try intake.accept(draft) }
        if case .success = result { batch.append(intake.payload.span) }
        if let tally = intake.takeTally() { batch.append(tally.encoded().span) }
        _ = try SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder))
            .append(batch.bytes.span, durable: durable)
        try result.get()
    }
}
