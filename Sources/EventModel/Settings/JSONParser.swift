/// Reads `JSONValue` from bytes that are known to be UTF-8.
struct JSONParser {
    /// The bytes are not strict JSON.
    struct Malformed: Error {}

    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parseWhole() throws(Malformed) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw Malformed() }
        return value
    }

    private mutating func parseValue(depth: Int) throws(Malformed) -> JSONValue {
        skipBlanks()
        guard depth <= Limits.nestingDepth, let byte = peek else { throw Malformed() }
        switch byte {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parse("true", as: .bool(true))
        case UInt8(ascii: "f"): return try parse("false", as: .bool(false))
        case UInt8(ascii: "n"): return try parse("null", as: .null)
        default: return try parseNumber()
        }
    }

    private mutating func parseObject(depth: Int) throws(Malformed) -> JSONValue {
        var members: [JSONValue.Member] = []
        try expect("{")
        skipBlanks()
        if take("}") { return .object([]) }
        repeat {
            skipBlanks()
            let key = try parseString()
            guard !members.contains(where: { $0.key == key }) else { throw Malformed() }
            skipBlanks()
            try expect(":")
            members.append(.init(key: key, value: try parseValue(depth: depth + 1)))
            skipBlanks()
        } while take(",")
        try expect("}")
        return .object(members)
    }

    private mutating func parseArray(depth: Int) throws(Malformed) -> JSONValue {
        var values: [JSONValue] = []
        try expect("[")
        skipBlanks()
        if take("]") { return .array([]) }
        repeat {
            values.append(try parseValue(depth: depth + 1))
            skipBlanks()
        } while take(",")
        try expect("]")
        return .array(values)
    }

    private mutating func parseString() throws(Malformed) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: Character(try parseEscape()).utf8)
            case 0..<0x20: throw Malformed()
            default: text.append(byte)
            }
        }
        throw Malformed()
    }

    private mutating func parseEscape() throws(Malformed) -> UnicodeScalar {
        guard let letter = peek else { throw Malformed() }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw Malformed()
        }
        let unit = try parseHex4()
        if let scalar = UnicodeScalar(unit) { return scalar }
        // The first of a pair of surrogates; the second has to follow.
        try expect("\\")
        try expect("u")
        let low = try parseHex4()
        guard unit < 0xDC00, low & 0xFC00 == 0xDC00,
            let scalar = UnicodeScalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF)
        else { throw Malformed() }
        return scalar
    }

    private mutating func parseHex4() throws(Malformed) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else { throw Malformed() }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private mutating func parseNumber() throws(Malformed) -> JSONValue {
        let start = position
        _ = take("-")
        if !take("0") { try skipDigits() }
        if take(".") { try skipDigits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try skipDigits()
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func skipDigits() throws(Malformed) {
        let start = position
        while let byte = peek, byte &- UInt8(ascii: "0") <= 9 { position += 1 }
        guard position > start else { throw Malformed() }
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Malformed) {
        guard take(character) else { throw Malformed() }
    }

    private mutating func parse(_ word: String, as value: JSONValue) throws(Malformed) -> JSONValue {
        for character in word.unicodeScalars { try expect(character) }
        return value
    }
}
