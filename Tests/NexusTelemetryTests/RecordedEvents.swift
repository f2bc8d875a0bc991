import Core
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

/// What a data folder's write-ahead buffer holds, read as the writer would.
struct RecordedEvents {
    /// How often each number of services is there: the tests number their events so.
    private(set) var times: [Int: Int] = [:]
    private(set) var commands: [String] = []
    private(set) var records: [EventRecord] = []
    private(set) var rejections = RejectionCounters()

    var count: Int { records.count }

    init(in data: DataFolder) throws {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        for number in try buffer.segments() {
            let reader = try #require(try buffer.reader(of: number))
            let end = try #require(try reader.committedEnd())
            var bytes: [UInt8] = []
            try reader.read(into: &bytes, from: SegmentFormat.headerLength, upTo: end, limit: end)
            var cursor = RecordCursor()
            while case .record(let place) = cursor.next(in: bytes.span, isLast: true) {
                take(bytes.span.extracting(place))
            }
        }
    }

    private mutating func take(_ payload: Span<UInt8>) {
        if let record = EventRecord(payload) {
            records.append(record)
            times[record.servicesCount.map(Int.init) ?? -1, default: 0] += 1
            var command: [UInt8] = []
            command.append(payload.extracting(record.command))
            commands.append(command.text)
        } else if let rejections = RejectionCounters(payload) {
            self.rejections.add(rejections)
        }
    }
}

extension TelemetryFixture {
    var recorded: RecordedEvents {
        get throws { try RecordedEvents(in: folder.data) }
    }
}
