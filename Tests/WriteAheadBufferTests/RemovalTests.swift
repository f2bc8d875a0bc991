import Core
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Removing drained segments")
struct RemovalTests {
    @Test("A segment that grew after the stored position stays")
    func grew() throws {
        let harness = try BufferHarness()
        let appender = harness.appender()
        let first = try appender.append([event(1)])
        let second = try appender.append([event(2)])

        #expect(try !harness.remove(first.segment, drainedTo: first.end))
        #expect(try Scan(of: harness.buffer).numbers == [1, 2])

        #expect(try harness.remove(first.segment, drainedTo: second.end))
        #expect(try harness.buffer.segments().isEmpty)
    }

    @Test("An appender whose open segment was removed continues in a new one", arguments: [false, true])
    func appenderGoesOn(keepAside: Bool) throws {
        let harness = try BufferHarness()
        let appender = harness.appender()
        let first = try appender.append([event(1)])
        #expect(try harness.remove(first.segment, drainedTo: first.end, keepAside: keepAside))

        try appender.append([event(2)])
        try appender.append([event(3)])

        #expect(try Scan(of: harness.buffer).numbers == [2, 3])
        #expect(try harness.buffer.segments().count == 1)
    }

    @Test("Several appenders whose segment was removed continue in one new segment", arguments: [false, true])
    func severalGoOn(keepAside: Bool) throws {
        let harness = try BufferHarness()
        let appenders = (0..<4).map { _ in harness.appender() }
        var end: SegmentAppender.Receipt?
        for (index, appender) in appenders.enumerated() { end = try appender.append([event(index)]) }
        let last = try #require(end)
        #expect(try harness.remove(last.segment, drainedTo: last.end, keepAside: keepAside))

        for (index, appender) in appenders.enumerated() { try appender.append([event(10 + index)]) }

        #expect(try Scan(of: harness.buffer).numbers == [10, 11, 12, 13])
        #expect(try harness.buffer.segments().count == 1)
    }

    @Test("A damaged segment stays under another name, with its content")
    func keptAside() throws {
        let harness = try BufferHarness()
        let number = WriteAheadBuffer.SegmentNumber(0x1F)
        try harness.write(harness.header() + [1, 2, 3], as: number)
        let bytes = try harness.bytes(of: number)

        #expect(try harness.remove(number, drainedTo: bytes.count, keepAside: true))

        #expect(try harness.buffer.segments().isEmpty)
        #expect(try harness.buffer.damagedSegments() == ["000000000000001f.wab.damaged"])
        var kept: [UInt8] = []
        _ = try File(opening: harness.buffer.folder.path(of: "000000000000001f.wab.damaged"), .read)
            .read(appendingTo: &kept, limit: 1000)
        #expect(kept == bytes)
    }

    @Test("Only the newest damaged segments are kept")
    func keepsFew() throws {
        let harness = try BufferHarness()
        for value in 1...UInt64(Limits.damagedSegmentsKept + 3) {
            try harness.write(harness.header(), as: .init(value))
            #expect(try harness.remove(.init(value), drainedTo: SegmentFormat.headerLength, keepAside: true))
        }
        try harness.buffer.synchronize()
        let kept = (4...UInt64(Limits.damagedSegmentsKept + 3)).map {
            WriteAheadBuffer.SegmentNumber($0).fileName + ".damaged"
        }
        #expect(try harness.buffer.damagedSegments() == kept)
    }

    @Test("A torn end counts as drained up to the next multiple of 8")
    func tornEnd() throws {
        let harness = try BufferHarness()
        let number = WriteAheadBuffer.SegmentNumber(1)
        try harness.write(harness.header() + [1, 2, 3], as: number)
        #expect(try !harness.remove(number, drainedTo: SegmentFormat.headerLength))
        #expect(try harness.remove(number, drainedTo: SegmentFormat.headerLength + 8))
    }
}
