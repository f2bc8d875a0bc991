import Core
import Foundation
import SystemSupport
import WriteAheadBuffer

/// A segment of the real recorder that was not read yet, to be truncated and changed.
struct SealedSegment {
    let bytes: [UInt8]
    /// Where each record's bytes stand, in order; every one is an event.
    let records: [Range<Int>]
    private let name: String
    private let key: [UInt8]

    /// Has the real program record `count` events, one batch a time, and takes what it wrote.
    init(of count: Int, by programs: Programs) throws {
        let testEnvironment = try TestEnvironment(programs)
        // Another process that holds the writer lock keeps the stream from storing them itself.
        try testEnvironment.data.folder.prepare()
        let lock = try File(opening: testEnvironment.data.writerLockPath, [.readWrite, .create])
        guard try lock.tryLock() else { throw InvariantViolation("no other process should be writing") }
        let lines = (1...count).map(Model.plainLine).joined()
        try testEnvironment.output(of: [programs.nexus, "record", "--stdin"], input: lines)
        let buffer = WriteAheadBuffer(folder: testEnvironment.data.bufferFolder)
        guard let number = try buffer.segments().first, try buffer.segments().count == 1 else {
            throw InvariantViolation("\(count) events are not one segment")
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

    /// Puts `changed` in its place in an empty data folder.
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

/// What the reader of segments makes of some bytes.
struct SegmentReading {
    let header: SegmentFormat.HeaderReading
    private(set) var records: [Range<Int>] = []
    private(set) var gaps: [Range<Int>] = []
    /// How many of the gaps are taken for what a killed writer left.
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
