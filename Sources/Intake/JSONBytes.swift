import Platform

/// What single bytes mean in JSON.
package enum JSONBytes {
    /// Where the next byte at or after `start` stands that ends or interrupts a plain ASCII string: a quote, a
    /// backslash, a control character or anything beyond ASCII; the end when there is none.
    ///
    /// Eight bytes at a time, after "Determine if a word has a zero byte" in Sean Eron Anderson's Bit Twiddling Hacks;
    /// the lowest bit it finds is always a true one.
    @inline(__always)
    static func firstSpecial(in line: Span<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var position = start
        while position &+ 8 <= line.count {
            let word = line.uint64(at: position)
            let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let found =
                ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
                | word
            if found & highs != 0 { return position &+ (found & highs).trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < line.count, isPlain(line[position]) { position &+= 1 }
        return position
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
