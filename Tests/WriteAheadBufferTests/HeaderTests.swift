import Core
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Whether a segment is appended to")
struct HeaderTests {
    private static let number = WriteAheadBuffer.SegmentNumber(5)

    @Test("A header that a killed process did not finish is written again", arguments: 0..<64)
    func incomplete(count: Int) throws {
        let harness = try BufferHarness()
        try harness.write(Array(harness.header().prefix(count)), as: Self.number)

        let receipt = try harness.appender().append([event(1)])

        #expect(receipt.segment == Self.number)
        let bytes = try harness.bytes(of: Self.number)
        guard case .valid(let header) = SegmentFormat.readHeader(bytes.span) else {
            Issue.record("no valid header")
            return
        }
        #expect(header.bootID == BufferHarness.bootID)
        #expect(header.createdAt == harness.clock.now())
        #expect(try Scan(of: harness.buffer) == Scan(payloads: [event(1)]))
    }

    @Test("A segment of the same boot is continued")
    func sameBoot() throws {
        let harness = try BufferHarness()
        try harness.write(harness.header() + batch([event(1)]).bytes, as: Self.number)
        let receipt = try harness.appender().append([event(2)])
        #expect(receipt.segment == Self.number)
        #expect(try Scan(of: harness.buffer).numbers == [1, 2])
    }

    enum Trouble: CaseIterable {
        case damaged, newer, otherBoot, noMagic
    }

    @Test(
        "A segment that is damaged, newer or of an earlier boot stays unchanged",
        arguments: Trouble.allCases)
    func leftAlone(trouble: Trouble) throws {
        let harness = try BufferHarness()
        var header = harness.header()
        switch trouble {
        case .damaged: header[20] ^= 1
        case .noMagic: header[0] = UInt8(ascii: "n")
        case .newer:
            header.store(littleEndian: 2 as UInt32, at: 8)
            header.store(littleEndian: CRC32C.checksum(header.span.extracting(0..<60)), at: 60)
        case .otherBoot: header = harness.header(bootID: [UInt8](repeating: 1, count: 16))
        }
        try harness.write(header + batch([event(1)]).bytes, as: Self.number)
        let before = try harness.bytes(of: Self.number)
        let appender = harness.appender()

        let receipts = try [appender.append([event(2)]), appender.append([event(3)])]

        #expect(receipts[0].segment > Self.number)
        #expect(receipts[1].segment == receipts[0].segment)
        #expect(try harness.bytes(of: Self.number) == before)
        #expect(try harness.buffer.segments().count == 2)
    }

    @Test("An appender without a boot id uses only the segment that it created")
    func noBootID() throws {
        let harness = try BufferHarness()
        let first = harness.appender(bootID: nil)
        let second = harness.appender(bootID: nil)

        let own = try first.append([event(1)]).segment
        #expect(try second.append([event(2)]).segment != own)
        #expect(try first.append([event(3)]).segment == own)

        #expect(try Scan(of: harness.buffer).numbers.sorted() == [1, 2, 3])
    }
}
