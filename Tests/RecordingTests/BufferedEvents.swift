import Core
import SystemSupport
import WriteAheadBuffer

/// What recorders have appended to the buffer of a data folder.
struct BufferedEvents {
    /// An event as a line: type, command, outcome, error category, session and whether it has a duration and a workspace.
    private(set) var lines: [String] = []
    private(set) var timestamps: [Int64] = []
    private(set) var workspaces: [String] = []
    private(set) var rejections = RejectionCounters()

    init(in data: DataFolder) throws {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        for number in try buffer.segments() {
            guard let reader = try buffer.reader(of: number) else { continue }
            var bytes: [UInt8] = []
            try reader.read(
                into: &bytes, from: SegmentFormat.headerLength, upTo: reader.writtenEnd(), limit: Limits.segmentBytes)
            var cursor = RecordCursor()
            while case .record(let place) = cursor.next(in: bytes.span, isLast: true) {
                add(Array(bytes[place]))
            }
        }
    }

    private mutating func add(_ payload: [UInt8]) {
        if let counters = RejectionCounters(payload.span) { return rejections.add(counters) }
        guard let event = EventRecord(payload.span) else { return }
        func text(_ place: Range<Int>) -> String { place.isEmpty ? "-" : Array(payload[place]).text }
        let success = event.success.map { $0 ? "1" : "0" } ?? "-"
        let duration = event.durationMS.map(String.init) ?? "-"
        lines.append(
            [text(event.eventType), text(event.command), success, text(event.errorCategory), duration]
                .joined(separator: "|"))
        timestamps.append(event.timestamp)
        workspaces.append(text(event.workspaceHash))
    }
}
