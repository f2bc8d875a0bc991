import Core
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Appending")
struct AppendTests {
    @Test("Appended records are read in chunks of any size", arguments: [2048, 65_536, Limits.drainChunkBytes])
    func roundTrip(chunk: Int) throws {
        let harness = try BufferHarness()
        let appender = harness.appender()
        let payloads = (0..<500).map { event($0) }

        var last: SegmentAppender.Receipt?
        for start in stride(from: 0, to: 500, by: 50) {
            last = try appender.append(Array(payloads[start..<start + 50]))
        }

        #expect(try Scan(of: harness.buffer, chunk: chunk) == Scan(payloads: payloads))
        let segments = try harness.buffer.segments()
        #expect(segments == [last?.segment])
        #expect(try harness.buffer.reader(of: segments[0])?.committedEnd() == last?.end)
    }

    @Test("A full segment is followed by another, and records keep their order over all of them")
    func severalSegments() throws {
        let harness = try BufferHarness()
        let appender = harness.appender()
        var expected: [Int64] = []
        // Three batches fill a segment.
        for start in 0..<9 {
            let numbers = start * 4000..<(start + 1) * 4000
            expected += numbers.map(Int64.init)
            try appender.append(numbers.map { wideEvent($0) })
        }

        #expect(try harness.buffer.segments().count == 3)
        let scan = try Scan(of: harness.buffer)
        #expect(scan.numbers == expected)
        #expect(scan.gaps.isEmpty)
        for number in try harness.buffer.segments().dropLast() {
            #expect(try harness.bytes(of: number).count >= Limits.segmentBytes)
        }
    }

    @Test("A segment is named after the time, and the next one after it even in the same second")
    func names() throws {
        let harness = try BufferHarness()
        let first = try harness.appender().append([event(1)]).segment
        try harness.write(harness.header(bootID: [UInt8](repeating: 1, count: 16)), as: first)

        let second = try harness.appender().append([event(2)]).segment

        #expect(first.value == 1_795_422_600)
        #expect(second.value == first.value + 1)
    }

    @Test("A durable append is read like any other")
    func durable() throws {
        let harness = try BufferHarness()
        let appender = harness.appender()
        try appender.append([event(1)], durable: true)
        try appender.append([event(2)], durable: true)
        #expect(try Scan(of: harness.buffer).numbers == [1, 2])
    }

    @Test("The segment and its folder are the owner's alone")
    func modes() throws {
        let harness = try BufferHarness()
        let segment = try harness.appender().append([event(1)]).segment
        #expect(try permissions(of: harness.path(of: segment)) == 0o600)
        #expect(try permissions(of: harness.buffer.folder.path) == 0o700)
    }

    @Test("A buffer with the maximum of pending segments accepts nothing until one is drained")
    func full() throws {
        let harness = try BufferHarness()
        let foreign = harness.header(bootID: [UInt8](repeating: 1, count: 16))
        for value in 1...UInt64(Limits.waitingSegments) { try harness.write(foreign, as: .init(value)) }
        let appender = harness.appender()

        #expect(throws: BufferError.full(folder: harness.buffer.folder.path)) { try appender.append([event(1)]) }
        #expect(try harness.buffer.segments().count == Limits.waitingSegments)

        #expect(try harness.remove(.init(1), drainedTo: foreign.count))
        try appender.append([event(1)])
        #expect(try Scan(of: harness.buffer).numbers == [1])
    }

    @Test("A buffer that cannot be created is a system error, and the appender can try again")
    func impossibleFolder() throws {
        let harness = try BufferHarness()
        let data = harness.folder.data.folder
        try data.prepare()
        try File(opening: data.path(of: "buffer"), [.write, .create]).write("in the way")
        let appender = harness.appender()

        #expect(throws: BufferError.self) { try appender.append([event(1)]) }

        try data.remove("buffer")
        try appender.append([event(1)])
        #expect(try Scan(of: harness.buffer).numbers == [1])
    }
}
