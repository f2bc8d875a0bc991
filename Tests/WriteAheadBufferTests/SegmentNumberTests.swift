import SystemSupport
import TestSupport
import Testing

@testable import WriteAheadBuffer

@Suite("The names of segments")
struct SegmentNumberTests {
    @Test(
        "A number is its file name, and the order is the same",
        arguments: [0, 1, 0xAB, 1_795_422_600, UInt64(Int64.max) - 1])
    func roundTrip(value: UInt64) {
        let number = WriteAheadBuffer.SegmentNumber(value)
        #expect(number.fileName.utf8.count == 20)
        #expect(WriteAheadBuffer.SegmentNumber(fileName: number.fileName) == number)
        #expect((number.fileName < "0000000000000100.wab") == (value < 0x100))
    }

    @Test(
        "Other names are not segments",
        arguments: [
            "", ".wab", "1.wab", "0000000000000001.wab.damaged", "0000000000000001.wal", "000000000000000g.wab",
            "00000000000000001.wab", "ffffffffffffffff.wab", "+000000000000001.wab", "-000000000000001.wab",
            "00000000000000AB.wab",
        ])
    func otherNames(name: String) {
        #expect(WriteAheadBuffer.SegmentNumber(fileName: name) == nil)
    }

    @Test("Segments are listed oldest first, and nothing else is")
    func listing() throws {
        let harness = try BufferHarness()
        #expect(try harness.buffer.segments().isEmpty)
        for value in [0x10, 0x9, 0xFFFF, 0xA] as [UInt64] {
            try harness.write([], as: WriteAheadBuffer.SegmentNumber(value))
        }
        try harness.buffer.folder.rename("000000000000ffff.wab", to: "000000000000ffff.wab.damaged")

        #expect(try harness.buffer.segments().map(\.value) == [0x9, 0xA, 0x10])
    }

    @Test("Appending after the last segment number is an error")
    func lastNumber() throws {
        let harness = try BufferHarness()
        try harness.buffer.folder.prepare()
        // A segment without an appender.
        let path = harness.buffer.folder.path(of: WriteAheadBuffer.SegmentNumber(UInt64(Int64.max) - 1).fileName)
        try File(opening: path, [.write, .create]).write([UInt8](repeating: 1, count: 100).span)
        let appender = SegmentAppender(buffer: harness.buffer)
        let bytes = [UInt8](repeating: 0, count: 16)
        #expect(throws: BufferError.self) { try appender.append(bytes.span) }
    }

    @Test("A removed segment has no reader")
    func noReader() throws {
        let harness = try BufferHarness()
        let reader = try harness.buffer.reader(of: WriteAheadBuffer.SegmentNumber(1))
        #expect(reader == nil)
    }
}
