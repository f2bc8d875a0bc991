import EventModel
import GRDB
import Platform
import Store
import TestSupport
import Testing
import WriteAheadBuffer

struct SegmentsComeAndGoTests {
    @Test("What is appended while drains remove and appenders make segments is stored once")
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
}
