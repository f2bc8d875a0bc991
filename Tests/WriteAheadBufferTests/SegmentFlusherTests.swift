import Core
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("fsync of the buffer in the background", .timeLimit(.minutes(5)))
struct SegmentFlusherTests {
    private let harness: BufferHarness
    private let clock = SteppedClock()

    init() throws {
        harness = try BufferHarness()
    }

    private final class Failures: Sendable {
        let list = Mutex<[BufferError]>([])
    }

    /// Runs a flusher of `buffer` beside `work`; returns what it could not do.
    private func failures(
        of buffer: WriteAheadBuffer, during work: (SegmentFlusher) async throws -> Void
    ) async throws -> [BufferError] {
        let failures = Failures()
        let flusher = SegmentFlusher(buffer: buffer)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await flusher.run(clock: clock) { error in failures.list.withLock { $0.append(error) } }
            }
            try await work(flusher)
            group.cancelAll()
            // A sleeping task is woken and sees the end.
            clock.advance(by: .seconds(1))
        }
        return failures.list.withLock { $0 }
    }

    /// Tells of an append, and returns once what was told before has been dealt with and the next interval runs.
    private func note(_ flusher: SegmentFlusher) async {
        flusher.noteAppended()
        await clock.waitForSleeper()
    }

    private func passInterval(_ flusher: SegmentFlusher) async {
        clock.advance(by: Limits.synchronizationInterval)
        await note(flusher)
    }

    @Test("Appends within an interval share one fsync, and none is called without appends")
    func together() async throws {
        let appender = harness.appender()
        let failures = try await failures(of: harness.buffer) { flusher in
            try appender.append([event(1)])
            await note(flusher)
            try appender.append([event(2)])
            #expect(await flusher.count == 0)

            await passInterval(flusher)
            #expect(await flusher.count == 1)

            await passInterval(flusher)
            #expect(await flusher.count == 1)

            try appender.append([event(3)])
            await passInterval(flusher)
            #expect(await flusher.count == 2)
        }
        #expect(failures.isEmpty)
    }

    @Test("The last appends are fsynced at the end")
    func ending() async throws {
        var ended: SegmentFlusher?
        let failures = try await failures(of: harness.buffer) { flusher in
            ended = flusher
            try harness.appender().append([event(1)])
            await note(flusher)
            #expect(await flusher.count == 0)
        }
        #expect(await ended?.count == 1)
        #expect(failures.isEmpty)
    }

    @Test("A stalled fsync throttles callers, for a bounded time")
    func behind() async throws {
        let flusher = SegmentFlusher(buffer: harness.buffer)
        #expect(!flusher.isBehind)
        try harness.appender().append([event(1)])
        flusher.noteAppended()
        while !flusher.isBehind { await Task.yield() }
        // No fsync is called meanwhile.
        await flusher.keepUp()
        #expect(flusher.isBehind)
        await flusher.fsyncData { _ in }
        #expect(!flusher.isBehind)
        #expect(await flusher.count == 1)
    }

    @Test("A filled segment is fsynced as well as the one after it")
    func nextSegment() async throws {
        let appender = harness.appender()
        let failures = try await failures(of: harness.buffer) { flusher in
            try appender.append([event(1)])
            await note(flusher)
            await passInterval(flusher)
            // Three batches fill a segment.
            for _ in 0..<4 { try appender.append((0..<4000).map { wideEvent($0) }) }
            await passInterval(flusher)
            #expect(await flusher.count == 3)
        }
        #expect(failures.isEmpty)
    }

    @Test("A stored and removed segment is not an fsync failure")
    func removed() async throws {
        let appender = harness.appender()
        let failures = try await failures(of: harness.buffer) { flusher in
            let receipt = try appender.append([event(1)])
            await note(flusher)
            #expect(try harness.remove(receipt.segment, drainedTo: receipt.end))
            await passInterval(flusher)
            #expect(await flusher.count == 0)
        }
        #expect(failures.isEmpty)
    }

    @Test("A segment whose fsync failed is reported once and not retried; the next one is fsynced")
    func failure() async throws {
        // A link is followed on the way to the buffer, and not when the data folder itself is to be put on disk.
        let data = harness.folder.data.folder
        try data.prepare()
        let path = harness.folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: data.path)
        let linked = WriteAheadBuffer(folder: Folder(path + "/buffer"))
        let failures = try await failures(of: linked) { flusher in
            let receipt = try harness.appender().append([event(1)])
            await note(flusher)
            await passInterval(flusher)
            // From here on it would succeed.
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: data.path, toPath: path)
            let appender = SegmentAppender(buffer: linked, clock: harness.clock, bootID: BufferHarness.bootID)
            try appender.append([event(2)])
            await passInterval(flusher)
            #expect(await flusher.count == 0)

            while try appender.append((0..<4000).map { wideEvent($0) }).segment == receipt.segment {}
            await passInterval(flusher)
            #expect(await flusher.count == 1)
        }
        #expect(failures.count == 1)
    }
}
