import SystemSupport

/// Builds a `JSONValue` from bytes that are known to be UTF-8.
struct JSONParser {
    private var scanner = JSONScanner()

    mutating func parseWhole(_ text: Span<UInt8>) throws(Rejection) -> JSONValue {
        let value = try parseValue(text, depth: 0)
        scanner.skipBlanks(text)
        guard scanner.position == text.count else { throw scanner.malformed }
        return value
    }

    private mutating func parseValue(_ text: Span<UInt8>, depth: Int) throws(Rejection) -> JSONValue {
        guard depth <= Limits.nestingDepth else { throw Rejection(.nestedTooDeep) }
        scanner.skipBlanks(text)
        switch try scanner.peek(text) {
        case UInt8(ascii: "{"): return try parseObject(text, depth: depth)
        case UInt8(ascii: "["): return try parseArray(text, depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString(text))
        case UInt8(ascii: "t"): return try parse("true", as: .bool(true), text)
        case UInt8(ascii: "f"): return try parse("false", as: .bool(false), text)
        case UInt8(ascii: "n"): return try parse("null", as: .null, text)
        default:
            let start = scanner.position
            _ = try scanner.scanNumber(text)
            return .number(text.extracting(start..<scanner.position).text)
        }
    }

    private mutating func parseObject(_ text: Span<UInt8>, depth: Int) throws(Rejection) -> JSONValue {
        var members: [JSONValue.Member] = []
        let closing = UInt8(ascii: "}")
        guard !parseEmpty(text, closing) else { return .object([]) }
        repeat {
            scanner.skipBlanks(text)
            let key = try parseString(text)
            guard !members.contains(where: { $0.key == key }) else { throw scanner.malformed }
            scanner.skipBlanks(text)
            try scanner.expect(UInt8(ascii: ":"), text)
            members.append(.init(key, try parseValue(text, depth: depth + 1)))
        } while try scanner.hasMore(text, closing: closing)
        return .object(members)
    }

    private mutating func parseArray(_ text: Span<UInt8>, depth: Int) throws(Rejection) -> JSONValue {
        var values: [JSONValue] = []
        let closing = UInt8(ascii: "]")
        guard !parseEmpty(text, closing) else { return .array([]) }
        repeat {
            values.append(try parseValue(text, depth: depth + 1))
        } while try scanner.hasMore(text, closing: closing)
        return .array(values)
    }

    /// Moves past an opening bracket, and past `closing` if only blanks are between the two. Returns whether it moved
    /// past `closing`.
    private mutating func parseEmpty(_ text: Span<UInt8>, _ closing: UInt8) -> Bool {
        scanner.position += 1
        scanner.skipBlanks(text)
        return scanner.take(closing, text)
    }

    private mutating func parseString(_ text: Span<UInt8>) throws(Rejection) -> String {
        let start = scanner.position
        let (content, isPlain) = try scanner.skipString(text)
        if isPlain { return text.extracting(content).text }
        scanner.position = start
        var value: [UInt8] = []
        try scanner.unescapeString(text, into: &value)
        return value.text
    }

    private mutating func parse(_ word: String, as value: JSONValue, _ text: Span<UInt8>) throws(Rejection) -> JSONValue
    {
        try scanner.expectWord(word, text)
        return value
    }
}
