import Core
import Database
import DatabaseTesting
import Foundation
import Maintenance
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Doctor checks of the buffer")
struct BufferCheckTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    init() throws {
        stored = try StoredFolder()
        try stored.record((1...9).map { #"{"command":"number \#($0)"}"# })
    }

    private func segment() throws -> (path: String, bytes: [UInt8]) {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        let path = buffer.folder.path(of: try #require(try buffer.segments().first).fileName)
        return (path, Array(try Data(contentsOf: URL(filePath: path))))
    }

    @Test("Segments of whole records are valid, and their events are counted")
    func whole() throws {
        #expect(try BufferCheck.run(data) == [.ok("buffer", "1 segment with 9 events, and no damaged record")])
    }

    @Test("A buffer without segments is valid")
    func empty() throws {
        let other = try TemporaryFolder().data
        #expect(try BufferCheck.run(other) == [.ok("buffer", "0 segments with 0 events, and no damaged record")])
    }

    @Test("A damaged record is an error, and the segment stays unchanged")
    func damagedRecord() throws {
        let (path, bytes) = try segment()
        let place = try #require(bytes.firstRange(of: Array("number 5".utf8)))
        try stored.overwrite(path, at: place.lowerBound, with: [0x58])
        let before = try segment().bytes
        #expect(
            try BufferCheck.run(data) == [
                .error(
                    "buffer", "1 damaged record in the segments",
                    suggestion: "they are lost; check the disk, and run 'nexus flush' to store the other records")
            ])
        #expect(try segment().bytes == before)
    }

    @Test("A torn record of a killed writer is not an error")
    func torn() throws {
        let (path, bytes) = try segment()
        try stored.overwrite(path, at: bytes.count, with: [40, 0, 0, 0, 1, 2, 3])
        #expect(try BufferCheck.run(data).map(\.state) == [.ok])
    }

    @Test("A damaged header is an error")
    func damagedHeader() throws {
        let path = try segment().path
        try stored.overwrite(path, at: 20, with: [0xFF, 0xFE])
        let results = try BufferCheck.run(data)
        #expect(
            results == [
                .error(
                    "buffer", "the header of \(path) is damaged",
                    suggestion: "run 'nexus flush': it stores the readable records and sets the segment aside")
            ])
    }

    @Test("A segment of a newer version is an error that names the version, and is not read")
    func newer() throws {
        let (path, bytes) = try segment()
        var header = Array(bytes.prefix(60))
        header[8] = 2
        let checksum = CRC32C.checksum(header.span)
        for shift in [0, 8, 16, 24] as [UInt32] { header.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        try stored.overwrite(path, at: 0, with: header)
        #expect(
            try BufferCheck.run(data) == [
                .error(
                    "buffer", "\(path) was written by a newer Nexus (version 2)", suggestion: "update Nexus")
            ])
    }

    @Test("Damaged segments that were set aside are a note")
    func aside() async throws {
        let (path, bytes) = try segment()
        let place = try #require(bytes.firstRange(of: Array("number 5".utf8)))
        try stored.overwrite(path, at: place.lowerBound, with: [0x58])
        let drained = try await stored.withWriter { writer in
            let events = try await writer.drain()
            try await writer.finish()
            return events
        }
        #expect(drained == 8)
        let results = try BufferCheck.run(data)
        #expect(results.map(\.state) == [.note])
        #expect(results.first?.text == "1 damaged segment kept in \(data.bufferFolder.path)")
    }
}
