import Core
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Many appenders at once")
struct ConcurrentAppendTests {
    /// An appender with a thread of its own.
    private actor Recorder {
        private let executor = ThreadExecutor()
        private let appender: SegmentAppender
        private let session: String

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        init(_ harness: BufferHarness, session: String) {
            appender = harness.appender()
            self.session = session
        }

        func append(_ numbers: Range<Int>, perBatch: Int) throws {
            for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: perBatch) {
                try appender.append((start..<start + perBatch).map { wideEvent($0, session: session) })
            }
        }
    }

    @Test("Eight tasks append 500 batches each: every record is there once, in its appender's order")
    func tasks() async throws {
        let harness = try BufferHarness()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    let appender = harness.appender()
                    for batch in 0..<500 {
                        try appender.append((batch * 3..<batch * 3 + 3).map { event($0, session: "writer-\(writer)") })
                    }
                }
            }
            try await group.waitForAll()
        }
        try Self.expectAll(of: harness, writers: 8, count: 1500)
    }

    @Test("Appenders on separate threads that fill several segments keep their order too")
    func threads() async throws {
        let harness = try BufferHarness()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                let recorder = Recorder(harness, session: "writer-\(writer)")
                group.addTask { try await recorder.append(0..<2500, perBatch: 100) }
            }
            try await group.waitForAll()
        }
        #expect(try harness.buffer.segments().count > 1)
        try Self.expectAll(of: harness, writers: 6, count: 2500)
    }

    @Test("An appender that is stopped during an append blocks no other: they continue in another segment")
    func stoppedAppender() throws {
        let harness = try BufferHarness()
        let first = try harness.appender().append([event(1)])
        let stopped = try File(opening: harness.path(of: first.segment), [.readWrite])
        #expect(try stopped.tryLock())
        let second = try harness.appender().append([event(2)])
        #expect(second.segment > first.segment)
        #expect(try harness.appender().append([event(3)]).segment == second.segment)
        stopped.unlock()
        #expect(try Scan(of: harness.buffer).numbers == [1, 2, 3].map { EventRecord(event($0).span)?.timestamp })
    }

    @Test("Readers and removers do not wait forever for an appender that is stopped during an append")
    func stoppedBesideReader() throws {
        let harness = try BufferHarness()
        let receipt = try harness.appender().append([event(1)])
        let reader = try #require(try harness.buffer.reader(of: receipt.segment))
        let stopped = try File(opening: harness.path(of: receipt.segment), [.readWrite])
        #expect(try stopped.tryLock())
        #expect(try reader.committedEnd(within: .zero) == nil)
        #expect(try reader.writtenEnd() == receipt.end)
        #expect(try !harness.buffer.remove(reader, drainedTo: receipt.end, keepAside: false))
        #expect(throws: BufferError.busy(path: reader.path)) { try harness.buffer.waitForAppends() }
        #expect(throws: BufferError.busy(path: reader.path)) { try harness.buffer.removeWhole(reader) { _ in } }
        stopped.unlock()
        #expect(try reader.committedEnd(within: .zero) == receipt.end)
        try harness.buffer.waitForAppends()
        #expect(try harness.buffer.remove(reader, drainedTo: receipt.end, keepAside: false))
    }

    @Test("An appender that is stopped while it creates a segment is reported")
    func stoppedBeginner() throws {
        let harness = try BufferHarness()
        let first = try harness.appender().append([event(1)])
        let stopped = try File(opening: harness.path(of: first.segment), [.readWrite])
        let beginner = try File(opening: harness.buffer.folder.path, [.read, .folder])
        #expect(try stopped.tryLock() && beginner.tryLock())
        #expect(throws: BufferError.busy(path: harness.buffer.folder.path)) {
            try harness.appender().append([event(2)])
        }
    }

    @Test("One appender after a whole segment is notified that a drain is due, each time enough was appended")
    func dueDrains() throws {
        let harness = try BufferHarness()
        let payloads = (0..<Limits.segmentBytes / 512).map { wideEvent($0) }
        try harness.appender().append(payloads)
        var due = 0
        var bytes = 0
        while bytes < 4 * Limits.backlogLookBytes {
            let receipt = try harness.appender().append([event(1)])
            bytes = receipt.end
            due += harness.buffer.isDrainDue(after: receipt) ? 1 : 0
        }
        // One that begins the segment, and one for each chunk that was filled.
        #expect(due == 5)
    }

    @Test("Appenders lose nothing while their segments are drained and removed", arguments: [false, true])
    func drained(keepAside: Bool) async throws {
        let harness = try BufferHarness()
        let recorders = (0..<4).map { Recorder(harness, session: "writer-\($0)") }
        var scan = Scan()
        for round in 0..<150 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for recorder in recorders {
                    group.addTask { try await recorder.append(round * 6..<(round + 1) * 6, perBatch: 2) }
                }
                // Often the segment has grown in between and stays; then it goes at the end of the round.
                try Self.drain(harness.buffer, keepAside: keepAside, into: &scan)
                try await group.waitForAll()
            }
            try Self.drain(harness.buffer, keepAside: keepAside, into: &scan)
        }
        #expect(try harness.buffer.segments().isEmpty)
        #expect(scan.gaps.isEmpty)
        Self.expectAll(of: scan.payloads, writers: 4, count: 900)
    }

    @Test("Appenders that start at once on an empty buffer make one segment with one header")
    func creation() async throws {
        for _ in 0..<300 {
            let harness = try BufferHarness()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    let recorder = Recorder(harness, session: "writer-\(writer)")
                    group.addTask { try await recorder.append(0..<3, perBatch: 1) }
                }
                try await group.waitForAll()
            }
            #expect(try harness.buffer.segments().count == 1)
            try Self.expectAll(of: harness, writers: 4, count: 3)
        }
    }

    /// Takes out what stands in the segments that can be removed.
    private static func drain(_ buffer: WriteAheadBuffer, keepAside: Bool, into scan: inout Scan) throws {
        for number in try buffer.segments() {
            guard let reader = try buffer.reader(of: number) else { continue }
            let end = try #require(try reader.committedEnd())
            guard try buffer.remove(reader, drainedTo: end, keepAside: keepAside) else { continue }
            var bytes: [UInt8] = []
            try reader.read(into: &bytes, from: 0, upTo: end, limit: end)
            let segment = Scan(of: Array(bytes.dropFirst(SegmentFormat.headerLength)))
            scan.payloads += segment.payloads
            scan.gaps += segment.gaps
        }
    }

    private static func expectAll(of harness: BufferHarness, writers: Int, count: Int) throws {
        let scan = try Scan(of: harness.buffer)
        #expect(scan.gaps.isEmpty)
        expectAll(of: scan.payloads, writers: writers, count: count)
    }

    private static func expectAll(of payloads: [[UInt8]], writers: Int, count: Int) {
        var numbers: [String: [Int64]] = [:]
        for payload in payloads {
            guard let record = EventRecord(payload.span) else { continue }
            numbers[String(decoding: payload[record.sessionID], as: UTF8.self), default: []].append(record.timestamp)
        }
        #expect(numbers.count == writers)
        for (writer, own) in numbers { #expect(own == (0..<Int64(count)).map { $0 }, "\(writer)") }
    }
}
