/// Bytes that grow at the end, with the few number formats that lines need.
struct ByteBuffer {
    /// The bytes so far.
    private(set) var content: [UInt8] = []

    /// Adds one byte.
    mutating func append(_ byte: UInt8) {
        content.append(byte)
    }

    /// Adds bytes that were prepared earlier.
    mutating func append(_ bytes: [UInt8]) {
        content.append(contentsOf: bytes)
    }

    /// Adds a whole number of at least 0 without leading zeros.
    mutating func append(decimal value: Int) {
        var digits = 1
        var limit = 10
        while value >= limit {
            digits += 1
            limit *= 10
        }
        append(decimal: value, digits: digits)
    }

    /// Adds the last `digits` decimal digits of a whole number of at least 0.
    mutating func append(decimal value: Int, digits: Int) {
        var rest = UInt(value)
        let end = content.count + digits
        content.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        for place in 1...digits {
            content[end - place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    /// Adds the last `digits` hexadecimal digits of a word, in lower case.
    mutating func append(hexadecimal word: UInt64, digits: Int) {
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(place * 4)) & 15
            content.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
    }

    /// Empties the buffer and keeps its memory for the next block.
    mutating func removeAll() {
        content.removeAll(keepingCapacity: true)
    }
}
