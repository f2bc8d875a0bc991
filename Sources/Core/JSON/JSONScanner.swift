public import SystemSupport

/// Reads the tokens of strict JSON (RFC 8259): blanks, strings with their escapes, numbers and words.
///
/// `EventDecoder`, `JSONParser` and `JSONCursor` all use this type, so that the rules exist only once. Each call takes
/// the text as an argument, because a type that can outlive a span cannot store the span.
@usableFromInline
package struct JSONScanner: Sendable {
    /// Offset of the next byte to read.
    @usableFromInline package var position = 0
    /// Whether the scanner has moved past a string with an escape.
    package private(set) var sawEscape = false
    /// Whether the scanner has moved past a byte beyond ASCII. `skipString` does not check that such bytes are valid
    /// UTF-8; the caller must check the text.
    package private(set) var sawNonASCII = false

    package init() {}

    /// A scanned number: its value if it is a whole number that fits, else the reason why it has no such value.
    package enum Number: Equatable, Sendable {
        case whole(Int64)
        /// A whole number that does not fit into 64 bits.
        case tooLarge
        /// A number with a fraction or an exponent.
        case fractional
    }

    /// A syntax error at the next byte.
    @usableFromInline package var malformed: Rejection { malformed(at: position) }

    private func malformed(at offset: Int) -> Rejection { Rejection(.notJSON, column: offset + 1) }

    /// Returns the next byte without moving past it. Throws at the end of the text.
    @inlinable @inline(__always)
    package func peek(_ text: Span<UInt8>) throws(Rejection) -> UInt8 {
        guard position < text.count else { throw malformed }
        return text[position]
    }

    /// Moves past the next byte if it is `byte`. Returns whether it moved.
    @inlinable @inline(__always)
    package mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position &+= 1
        return true
    }

    /// Moves past `byte`. Throws if the next byte is a different byte.
    @inlinable @inline(__always)
    package mutating func expect(_ byte: UInt8, _ text: Span<UInt8>) throws(Rejection) {
        guard take(byte, text) else { throw malformed }
    }

    /// Moves past the bytes of `word`. Throws if other bytes follow.
    package mutating func expectWord(_ word: String, _ text: Span<UInt8>) throws(Rejection) {
        for byte in word.utf8 { try expect(byte, text) }
    }

    /// Moves past blanks, tabs and line breaks.
    @inlinable @inline(__always)
    package mutating func skipBlanks(_ text: Span<UInt8>) {
        while position < text.count, text[position] <= 0x20, Self.isBlank(text[position]) { position &+= 1 }
    }

    @inlinable
    package static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Moves past the token after a member or an element: a comma or the closing bracket.
    ///
    /// - Returns: true for a comma, false for the closing bracket.
    @inlinable @inline(__always)
    package mutating func hasMore(_ text: Span<UInt8>, closing: UInt8) throws(Rejection) -> Bool {
        skipBlanks(text)
        if take(UInt8(ascii: ","), text) { return true }
        try expect(closing, text)
        return false
    }

    // MARK: Strings

    /// Moves past a string.
    ///
    /// - Returns: the range of the string's content, without the quotes, and whether the content has no escapes.
    @inlinable @inline(__always)
    package mutating func skipString(
        _ text: Span<UInt8>
    ) throws(Rejection) -> (content: Range<Int>, isPlain: Bool) {
        try expect(UInt8(ascii: "\""), text)
        let start = position
        position = text.jsonStringEnd(from: start)
        if take(UInt8(ascii: "\""), text) { return (start..<position &- 1, true) }
        let isPlain = try skipRestOfString(text)
        return (start..<position &- 1, isPlain)
    }

    /// Moves past the rest of a string, from the first byte that needs a check: a backslash, a control character or a
    /// byte beyond ASCII. Returns whether the rest has no escapes.
    @usableFromInline
    mutating func skipRestOfString(_ text: Span<UInt8>) throws(Rejection) -> Bool {
        var isPlain = true
        while !take(UInt8(ascii: "\""), text) {
            switch try peek(text) {
            case UInt8(ascii: "\\"):
                isPlain = false
                sawEscape = true
                _ = try scanEscape(text)
            case 0x80...:
                sawNonASCII = true
                position += 1
            default:
                throw malformed
            }
            position = text.jsonStringEnd(from: position)
        }
        return isPlain
    }

    /// Moves past a string that `skipString` accepts and appends the string's value, in UTF-8, to `value`.
    package mutating func unescapeString(_ text: Span<UInt8>, into value: inout [UInt8]) throws(Rejection) {
        try expect(UInt8(ascii: "\""), text)
        while !take(UInt8(ascii: "\""), text) {
            let byte = try peek(text)
            if byte == UInt8(ascii: "\\") {
                value.append(contentsOf: Character(try scanEscape(text)).utf8)
            } else {
                value.append(byte)
                position += 1
            }
        }
    }

    /// Moves past an escape and returns its character. An escape is a backslash with one character, `\uXXXX`, or two
    /// `\uXXXX` that are a pair of surrogates.
    private mutating func scanEscape(_ text: Span<UInt8>) throws(Rejection) -> UnicodeScalar {
        let start = position
        guard start + 1 < text.count else { throw malformed(at: text.count) }
        let letter = text[start + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw malformed(at: start)
        }
        let unit = try scanHex4(text)
        if let scalar = UnicodeScalar(unit) { return scalar }
        let unpaired = Rejection(.notUTF8, column: start + 1)
        guard unit < 0xDC00, take(UInt8(ascii: "\\"), text), take(UInt8(ascii: "u"), text) else { throw unpaired }
        let low = try scanHex4(text)
        guard low & 0xFC00 == 0xDC00, let scalar = UnicodeScalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF) else {
            throw unpaired
        }
        return scalar
    }

    private mutating func scanHex4(_ text: Span<UInt8>) throws(Rejection) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(UnicodeScalar(try peek(text))).hexDigitValue else { throw malformed }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: Numbers

    /// Moves past a number: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    package mutating func scanNumber(_ text: Span<UInt8>) throws(Rejection) -> Number {
        let isNegative = take(UInt8(ascii: "-"), text)
        let start = position
        var value: Int64 = 0
        var overflows = false
        while position < text.count, text[position] &- UInt8(ascii: "0") <= 9 {
            let (product, high) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(text[position] &- UInt8(ascii: "0")))
            overflows = overflows || high || carry
            value = sum
            position += 1
        }
        guard position > start, text[start] != UInt8(ascii: "0") || position == start + 1 else {
            throw malformed(at: start)
        }
        var isFractional = false
        if take(UInt8(ascii: "."), text) {
            isFractional = true
            try skipDigits(text)
        }
        if take(UInt8(ascii: "e"), text) || take(UInt8(ascii: "E"), text) {
            isFractional = true
            if !take(UInt8(ascii: "+"), text) { _ = take(UInt8(ascii: "-"), text) }
            try skipDigits(text)
        }
        if isFractional { return .fractional }
        return overflows ? .tooLarge : .whole(isNegative ? -value : value)
    }

    private mutating func skipDigits(_ text: Span<UInt8>) throws(Rejection) {
        let start = position
        while position < text.count, text[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
        guard position > start else { throw malformed }
    }
}

