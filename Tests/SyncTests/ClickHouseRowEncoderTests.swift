import Application
import Core
import Database
import Foundation
import GRDB
import Sync
import SystemSupport
import TestSupport
import Testing

@Suite("Rows as lines of text")
struct ClickHouseRowEncoderTests {
    private func lines(_ batch: ClickHouseRowEncoder.Batch?) -> [[String]] {
        String(decoding: Array((batch?.pieces ?? []).joined()), as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    }

    /// A data folder with `count` events, after `change` was made to its database with another tool.
    private func source(
        _ folder: TemporaryFolder, _ count: Int, change: String = ""
    ) async throws -> ClickHouseRowEncoder {
        var filler = BufferFiller(folder.data)
        try filler.append((0..<count).map { #"{"command":"make","duration_ms":\#($0)}"# })
        guard let lock = try WriterLock.acquire(in: folder.data) else { throw SyncError.alreadySending }
        let writer = try SQLiteWriter(data: folder.data, lock: lock)
        _ = try await writer.drain()
        try await writer.finish()
        if !change.isEmpty {
            let queue = try DatabaseQueue(path: folder.data.databasePath)
            try await queue.write { try $0.execute(sql: change) }
            try queue.close()
        }
        return try #require(try ClickHouseRowEncoder(data: folder.data))
    }

    @Test("A line has the row's identity and the columns of the table")
    func line() async throws {
        let folder = try TemporaryFolder()
        let source = try await source(folder, 2)
        let installation = try #require(try source.identity()).installation.id
        let batch = try source.batch(in: 1...10, .none)
        #expect(batch?.range == 1...2)
        #expect(batch?.rows == 2)
        #expect(
            lines(batch).last == [
                installation, "2", "2027-01-15 07:59:59.999", "ambient", "command", "", "", "make", "1", #"\N"#, "", "",
                #"\N"#, #"\N"#,
            ])
        #expect(ClickHouseRowEncoder.columns.count == 14)
    }

    @Test("Any text of another tool stays one value of one line")
    func escaping() async throws {
        let folder = try TemporaryFolder()
        let source = try await source(
            folder, 1, change: #"UPDATE events SET command = 'a' || char(9) || 'b' || char(10) || '\N' || char(13)"#)
        #expect(lines(try source.batch(in: 1...1, .none))[0][7] == #"a\tb\n\\N"# + "\r")
    }

    @Test("Batches follow one another without a gap, over ids that were purged", arguments: [1, 7, 2500, 6000])
    func batches(size: Int) async throws {
        let folder = try TemporaryFolder()
        let source = try await source(
            folder, 6000, change: "DELETE FROM events WHERE id % 3 = 0 OR id BETWEEN 100 AND 5000")
        var ids: [Int] = []
        var next: Int64 = 1
        while let batch = try source.batch(in: next...6000, .init(rows: size, bytes: .max, leastRows: 0)) {
            #expect(batch.rows <= size)
            ids += lines(batch).compactMap { Int($0[1]) }
            next = batch.range.upperBound + 1
            guard next <= 6000 else { break }
        }
        let expected = (1...6000).filter { $0 % 3 != 0 && !(100...5000).contains($0) }
        #expect(ids == expected)
    }

    @Test("A batch ends by bytes only when it has enough rows")
    func bounds() async throws {
        let folder = try TemporaryFolder()
        let source = try await source(folder, 12_000)
        let batch = try source.batch(in: 1...12_000, .init(rows: 12_000, bytes: 1, leastRows: 5000))
        #expect(batch?.rows == 5000)
    }

    @Test("A row of another installation is sent under its identity there")
    func origins() async throws {
        let folder = try TemporaryFolder()
        let other = String(repeating: "b", count: 32)
        let source = try await source(folder, 10, change: "INSERT INTO origins VALUES (3, 5, '\(other)', 103)")
        let own = try #require(try source.identity()).installation.id
        let identities = lines(try source.batch(in: 1...10, .none)).map { $0[0] + $0[1] }
        #expect(
            identities
                == ["\(own)1", "\(own)2", "\(other)103", "\(other)104", "\(other)105"] + (6...10).map { "\(own)\($0)" })
    }
}
