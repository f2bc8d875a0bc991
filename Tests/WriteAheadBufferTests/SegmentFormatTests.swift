import Core
import Foundation
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("The bytes of a segment")
struct SegmentFormatTests {
    private static let id = [UInt8](0..<16)
    private static let bootID = [UInt8](0xA0..<0xB0)
    private static let header = SegmentFormat.Header(id: id, bootID: bootID, createdAt: 0x0000_01A2_0605_F2FA, inode: 0)

    private static var payloads: [[UInt8]] {
        var full = EventEncoder()
        full.begin(
            EventNumbers(
                timestamp: 1_795_422_600_250, durationMS: 1500, success: true, servicesCount: 3, portsUsed: 2))
        full.appendWorkspace(hash: "00112233445566778899aabbccddeeff".utf8.span)
        full.appendTask(hash: "ffeeddccbbaa99887766554433221100".utf8.span)
        full.appendSession("shell-00112233-4711-815".utf8.span)
        full.appendType("command".utf8.span)
        full.appendCommand("docker compose up".utf8.span)
        full.appendErrorCategory("none".utf8.span)
        full.appendTemplate("web-app".utf8.span)
        full.finish()
        var small = EventEncoder()
        small.begin(EventNumbers(timestamp: -1, success: false))
        small.appendSession("s".utf8.span)
        small.appendType("t".utf8.span)
        small.finish()
        var rejections = RejectionCounters()
        rejections.count(.rejected(.looksSecret), times: 2)
        rejections.count(.cutCommand, times: 300)
        return [full.payload, small.payload, rejections.encoded()]
    }

    @Test("The segment of version 1 is the golden file, byte for byte")
    func goldenFile() throws {
        let golden = [UInt8](try Repository.fixture("segment-v1.wab"))

        #expect(Self.header.encoded() + batch(Self.payloads).bytes == golden)
        #expect(Scan(of: golden, from: SegmentFormat.headerLength) == Scan(payloads: Self.payloads))
    }

    @Test("The golden file has the format's value at every offset")
    func goldenOffsets() throws {
        let golden = [UInt8](try Repository.fixture("segment-v1.wab"))

        #expect(golden.count == 328)
        #expect(Array(golden[0..<8]) == Array("NEXUSWAB".utf8))
        #expect(Array(golden[8..<16]) == [1, 0, 0, 0, 64, 0, 0, 0])
        #expect(Array(golden[16..<32]) == Self.id)
        #expect(Array(golden[32..<48]) == Self.bootID)
        #expect(Array(golden[48..<60]) == [0xFA, 0xF2, 0x05, 0x06, 0xA2, 0x01, 0, 0, 0, 0, 0, 0])
        #expect(golden.span.uint32(at: 60) == Self.crc32c(golden[0..<60]))
        // The first record: 32 bytes, two hashes, 58 of texts; then up to the next multiple of 8.
        #expect(Array(golden[64..<68]) == [154, 0, 0, 0])
        #expect(golden.span.uint32(at: 68) == Self.crc32c(golden[64..<68] + golden[72..<232]))
        #expect(Array(golden[72..<80]) == [1, 0b111_1111, 23, 7, 17, 4, 7, 0])
        #expect(String(decoding: golden[104..<136], as: UTF8.self) == "00112233445566778899aabbccddeeff")
        #expect(String(decoding: golden[168..<198], as: UTF8.self) == "shell-00112233-4711-815command")
        #expect(String(decoding: golden[198..<226], as: UTF8.self) == "docker compose upnoneweb-app")
        #expect(Array(golden[226..<232]) == [0, 0, 0, 0, 0, 0])
        #expect(Array(golden[232..<236]) == [34, 0, 0, 0])
        #expect(Array(golden[280..<284]) == [40, 0, 0, 0])
        #expect(Array(golden[288..<296]) == [2, 2, 0, 0, 0, 0, 0, 0])
        #expect(Array(golden[296..<312]) == [13, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("The checksum is CRC-32C, in one part or in several")
    func checksum() {
        let check = Array("123456789".utf8)
        #expect(CRC32C.checksum(check.span) == 0xE306_9283)
        var generator = SeededGenerator(seed: 6)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let whole = CRC32C.checksum(bytes.span)
            #expect(whole == Self.crc32c(bytes[...]))
            let middle = count / 3
            let first = CRC32C.checksum(Array(bytes[..<middle]).span)
            #expect(CRC32C.checksum(Array(bytes[middle...]).span, continuing: first) == whole)
        }
    }

    @Test("A header is read back; a prefix of it is incomplete")
    func headerReading() {
        let bytes = Self.header.encoded()
        #expect(Self.read(bytes) == .valid(Self.header))
        #expect(Self.read(bytes + [1, 2, 3]) == .valid(Self.header))
        for count in 0..<64 { #expect(Self.read(Array(bytes.prefix(count))) == .incomplete) }
    }

    @Test("Every changed bit of a header is noticed")
    func headerDamage() {
        let bytes = Self.header.encoded()
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(Self.read(changed) == .damaged)
        }
    }

    @Test("A header of a later version is recognized", arguments: [0, 2, 3, UInt32.max])
    func newerVersion(version: UInt32) {
        var bytes = Self.header.encoded()
        bytes.store(littleEndian: version, at: 8)
        bytes.store(littleEndian: Self.crc32c(bytes[0..<60]), at: 60)
        #expect(Self.read(bytes) == .newer(version: version))
    }

    @Test("A batch counts its records, and joins another")
    func batches() {
        var one = batch([Self.payloads[0], Self.payloads[2]])
        #expect(one.recordCount == 2)
        #expect(one.eventCount == 1)
        #expect(one.bytes.count % 8 == 0)

        one.append(batch([Self.payloads[1]]))
        #expect(one.recordCount == 3)
        #expect(one.eventCount == 2)
        #expect(Scan(of: one.bytes).payloads == [Self.payloads[0], Self.payloads[2], Self.payloads[1]])

        one.removeAll()
        #expect(one.isEmpty && one.bytes.isEmpty && one.eventCount == 0)
    }

    @Test("Payloads of every length from 1 to the limit are read back")
    func everyLength() {
        let payloads = (1...Limits.recordBytes).map { count in (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ count) }
        }
        #expect(Scan(of: batch(payloads).bytes) == Scan(payloads: payloads))
    }

    private static func read(_ bytes: [UInt8]) -> SegmentFormat.HeaderReading { SegmentFormat.readHeader(bytes.span) }

    /// CRC-32C bit by bit, as its definition has it.
    private static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~remainder
    }
}
