import Core
import Foundation
import SystemSupport
import WriteAheadBuffer

/// A segment that the real recorder wrote and that no drain has read. The modes truncate and change its bytes.
struct SealedSegment {
    let bytes: [UInt8]
    /// The range of each record's payload in `bytes`, in order. Each record is an event.
    let records: [Range<Int>]
    private let name: String
    private let key: [UInt8]

    /// Records `count` events with the real program, and reads the segment that it wrote.
    init(of count: Int, by programs: Programs) throws {
        let testEnvironment = try TestEnvironment(programs)
        // While this process holds the writer lock, the stream cannot store its events in the database.
        try testEnvironment.data.folder.prepare()
        let lock = try File(opening: testEnvironment.data.writerLockPath, [.readWrite, .create])
        guard try lock.tryLock() else { throw InvariantViolation("no other process should be writing") }
        let lines = (1...count).map(Model.plainLine).joined()
        try testEnvironment.output(of: [programs.nexus, "record", "--stdin"], input: lines)
        let buffer = WriteAheadBuffer(folder: testEnvironment.data.bufferFolder)
        guard let number = try buffer.segments().first, try buffer.segments().count == 1 else {
            throw InvariantViolation("\(count) events did not make exactly one segment")
        }
        name = number.fileName
        bytes = try Self.contents(buffer.folder.path(of: name))
        key = try Self.contents(testEnvironment.data.keyPath)
        let found = SegmentReading(of: bytes)
        guard found.records.count == count, found.gaps.isEmpty else {
            throw InvariantViolation("a new segment holds \(found.records.count) of \(count) records")
        }
        records = found.records
    }

    /// Writes `changed` instead of the segment, and the hash key, into an empty data folder.
    func write(_ changed: [UInt8], to testEnvironment: TestEnvironment) throws {
        let buffer = testEnvironment.data.bufferFolder
        try buffer.prepare()
        try Data(changed).write(to: URL(filePath: buffer.path(of: name)))
        try Data(key).write(to: URL(filePath: testEnvironment.data.keyPath))
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InvariantViolation("\(path) cannot be read")
        }
        return [UInt8](data)
    }
}

/// The result of reading the bytes of a segment.
struct SegmentReading {
    let header: SegmentFormat.HeaderReading
    private(set) var records: [Range<Int>] = []
    private(set) var gaps: [Range<Int>] = []
    /// The number of gaps that the reader takes for an incomplete append of a killed writer.
    private(set) var torn = 0

    init(of bytes: [UInt8]) {
        header = SegmentFormat.readHeader(bytes.span)
        guard bytes.count > SegmentFormat.headerLength else { return }
        var cursor = RecordCursor(offset: SegmentFormat.headerLength)
        while true {
            switch cursor.next(in: bytes.span, isLast: true) {
            case .record(let payload): records.append(payload)
            case .gap(let range, let isTorn):
                gaps.append(range)
                if isTorn { torn += 1 }
            case .needsMore, .end: return
            }
        }
    }
}
