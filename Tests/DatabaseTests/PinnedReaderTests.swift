import Application
import Core
import Database
import DatabaseTesting
import GRDB
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

struct PinnedReaderTests {
    @Test("The WAL stays under its limit while a reader is open; accepted events wait, and then all are stored")
    func pinned() async throws {
        let folder = try TemporaryFolder()
        let data = folder.data
        var filler = BufferFiller(data)
        let batch = filler.batch(
            of: (0..<4000).map { number in
                """
                {"timestamp":\(1_795_000_000_000 + number),"command":"a command of four","duration_ms":\(number),\
                "session_id":"a-session-with-a-rather-long-name-\(number % 9)","workspace":"w","task":"t","success":true}
                """
            })
        let appender = SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder))
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock)
        func logBytes() -> Int { data.folder.size(of: "nexus.db-wal") ?? 0 }

        _ = try appender.append(batch.bytes.span)
        var sent = 4000
        #expect(try await writer.drain() == 4000)

        var configuration = Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: data.databasePath, configuration: configuration)
        func read(_ sql: String) throws { try reader.inDatabase { try $0.execute(sql: sql) } }
        try read("BEGIN; SELECT count(*) FROM events")
        var stored = 4000
        var longest = 0
        while await writer.blockedReason == nil, sent < 2_000_000 {
            for _ in 0..<4 {
                _ = try appender.append(batch.bytes.span)
                sent += 4000
            }
            stored += try await writer.drain()
            longest = max(longest, logBytes())
        }
        #expect(await writer.blockedReason == .blockedByReader(path: data.databasePath))
        #expect(longest <= Limits.walBytes)
        #expect(stored < sent)
        // Recording goes on, and a drain ends at once and finishes without waiting for the reader.
        _ = try appender.append(batch.bytes.span)
        sent += 4000
        #expect(try await writer.drain() == 0)
        try await writer.finish()
        #expect(try #require(try StoreReader(data: data)).eventCounters().pending == sent - stored)

        try read("COMMIT")
        stored += try await writer.drain()
        #expect(stored == sent)
        #expect(await writer.blockedReason == nil)
        try await writer.finish()
        #expect(logBytes() < Limits.walBytes / 2)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == sent)
    }
}
