import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

/// Copies of segments that come back after the segments were stored and removed.
struct StoredSegmentsTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }
    private var saved: String { folder.path + "/saved" }
    private let files = FileManager.default

    init() throws {
        folder = try TemporaryFolder()
    }

    private func drain() async throws -> Int {
        let lock = try AnotherWriter.waitedFor(in: data)
        return try await SQLiteWriter.withWriter(of: data, lock: lock) { writer in
            let events = try await writer.drain()
            try await writer.finish()
            return events
        }
    }

    private func append(_ numbers: Range<Int>) throws {
        var filler = BufferFiller(data)
        try filler.append(numbers.map { #"{"command":"make","duration_ms":\#($0)}"# })
    }

    private func save() throws {
        if files.fileExists(atPath: saved) { try files.removeItem(atPath: saved) }
        try files.copyItem(atPath: data.bufferFolder.path, toPath: saved)
    }

    private func restore() throws {
        for name in try files.contentsOfDirectory(atPath: saved) {
            try files.copyItem(atPath: saved + "/" + name, toPath: data.bufferFolder.path(of: name))
        }
    }

    private func expectEvents(_ count: Int) throws {
        let tables = try Tables(data)
        #expect(try tables.number("SELECT count(*) FROM events") == count)
        #expect(try tables.number("SELECT count(DISTINCT duration_ms) FROM events") == count)
        let eventCounters = try #require(try StoreReader(data: data)?.eventCounters())
        #expect(eventCounters.balance && eventCounters.stored == count && eventCounters.pending == 0)
    }

    @Test("A copy of a stored segment is not pending, is not stored again, and is removed")
    func comesBack() async throws {
        try append(0..<5)
        try save()
        #expect(try await drain() == 5)
        for _ in 0..<2 {
            try restore()
            try expectEvents(5)
            #expect(try await drain() == 0)
            try expectEvents(5)
            #expect(try WriteAheadBuffer(folder: data.bufferFolder).segments().isEmpty)
        }
    }

    @Test("An open writer does not store a restored copy again")
    func comesBackBesideAWriter() async throws {
        try append(0..<5)
        try save()
        let lock = try AnotherWriter.waitedFor(in: data)
        try await SQLiteWriter.withWriter(of: data, lock: lock) { writer in
            #expect(try await writer.drain() == 5)
            try await writer.finish()
            try restore()
            #expect(try await writer.drain() == 0)
            try append(5..<7)
            #expect(try await writer.drain() == 2)
            try await writer.finish()
        }
        try expectEvents(7)
    }

    @Test("Segments that had the same number one after another are each remembered")
    func sameNumber() async throws {
        for round in 0..<4 {
            try append(round * 5..<round * 5 + 5)
            let segment = try #require(try WriteAheadBuffer(folder: data.bufferFolder).segments().first)
            try data.bufferFolder.rename(segment.fileName, to: "0000000000000007.wab")
            try files.createDirectory(atPath: folder.path + "/\(round)", withIntermediateDirectories: false)
            try files.copyItem(
                atPath: data.bufferFolder.path(of: "0000000000000007.wab"),
                toPath: folder.path + "/\(round)/0000000000000007.wab")
            // In odd rounds it is gone before the writer has removed it.
            if round % 2 == 0 {
                #expect(try await drain() == 5)
            } else {
                let lock = try AnotherWriter.waitedFor(in: data)
                try await SQLiteWriter.withWriter(of: data, lock: lock) { writer in
                    #expect(try await writer.drain() == 5)
                    try data.bufferFolder.remove("0000000000000007.wab")
                }
            }
        }
        for round in 0..<4 {
            try files.copyItem(
                atPath: folder.path + "/\(round)/0000000000000007.wab",
                toPath: data.bufferFolder.path(of: "0000000000000007.wab"))
            #expect(try await drain() == 0, "round \(round)")
        }
        try expectEvents(20)
    }

    @Test("The rest of a segment that was moved away half stored is stored when it is back")
    func stillGrows() async throws {
        try append(0..<5)
        let lock = try AnotherWriter.waitedFor(in: data)
        let segment = try #require(try WriteAheadBuffer(folder: data.bufferFolder).segments().first)
        let away = folder.path + "/" + segment.fileName
        try await SQLiteWriter.withWriter(of: data, lock: lock) { writer in
            #expect(try await writer.drain() == 5)
            try append(5..<9)
            try files.moveItem(atPath: data.bufferFolder.path(of: segment.fileName), toPath: away)
            try await writer.finish()
        }
        #expect(try await drain() == 0)
        try files.moveItem(atPath: away, toPath: data.bufferFolder.path(of: segment.fileName))
        #expect(try await drain() == 4)
        try expectEvents(9)
    }

    @Test("The oldest remembered segments are forgotten past the limit")
    func limit() async throws {
        try append(0..<5)
        #expect(try await drain() == 5)
        let limit = Limits.storedSegments
        try Tables(data).execute(
            "INSERT INTO stored_segments VALUES (\(limit), x'00', 64), (\(limit + 1), x'01', 64)")
        try append(5..<9)
        #expect(try await drain() == 4)
        let numbers = "SELECT group_concat(number) FROM (SELECT number FROM stored_segments ORDER BY number)"
        #expect(try Tables(data).rows(numbers).first?[0] == "\(limit),\(limit + 1),\(limit + 2)")
    }
}
