import Core
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Putting the buffer on disk in the background", .timeLimit(.minutes(5)))
struct SegmentSynchronizerTests {
    private let harness: BufferHarness
    private let clock = SteppedClock()

    init() throws {
        harness = try BufferHarness()
    }

    private final class Failures: Sendable {
        let list = Mutex<[BufferError]>([])
    }

    /// Runs a synchronizer of `buffer` beside `work`; returns what it could not do.
    private func failures(
        of buffer: WriteAheadBuffer, during work: (SegmentSynchronizer) async throws -> Void
    ) async throws -> [BufferError] {
        let failures = Failures()
        let synchronizer = SegmentSynchronizer(buffer: buffer)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await synchronizer.run(clock: clock) { error in failures.list.withLock { $0.append(error) } }
            }
            try await work(synchronizer)
            group.cancelAll()
            // Whoever sleeps is woken to see that it is over.
            clock.advance(by: .seconds(1))
        }
        return failures.list.withLock { $0 }
    }

    /// Tells of an append, and returns once what was told before has been dealt with and the next interval runs.
    private func note(_ synchronizer: SegmentSynchronizer) async {
        synchronizer.noteAppended()
        await clock.waitForSleeper()
    }

    private func passInterval(_ synchronizer: SegmentSynchronizer) async {
        clock.advance(by: Limits.synchronizationInterval)
        await note(synchronizer)
    }

    @Test("What is appended within an interval is put on disk in one call, and what is on disk in none")
    func together() async throws {
        let appender = harness.appender()
        let failures = try await failures(of: harness.buffer) { synchronizer in
            try appender.append([event(1)])
            await note(synchronizer)
            try appender.append([event(2)])
            #expect(await synchronizer.count == 0)

            await passInterval(synchronizer)
            #expect(await synchronizer.count == 1)

            await passInterval(synchronizer)
            #expect(await synchronizer.count == 1)

            try appender.append([event(3)])
            await passInterval(synchronizer)
            #expect(await synchronizer.count == 2)
        }
        #expect(failures.isEmpty)
    }

    @Test("What was appended last is put on disk when it ends")
    func ending() async throws {
        var ended: SegmentSynchronizer?
        let failures = try await failures(of: harness.buffer) { synchronizer in
            ended = synchronizer
            try harness.appender().append([event(1)])
            await note(synchronizer)
            #expect(await synchronizer.count == 0)
        }
        #expect(await ended?.count == 1)
        #expect(failures.isEmpty)
    }

    @Test("A disk that has not answered for long counts as behind, and holds up nobody for ever")
    func behind() async throws {
        let synchronizer = SegmentSynchronizer(buffer: harness.buffer)
        #expect(!synchronizer.isBehind)
        try harness.appender().append([event(1)])
        synchronizer.noteAppended()
        while !synchronizer.isBehind { await Task.yield() }
        // Nobody puts anything on disk meanwhile.
        await synchronizer.keepUp()
        #expect(synchronizer.isBehind)
        await synchronizer.putOnDisk { _ in }
        #expect(!synchronizer.isBehind)
        #expect(await synchronizer.count == 1)
    }

    @Test("A segment that was filled is put on disk as well as the one behind it")
    func nextSegment() async throws {
        let appender = harness.appender()
        let failures = try await failures(of: harness.buffer) { synchronizer in
            try appender.append([event(1)])
            await note(synchronizer)
            await passInterval(synchronizer)
            // Three batches fill a segment.
            for _ in 0..<4 { try appender.append((0..<4000).map { wideEvent($0) }) }
            await passInterval(synchronizer)
            #expect(await synchronizer.count == 3)
        }
        #expect(failures.isEmpty)
    }

    @Test("A segment that was stored and removed is none that could not be put on disk")
    func removed() async throws {
        let appender = harness.appender()
        let failures = try await failures(of: harness.buffer) { synchronizer in
            let receipt = try appender.append([event(1)])
            await note(synchronizer)
            #expect(try harness.remove(receipt.segment, drainedTo: receipt.end))
            await passInterval(synchronizer)
            #expect(await synchronizer.count == 0)
        }
        #expect(failures.isEmpty)
    }

    @Test("A segment that could not be put on disk is told once and never asked again; the next one is")
    func failure() async throws {
        // A link is followed on the way to the buffer, and not when the data folder itself is to be put on disk.
        let data = harness.folder.data.folder
        try data.prepare()
        let path = harness.folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: data.path)
        let linked = WriteAheadBuffer(folder: Folder(path + "/buffer"))
        let failures = try await failures(of: linked) { synchronizer in
            let receipt = try harness.appender().append([event(1)])
            await note(synchronizer)
            await passInterval(synchronizer)
            // From here on it would succeed.
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: data.path, toPath: path)
            let appender = SegmentAppender(buffer: linked, clock: harness.clock, bootID: BufferHarness.bootID)
            try appender.append([event(2)])
            await passInterval(synchronizer)
            #expect(await synchronizer.count == 0)

            while try appender.append((0..<4000).map { wideEvent($0) }).segment == receipt.segment {}
            await passInterval(synchronizer)
            #expect(await synchronizer.count == 1)
        }
        #expect(failures.count == 1)
    }
}
