package import Core
import SystemSupport

/// Reads one line of NDJSON into a parsed event: strict JSON (RFC 8259) with the keys of an event.
///
/// A line is read in place: the parsed event refers to the line instead of copying texts. Only a line with an escape is
/// read in a second pass, which copies its texts. Usual lines have no escapes and need no second pass.
package struct EventDecoder: Sendable {
    private let keys: EventKeys
    let rejectsUnknownKeys: Bool
    var scanner = JSONScanner()

    /// If `strict` is true, an unknown key rejects the line. Otherwise the key is counted and its value is skipped.
    package init(strict: Bool) {
        keys = EventKeys()
        rejectsUnknownKeys = strict
    }

    /// Fills `parsed` from `line`.
    package mutating func decode(_ line: Span<UInt8>, into parsed: inout ParsedEvent) throws(Rejection) {
        scanner = JSONScanner()
        parsed.reset(keepsText: false)
        try decodeObject(line, into: &parsed)
        if scanner.sawNonASCII, (try? UTF8Span(validating: line)) == nil { throw Rejection(.notUTF8) }
        if scanner.sawEscape {
            scanner.position = 0
            parsed.reset(keepsText: true)
            try decodeObject(line, into: &parsed)
        }
    }

    private mutating func decodeObject(_ line: Span<UInt8>, into parsed: inout ParsedEvent) throws(Rejection) {
        scanner.skipBlanks(line)
        try scanner.expect(UInt8(ascii: "{"), line)
        scanner.skipBlanks(line)
        if !scanner.take(UInt8(ascii: "}"), line) {
            var previous: EventField?
            repeat {
                previous = try decodeMember(line, into: &parsed, after: previous)
            } while try scanner.hasMore(line, closing: UInt8(ascii: "}"))
        }
        scanner.skipBlanks(line)
        guard scanner.position == line.count else { throw scanner.malformed }
    }

    /// Reads one `"key": value`; returns the field, or nil for a key of a shell line or an unknown key.
    private mutating func decodeMember(
        _ line: Span<UInt8>, into parsed: inout ParsedEvent, after previous: EventField?
    ) throws(Rejection) -> EventField? {
        scanner.skipBlanks(line)
        let start = scanner.position
        let (key, isPlain) = try scanner.skipString(line)
        try skipColon(line)
        let field = isPlain ? keys.field(line, key, after: previous) : try fieldWithEscapes(line, start, parsed)
        guard let field else {
            if let shellKey = try shellKey(line, key, isPlain: isPlain, start, parsed) {
                try decodeValue(of: shellKey, at: start, line, into: &parsed)
                return nil
            }
            // A key with an escape is unescaped only in the second pass, so the first pass does not count it as
            // unknown.
            if isPlain || parsed.keepsText {
                if rejectsUnknownKeys { throw Rejection(.unknownKey, column: start + 1) }
                parsed.unknownKeys += 1
            }
            try skipValue(line, depth: 1)
            return nil
        }
        guard parsed.markSeen(field) else { throw Rejection(.duplicateKey, field: field) }
        try decodeValue(of: field, line, into: &parsed)
        return field
    }

    private func fieldWithEscapes(
        _ line: Span<UInt8>, _ start: Int, _ parsed: borrowing ParsedEvent
    ) throws(Rejection) -> EventField? {
        guard parsed.keepsText else { return nil }
        var scanner = scanner
        scanner.position = start
        var key: [UInt8] = []
        try scanner.unescapeString(line, into: &key)
        return EventField.allCases.first { Array($0.key.utf8) == key }
    }

    @inline(__always)
    private mutating func decodeValue(
        of field: EventField, _ line: Span<UInt8>, into parsed: inout ParsedEvent
    ) throws(Rejection) {
        let first = try scanner.peek(line)
        if first == UInt8(ascii: "n") { return try scanner.expectWord("null", line) }
        switch field {
        case .success:
            guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else { try refuseType(of: field, line) }
            parsed.success = first == UInt8(ascii: "t")
            try skipValue(line, depth: 1)
        case .durationMS, .servicesCount, .portsUsed:
            parsed.set(field, try decodeNumber(of: field, line))
        case .timestamp where first != UInt8(ascii: "\""):
            parsed.set(field, try decodeNumber(of: field, line))
        default:
            guard first == UInt8(ascii: "\"") else { try refuseType(of: field, line) }
            try decodeText(of: field, line, into: &parsed)
        }
    }

    @inline(__always)
    private mutating func decodeText(
        of field: EventField, _ line: Span<UInt8>, into parsed: inout ParsedEvent
    ) throws(Rejection) {
        guard parsed.keepsText else {
            return parsed.setPlace(try scanner.skipString(line).content, of: field)
        }
        var text: [UInt8] = []
        try scanner.unescapeString(line, into: &text)
        let start = parsed.text.count
        parsed.appendText(text)
        parsed.setPlace(start..<parsed.text.count, of: field)
    }

    /// Reads a whole number. A duration may have a fraction, because many clocks report fractions of a millisecond.
    /// Such a duration is rounded.
    private mutating func decodeNumber(of field: EventField, _ line: Span<UInt8>) throws(Rejection) -> Int64 {
        let first = try scanner.peek(line)
        let start = scanner.position
        guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") <= 9 else { try refuseType(of: field, line) }
        switch try scanner.scanNumber(line) {
        case .whole(let value): return value
        case .tooLarge: throw Rejection(field == .timestamp ? .invalidTimestamp : .outOfRange, field: field)
        case .fractional:
            guard field == .durationMS else { throw Rejection(.wrongType, field: field) }
            return try rounded(line.extracting(start..<scanner.position), of: field)
        }
    }

    private func rounded(_ digits: Span<UInt8>, of field: EventField) throws(Rejection) -> Int64 {
        var text: [UInt8] = []
        text.append(digits)
        guard let number = Double(String(decoding: text, as: UTF8.self)), let value = Int64(exactly: number.rounded())
        else {
            throw Rejection(.outOfRange, field: field)
        }
        return value
    }

    /// Rejects a value of the wrong type, after a check that the value is valid JSON.
    private mutating func refuseType(of field: EventField, _ line: Span<UInt8>) throws(Rejection) -> Never {
        try skipValue(line, depth: 1)
        throw Rejection(.wrongType, field: field)
    }

    // MARK: Values that are skipped

    /// Skips a value of any type, and checks that it is valid JSON.
    mutating func skipValue(_ line: Span<UInt8>, depth: Int) throws(Rejection) {
        switch try scanner.peek(line) {
        case UInt8(ascii: "\""): _ = try scanner.skipString(line)
        case UInt8(ascii: "t"): try scanner.expectWord("true", line)
        case UInt8(ascii: "f"): try scanner.expectWord("false", line)
        case UInt8(ascii: "n"): try scanner.expectWord("null", line)
        case UInt8(ascii: "{"): try skipContainer(line, closing: UInt8(ascii: "}"), depth: depth)
        case UInt8(ascii: "["): try skipContainer(line, closing: UInt8(ascii: "]"), depth: depth)
        default: _ = try scanner.scanNumber(line)
        }
    }

    private mutating func skipContainer(_ line: Span<UInt8>, closing: UInt8, depth: Int) throws(Rejection) {
        guard depth <= Limits.nestingDepth else { throw Rejection(.nestedTooDeep) }
        scanner.position += 1
        scanner.skipBlanks(line)
        if scanner.take(closing, line) { return }
        repeat {
            scanner.skipBlanks(line)
            if closing == UInt8(ascii: "}") {
                _ = try scanner.skipString(line)
                try skipColon(line)
            }
            try skipValue(line, depth: depth + 1)
        } while try scanner.hasMore(line, closing: closing)
    }

    @inline(__always)
    private mutating func skipColon(_ line: Span<UInt8>) throws(Rejection) {
        scanner.skipBlanks(line)
        try scanner.expect(UInt8(ascii: ":"), line)
        scanner.skipBlanks(line)
    }
}
