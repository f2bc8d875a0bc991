import SystemSupport
import TestSupport
import Testing

@Suite("Bytes, numbers in them, and keys of bytes")
struct BytesTests {
    // A span cannot be part of an expectation.
    private func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool { one.span.equals(other.span) }
    private func index(of byte: UInt8, in bytes: [UInt8], from start: Int) -> Int? {
        bytes.span.firstIndex(of: byte, from: start)
    }
    private func checksum(_ bytes: [UInt8], continuing checksum: UInt32 = 0) -> UInt32 {
        CRC32C.checksum(bytes.span, continuing: checksum)
    }
    private func number(of key: [UInt8], in table: inout ByteKeyTable) -> Int? { table.index(ofKnown: key.span) }
    /// The number at the beginning of bytes, and where it ends.
    private func varint(_ bytes: [UInt8]) -> (number: UInt64?, end: Int) {
        var position = 0
        let number = bytes.span.varint(at: &position)
        return (number, position)
    }

    @Test("Numbers are written little-endian and read back")
    func numbers() {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(0x0403_0201))
        bytes.append(littleEndian: UInt64(0x0C0B_0A09_0807_0605))
        #expect(bytes == Array(1...12))
        let (first, second) = (bytes.span.uint32(at: 0), bytes.span.uint64(at: 4))
        #expect(first == 0x0403_0201 && second == 0x0C0B_0A09_0807_0605)
        bytes.store(littleEndian: UInt32(7), at: 8)
        bytes.store([9, 9].span, at: 0)
        var span = bytes.mutableSpan
        span.store(littleEndian: 1, at: 2)
        #expect(bytes == [9, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(
        "A decimal number has the digits that the standard library gives", arguments: [0, 7, -1, 1234, Int64.min, .max])
    func decimal(number: Int64) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        #expect(bytes.text == String(number))
    }

    @Test("A field of a fixed length is padded with zeros", arguments: 8...16)
    func padded(count: Int) {
        var bytes: [UInt8] = [1]
        let content = [UInt8](repeating: 5, count: count)
        bytes.append(3, content.span, upTo: 24)
        #expect(bytes == [1, 3, 0, 0, 0, 0, 0, 0, 0] + content + [UInt8](repeating: 0, count: 16 - count))
    }

    @Test("Bytes of any length are compared and copied whole", arguments: 0...70)
    func equality(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        #expect(equal(bytes, bytes.map { $0 }))
        #expect(!equal(bytes, bytes + [0]))
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x40
            #expect(!equal(bytes, other), "the difference at \(place)")
        }
        var target = [UInt8](repeating: 0xEE, count: count + 2)
        target.store(bytes.span, at: 1)
        #expect(target == [0xEE] + bytes + [0xEE])
        var appended: [UInt8] = [1]
        appended.append(bytes.span)
        #expect(appended == [1] + bytes)
    }

    @Test("A byte is found at or after an offset")
    func firstIndex() {
        let bytes = Array("a,b,c".utf8)
        #expect(index(of: 0x2C, in: bytes, from: 0) == 1 && index(of: 0x2C, in: bytes, from: 2) == 3)
        #expect(index(of: 0x2C, in: bytes, from: 4) == nil && index(of: 0x2C, in: bytes, from: 5) == nil)
        #expect(index(of: 0, in: [], from: 0) == nil)
        let text = [0x61, 0xFF].span.text
        #expect(text == "a\u{FFFD}")
    }

    @Test("CRC-32C gives the values of RFC 3720, also in parts")
    func checksums() {
        #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(checksum(Array(0..<32)) == 0x46DD_794E)
        #expect(checksum(Array(5..<32), continuing: checksum(Array(0..<5))) == 0x46DD_794E)
    }

    @Test("A sum that does not fit stays at the largest number")
    func saturatingSum() {
        #expect(Int.max.saturatingSum(1) == .max && Int.min.saturatingSum(-1) == .min && 1.saturatingSum(2) == 3)
    }

    @Test(
        "A number is stored in as few bytes as it needs",
        arguments: [(0, 1), (127, 1), (128, 2), (16383, 2), (16384, 3), (1 << 56, 9), (UInt64.max, 10)]
            as [(UInt64, Int)])
    func varint(number: UInt64, count: Int) {
        var bytes: [UInt8] = []
        bytes.append(varint: number)
        #expect(bytes.count == count)
        #expect(varint(bytes) == (number, count))
        #expect(varint(bytes.dropLast()).number == nil, "the bytes end inside it")
        var copy: [UInt8] = []
        copy.append(addingCapacity: OutputSpan<UInt8>.longestVarint) { (output: inout OutputSpan<UInt8>) in
            output.append(varint: number)
        }
        #expect(copy == bytes)
    }

    @Test("A number of more than 64 bits is refused")
    func longVarint() {
        #expect(varint([UInt8](repeating: 0xFF, count: 9) + [2]).number == nil)
        #expect(varint([UInt8](repeating: 0x80, count: 10) + [1]).number == nil)
    }

    @Test("Keys are numbered in the order of arrival, and found again")
    func keys() {
        var generator = SeededGenerator(seed: 20)
        var table = ByteKeyTable()
        var keys: [[UInt8]] = [[], [0], [0, 0]]
        for number in 0..<1000 {
            let length = Int.random(in: 1...40, using: &generator)
            keys.append(
                Array("\(number).".utf8) + (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
        #expect(number(of: keys[0], in: &table) == nil)
        for (number, key) in keys.enumerated() {
            let added = table.index(of: key.span)
            #expect(added.index == number && added.isNew)
        }
        for (index, key) in keys.enumerated().reversed() {
            #expect(number(of: key, in: &table) == index)
            #expect(number(of: key, in: &table) == index, "the one that was found last")
            #expect(Array(table.key(at: index)) == key)
            let again = table.index(of: key.span)
            #expect(again.index == index && !again.isNew)
        }
        #expect(table.count == keys.count && table.byteCount >= keys.reduce(0) { $0 + $1.count })
        #expect(number(of: Array("unknown".utf8), in: &table) == nil)
        table.removeAll()
        let key = keys[9]
        let first = table.index(of: key.span)
        #expect(first.index == 0 && first.isNew && table.count == 1)
    }
}
