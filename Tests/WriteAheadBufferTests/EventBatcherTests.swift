import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import WriteAheadBuffer

struct EventBatcherTests {
    private let folder: TemporaryFolder
    private let buffer: WriteAheadBuffer

    init() throws {
        folder = try TemporaryFolder()
        buffer = WriteAheadBuffer(folder: folder.data.bufferFolder)
    }

    private func batch(_ events: Int) -> RecordBatch {
        var filler = BufferFiller(folder.data)
        return filler.batch(of: Array(repeating: #"{"command":"make"}"#, count: events))
    }

    private func eventsOnDisk() throws -> Int {
        var count = 0
        for number in try buffer.segments() {
            let reader = try #require(try buffer.reader(of: number))
            let end = try #require(try reader.committedEnd())
            var bytes: [UInt8] = []
            try reader.read(into: &bytes, from: SegmentFormat.headerLength, upTo: end, limit: end)
            var cursor = RecordCursor()
            while case .record = cursor.next(in: bytes.span, isLast: true) { count += 1 }
        }
        return count
    }

    private func batcher() -> EventBatcher {
        EventBatcher(appender: BufferAppender(buffer: buffer, durable: false))
    }

    @Test("Few events wait in the ring until a flush")
    func flush() async throws {
        let batcher = batcher()
        try await batcher.add(batch(3))
        #expect(try eventsOnDisk() == 0)
        try await batcher.flush()
        #expect(try eventsOnDisk() == 3)
    }

    @Test("A batch whose fsync failed is not written again, nor ever acknowledged")
    func failedSynchronization() async throws {
        // A link is followed on the way to the buffer, and not when its folder itself is to be put on disk.
        let path = folder.path + "/link"
        try folder.data.bufferFolder.prepare()
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.data.folder.path)
        let linked = WriteAheadBuffer(folder: Folder(path + "/buffer"))
        let batcher = EventBatcher(appender: BufferAppender(buffer: linked, durable: true))
        try await batcher.add(batch(3))
        await #expect(throws: BufferError.self) { try await batcher.flush() }
        #expect(try eventsOnDisk() == 3)
        await #expect(throws: BufferError.self) { try await batcher.flush() }
        await batcher.finish()
        await batcher.flushByTime()
        #expect(try eventsOnDisk() == 3)
    }

    @Test("A failed batch is not recorded later, as the caller may have sent it again")
    func withdrawn() async throws {
        try folder.data.folder.prepare()
        try Data().write(to: URL(filePath: folder.data.bufferFolder.path))
        let batcher = batcher()
        await #expect(throws: BufferError.self) { try await batcher.record(batch(3)) }
        try FileManager.default.removeItem(atPath: folder.data.bufferFolder.path)
        let isRecorded = try await batcher.record(batch(1))
        #expect(isRecorded)
        try await batcher.flush()
        #expect(try eventsOnDisk() == 1)
    }

    @Test("Records that make a flush due are written without a call")
    func flushByCount() async throws {
        let batcher = batcher()
        try await batcher.add(batch(Limits.flushRecords - 1))
        #expect(try eventsOnDisk() == 0)
        try await batcher.add(batch(1))
        #expect(try eventsOnDisk() == Limits.flushRecords)
    }

    @Test("Records older than the interval are written by time", .timeLimit(.minutes(5)))
    func flushByTime() async throws {
        let batcher = batcher()
        let clock = SteppedClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await batcher.flushByTime(clock: clock) }
            try await batcher.add(batch(1))
            await clock.waitForSleeper()
            #expect(try eventsOnDisk() == 0)
            clock.advance(by: Limits.flushInterval)
            while try eventsOnDisk() == 0 { await Task.yield() }
            await batcher.finish()
            try await group.waitForAll()
        }
        #expect(try eventsOnDisk() == 1)
    }

    @Test("Many producers at once lose nothing")
    func manyProducers() async throws {
        let batcher = batcher()
        let one = batch(7)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    for _ in 0..<20 { try await batcher.add(one) }
                    try await batcher.flush()
                }
            }
            try await group.waitForAll()
        }
        #expect(try eventsOnDisk() == 50 * 20 * 7)
    }

    @Test("Records of a failed write stay, and are written once the error has ended")
    func failure() async throws {
        // A file stands where the folder should be.
        try folder.data.folder.prepare()
        do { _ = try File(opening: buffer.folder.path, [.write, .create]) }
        let batcher = batcher()
        try await batcher.add(batch(2))
        await #expect(throws: BufferError.self) { try await batcher.flush() }
        try folder.data.folder.remove("buffer")
        try await batcher.flush()
        #expect(try eventsOnDisk() == 2)
    }
}

struct BatcherStateTests {
    private func batch() -> RecordBatch {
        var batch = RecordBatch()
        batch.append(RejectionCounters().encoded().span)
        return batch
    }

    @Test("A failed flush removes nothing, and a successful one only what it wrote")
    func flushes() {
        var state = BatcherState()
        state.add(batch())
        #expect(state.beginFlush()?.recordCount == 1)
        state.add(batch())
        let second = state.beginFlush()
        #expect(second == nil, "one flush at a time")
        state.endFlush(.failed)
        #expect(state.written == 0)
        #expect(state.beginFlush()?.recordCount == 2)
        state.add(batch())
        state.endFlush(.written)
        #expect(state.written == 2 && state.added == 3 && !state.isEmpty)
    }

    @Test("The ring is bounded by bytes")
    func bound() {
        var state = BatcherState()
        var large = RecordBatch()
        while large.bytes.count <= Limits.ringBytes / 2 { large.append(RejectionCounters().encoded().span) }
        state.add(large)
        let (hasRoom, isDue) = (state.hasRoom(for: large), state.isDue)
        #expect(!hasRoom && isDue)
    }
}
