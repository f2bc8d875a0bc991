import Core
import Foundation
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

/// What stands in segments, as a reader finds it.
struct Scan: Equatable {
    struct Gap: Equatable {
        var range: Range<Int>
        var isTorn: Bool
    }

    var payloads: [[UInt8]] = []
    var gaps: [Gap] = []

    var numbers: [Int64] { payloads.compactMap { EventRecord($0.span)?.timestamp } }
    var gapBytes: Int { gaps.reduce(0) { $0 + $1.range.count } }

    /// Reads a whole chunk at once.
    init(of chunk: [UInt8], from offset: Int = 0) {
        var cursor = RecordCursor(offset: offset)
        add(chunk, &cursor, isLast: true, base: 0)
    }

    /// Reads every segment of a buffer, in chunks.
    init(of buffer: WriteAheadBuffer, chunk limit: Int = Limits.drainChunkBytes) throws {
        for number in try buffer.segments() {
            guard let reader = try buffer.reader(of: number) else { continue }
            let end = try #require(try reader.committedEnd())
            var offset = SegmentFormat.headerLength
            var chunk: [UInt8] = []
            while offset < end {
                try reader.read(into: &chunk, from: offset, upTo: end, limit: limit)
                let isLast = offset + chunk.count == end
                var cursor = RecordCursor()
                add(chunk, &cursor, isLast: isLast, base: offset)
                offset = isLast ? end : offset + cursor.offset
            }
        }
    }

    init(payloads: [[UInt8]] = [], gaps: [Gap] = []) {
        self.payloads = payloads
        self.gaps = gaps
    }

    /// Takes what stands in one chunk; `cursor` stays where more is needed.
    mutating func add(_ chunk: [UInt8], _ cursor: inout RecordCursor, isLast: Bool, base: Int) {
        while true {
            switch cursor.next(in: chunk.span, isLast: isLast) {
            case .record(let place): payloads.append(Array(chunk[place]))
            case .gap(let range, let isTorn):
                gaps.append(Gap(range: range.lowerBound + base..<range.upperBound + base, isTorn: isTorn))
            case .needsMore, .end: return
            }
        }
    }
}

/// An event whose time is `number`; its length differs from number to number.
func event(_ number: Int, session: String = "writer") -> [UInt8] {
    var encoder = EventEncoder()
    encoder.begin(EventNumbers(timestamp: Int64(number)))
    encoder.appendSession(session.utf8.span)
    encoder.appendType("command".utf8.span)
    encoder.appendCommand(String(repeating: "x", count: 1 + number % 29).utf8.span)
    encoder.finish()
    return encoder.payload
}

/// An event of some 800 bytes, for tests that fill segments.
func wideEvent(_ number: Int, session: String = "writer") -> [UInt8] {
    let filler = String(repeating: "x", count: Int(UInt8.max))
    var encoder = EventEncoder()
    encoder.begin(EventNumbers(timestamp: Int64(number)))
    encoder.appendSession(session.utf8.span)
    encoder.appendType("command".utf8.span)
    encoder.appendCommand(filler.utf8.span)
    encoder.appendErrorCategory(filler.utf8.span)
    encoder.appendTemplate(filler.utf8.span)
    encoder.finish()
    return encoder.payload
}

func batch(_ payloads: [[UInt8]]) -> RecordBatch {
    var batch = RecordBatch()
    for payload in payloads { batch.append(payload.span) }
    return batch
}

extension SegmentAppender {
    @discardableResult
    func append(_ payloads: [[UInt8]], durable: Bool = false) throws(BufferError) -> Receipt {
        try append(batch(payloads).bytes.span, durable: durable)
    }
}

/// A buffer in a folder of its own.
struct BufferHarness {
    static let bootID = [UInt8](repeating: 0xB0, count: 16)
    let folder: TemporaryFolder
    let clock = ManualWallClock(1_795_422_600_250)

    init() throws {
        folder = try TemporaryFolder()
    }

    var buffer: WriteAheadBuffer { WriteAheadBuffer(folder: folder.data.bufferFolder) }

    func appender(bootID: [UInt8]? = bootID) -> SegmentAppender {
        SegmentAppender(buffer: buffer, clock: clock, bootID: bootID)
    }

    func path(of number: WriteAheadBuffer.SegmentNumber) -> String { buffer.folder.path(of: number.fileName) }

    func bytes(of number: WriteAheadBuffer.SegmentNumber) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path(of: number))))
    }

    /// Writes a segment as another process left it: a whole header identifies the file.
    func write(_ bytes: [UInt8], as number: WriteAheadBuffer.SegmentNumber) throws {
        try buffer.folder.prepare()
        let file = try File(opening: path(of: number), [.write, .create, .truncate])
        var bytes = bytes
        if case .valid(let header) = SegmentFormat.readHeader(bytes.span) {
            let own = SegmentFormat.Header(
                id: header.id, bootID: header.bootID, createdAt: header.createdAt,
                inode: UInt32(truncatingIfNeeded: try file.status().inode))
            bytes.replaceSubrange(0..<SegmentFormat.headerLength, with: own.encoded())
        }
        try file.write(bytes.span)
    }

    func header(bootID: [UInt8] = bootID) -> [UInt8] {
        SegmentFormat.Header(id: [UInt8](repeating: 7, count: 16), bootID: bootID, createdAt: 1, inode: 0).encoded()
    }

    /// Removes a segment as a writer does that has stored everything up to `end`.
    func remove(_ number: WriteAheadBuffer.SegmentNumber, drainedTo end: Int, keepAside: Bool = false) throws -> Bool {
        guard let reader = try buffer.reader(of: number) else { return false }
        return try buffer.remove(reader, drainedTo: end, keepAside: keepAside)
    }
}
