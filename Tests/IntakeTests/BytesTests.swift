import Core
import SystemSupport
import TestSupport
import Testing

@Suite("Bytes compared in blocks")
struct BytesTests {
    /// What interrupts a plain string in JSON, and what comes close.
    private static let specials: [UInt8] = [
        0x22, 0x5C, 0x00, 0x1F, 0x0A, 0x7F, 0x80, 0xC3, 0xFF, 0x20, 0x21, 0x23, 0x5B, 0x5D,
    ]

    @Test("The end of a JSON string is the same as byte by byte", arguments: specials)
    func endOfString(special: UInt8) {
        let ends = special < 0x20 || special >= 0x80 || special == 0x22 || special == 0x5C
        var mistakes: [String] = []
        for count in 0...52 {
            for place in 0...count {
                var text = [UInt8](repeating: 0x61, count: count)
                if place < count { text[place] = special }
                for start in [0, 1, 7, 15, 16, 17, place, count] where start <= count {
                    let end = text.span.jsonStringEnd(from: start)
                    let expected = ends && place < count && start <= place ? place : count
                    if end != expected { mistakes.append("\(count) bytes, special \(place), from \(start): \(end)") }
                }
            }
        }
        #expect(mistakes.isEmpty)
    }

    @Test("Texts of any length are equal if each byte is")
    func equality() {
        for count in 0...48 {
            let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(areSame(text, text))
            #expect(!areSame(text, text + [0]))
            for place in 0..<count {
                var other = text
                other[place] ^= 1
                #expect(!areSame(text, other), "\(count) bytes, \(place)")
            }
        }
    }

    private func areSame(_ one: [UInt8], _ other: [UInt8]) -> Bool { one.span.equals(other.span) }

    @Test("A text of any length is copied to its range and nowhere else")
    func copying() {
        for count in 0...80 {
            let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 1) }
            var target = [UInt8](repeating: 0xEE, count: count + 6)
            target.store(text.span, at: 3)
            #expect(target == [0xEE, 0xEE, 0xEE] + text + [0xEE, 0xEE, 0xEE])
        }
    }

    @Test("A table numbers its keys in the order of arrival, and recognizes them")
    func keyTable() {
        var table = ByteKeyTable()
        var numbers: [[UInt8]: Int] = [:]
        var generator = SeededGenerator(seed: 4)
        var mistakes = 0
        for _ in 0..<20_000 {
            // Few letters and few lengths, so that keys come again and differ in one place.
            let key = (0..<Int.random(in: 0...24, using: &generator)).map { index in
                index < 22 ? UInt8(index) : UInt8.random(in: 0...200, using: &generator)
            }
            let known = table.index(ofKnown: key.span)
            let (index, isNew) = table.index(of: key.span)
            let isRight =
                known == numbers[key] && isNew == (known == nil) && index == numbers[key, default: numbers.count]
                && Array(table.key(at: index)) == key
            if !isRight { mistakes += 1 }
            numbers[key] = index
        }
        #expect(mistakes == 0)
        #expect(table.count == numbers.count)
    }
}