extension Span<UInt8> {
    /// Returns the index of the first byte at or after `start` that ends a plain ASCII part of a JSON string. Such a
    /// byte is a quote, a backslash, a control character or a byte beyond ASCII. Returns `count` if there is no such
    /// byte.
    @inlinable @inline(__always)
    package func jsonStringEnd(from start: Int) -> Int {
        precondition(start >= 0 && start <= count)
        var index = start
        // This loop checks eight bytes at a time. The top bit of a byte in `found` is set if the same byte in `word`
        // is beyond ASCII, below 0x20, a quote or a backslash. A borrow of the subtractions can set top bits of other
        // bytes too, but only after such a byte. Therefore the lowest set bit is right.
        while index &+ 8 <= count {
            let word = uint64(at: index)
            let quotes = (word ^ (Self.ones &* UInt64(UInt8(ascii: "\"")))) &- Self.ones
            let backslashes = (word ^ (Self.ones &* UInt64(UInt8(ascii: "\\")))) &- Self.ones
            let found = (word | (word &- Self.ones &* 0x20) | quotes | backslashes) & (Self.ones &* 0x80)
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count {
            let byte = self[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index &+= 1
        }
        return index
    }

    @inlinable static var ones: UInt64 { 0x0101_0101_0101_0101 }
}
