import Application
import Core
import Database
import DatabaseTesting
import GRDB
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

struct SegmentsComeAndGoTests {
    @Test("Events appended while segments are removed and created are stored once")
    func onceEach() async throws {
        let folder = try TemporaryFolder()
        let data = folder.data
        let appenders = 4
        let rounds = 250
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock)
        let drains = Task {
            while !Task.isCancelled {
                _ = try await writer.drain()
                try await writer.finish()
            }
        }
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for appender in 0..<appenders {
                group.addTask {
                    for round in 0..<rounds {
                        // Wait for an empty folder, so that most appends begin a segment; each filler has an appender of
                        // its own, as a one-shot is a process of its own.
                        for _ in 0..<1000 {
                            if try buffer.segments().isEmpty { break }
                            await Task.yield()
                        }
                        var filler = BufferFiller(data)
                        try filler.append([#"{"command":"make","duration_ms":\#(appender * rounds + round)}"#])
                    }
                }
            }
            try await group.waitForAll()
        }
        drains.cancel()
        try await drains.value
        let last = Task { try await writer.drain() }
        _ = try await last.value
        let tables = try Tables(data)
        #expect(try tables.number("SELECT count(DISTINCT duration_ms) FROM events") == appenders * rounds)
        #expect(try tables.number("SELECT count(*) FROM events") == appenders * rounds)
    }

    @Test("Events of other appenders are stored while one is stopped during an append, and its own once it continues")
    func stoppedAppender() async throws {
        let folder = try TemporaryFolder()
        let data = folder.data
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"make","duration_ms":1}"#])
        let first = try #require(try buffer.segments().first)
        let path = buffer.folder.path(of: first.fileName)
        let stopped = try File(opening: path, [.readWrite])
        #expect(try stopped.tryLock())
        try filler.append([#"{"command":"make","duration_ms":2}"#])

        let writer = try SQLiteWriter(data: data, lock: try AnotherWriter.waitedFor(in: data))
        #expect(try await writer.drain() == 1)
        #expect(await writer.blockedReason == .buffer(.busy(path: path)))
        try await writer.finish()
        let reader = try #require(try StoreReader(data: data))
        #expect(try reader.eventCounters().stored == 1)
        #expect(try reader.eventCounters().pending == 1)
        #expect(try buffer.segments() == [first])

        stopped.unlock()
        #expect(try await writer.drain() == 1)
        #expect(await writer.blockedReason == nil)
        #expect(try Tables(data).number("SELECT count(DISTINCT duration_ms) FROM events") == 2)
    }
}
