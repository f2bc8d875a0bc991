package import EventModel
import Platform

/// Reads one line of NDJSON into a draft: strict JSON (RFC 8259) with the keys of an event.
///
/// A line is read in place: texts are not copied, the draft points into the line. Only when one of them has an escape
/// is the line read once more with the texts copied, so that the usual line pays nothing for the rare one.
package struct EventDecoder: Sendable {
    private let keys: EventKeys
    private let rejectsUnknownKeys: Bool
    private var plain = PlainLineDecoder()
    private var sawEscape = false
    private var sawNonASCII = false

    /// With `strict` an unknown key rejects the line; otherwise it is counted and its value skipped.
    package init(strict: Bool) {
        keys = EventKeys()
        rejectsUnknownKeys = strict
    }

    /// Fills `draft` from `line`.
    package mutating func decode(_ line: Span<UInt8>, into draft: inout EventDraft) throws(Rejection) {
        sawEscape = false
        sawNonASCII = false
        draft.reset(keepsText: false)
        if plain.decode(line, into: &draft) { return }
        draft.reset(keepsText: false)
        try decodeObject(line, into: &draft)
        if sawNonASCII, (try? UTF8Span(validating: line)) == nil { throw Rejection(.notUTF8) }
        if sawEscape {
            draft.reset(keepsText: true)
            try decodeObject(line, into: &draft)
        }
    }

    private mutating func decodeObject(_ line: Span<UInt8>, into draft: inout EventDraft) throws(Rejection) {
        var position = 0
        skipBlanks(line, &position)
        try expect(UInt8(ascii: "{"), line, &position)
        skipBlanks(line, &position)
        if position < line.count, line[position] == UInt8(ascii: "}") {
            position += 1
        } else {
            var previous: EventField?
            repeat {
                previous = try decodeMember(line, &position, into: &draft, after: previous)
            } while try hasMore(line, &position, closing: UInt8(ascii: "}"))
        }
        skipBlanks(line, &position)
        guard position == line.count else { throw malformed(position) }
    }

    /// One `"key": value`; returns the field, nil for a key that is none.
    private mutating func decodeMember(
        _ line: Span<UInt8>, _ position: inout Int, into draft: inout EventDraft, after previous: EventField?
    ) throws(Rejection) -> EventField? {
        skipBlanks(line, &position)
        let start = position
        let (key, isPlain) = try skipString(line, &position)
        skipBlanks(line, &position)
        try expect(UInt8(ascii: ":"), line, &position)
        skipBlanks(line, &position)
        let field = isPlain ? keys.field(line, key, after: previous) : try fieldWithEscapes(line, start, draft)
        guard let field else {
            // Reading the line for the first time, a key with an escape in it is not known yet.
            if isPlain || draft.keepsText {
                if rejectsUnknownKeys { throw Rejection(.unknownKey, column: start + 1) }
                draft.unknownKeys += 1
            }
            try skipValue(line, &position, depth: 1)
            return nil
        }
        guard draft.markSeen(field) else { throw Rejection(.duplicateKey, field: field) }
        try decodeValue(of: field, line, &position, into: &draft)
        return field
    }

    private mutating func fieldWithEscapes(
        _ line: Span<UInt8>, _ start: Int, _ draft: EventDraft
    ) throws(Rejection) -> EventField? {
        guard draft.keepsText else { return nil }
        var position = start
        var key: [UInt8] = []
        try unescapeString(line, &position, into: &key)
        return EventField.allCases.first { Array($0.key.utf8) == key }
    }

    private mutating func decodeValue(
        of field: EventField, _ line: Span<UInt8>, _ position: inout Int, into draft: inout EventDraft
    ) throws(Rejection) {
        guard position < line.count else { throw malformed(position) }
        if line[position] == UInt8(ascii: "n") { return try expectWord("null", line, &position) }
        switch field {
        case .success:
            draft.success = try decodeBool(line, &position)
        case .durationMS, .servicesCount, .portsUsed:
            draft.set(field, try decodeWholeNumber(of: field, line, &position))
        case .timestamp where line[position] != UInt8(ascii: "\""):
            draft.set(field, try decodeWholeNumber(of: field, line, &position))
        default:
            try decodeText(of: field, line, &position, into: &draft)
        }
    }

    private mutating func decodeText(
        of field: EventField, _ line: Span<UInt8>, _ position: inout Int, into draft: inout EventDraft
    ) throws(Rejection) {
        guard line[position] == UInt8(ascii: "\"") else {
            try skipValue(line, &position, depth: 1)
            throw Rejection(.wrongType, field: field)
        }
        if draft.keepsText {
            var text: [UInt8] = []
            try unescapeString(line, &position, into: &text)
            let start = draft.text.count
            draft.appendText(text)
            draft.setPlace(start..<draft.text.count, of: field)
        } else {
            draft.setPlace(try skipString(line, &position).content, of: field)
        }
    }

    private mutating func decodeBool(_ line: Span<UInt8>, _ position: inout Int) throws(Rejection) -> Bool {
        switch line[position] {
        case UInt8(ascii: "t"):
            try expectWord("true", line, &position)
            return true
        case UInt8(ascii: "f"):
            try expectWord("false", line, &position)
            return false
        default:
            try skipValue(line, &position, depth: 1)
            throw Rejection(.wrongType, field: .success)
        }
    }

    private mutating func decodeWholeNumber(
        of field: EventField, _ line: Span<UInt8>, _ position: inout Int
    ) throws(Rejection) -> Int64 {
        let first = line[position]
        guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") <= 9 else {
            try skipValue(line, &position, depth: 1)
            throw Rejection(.wrongType, field: field)
        }
        switch try scanNumber(line, &position) {
        case .whole(let value): return value
        case .tooLarge: throw Rejection(field == .timestamp ? .invalidTimestamp : .outOfRange, field: field)
        case .fractional: throw Rejection(.wrongType, field: field)
        }
    }

    // MARK: Values that are skipped

    /// Passes over any value, checking that it is one.
    private mutating func skipValue(_ line: Span<UInt8>, _ position: inout Int, depth: Int) throws(Rejection) {
        guard position < line.count else { throw malformed(position) }
        switch line[position] {
        case UInt8(ascii: "\""): _ = try skipString(line, &position)
        case UInt8(ascii: "t"): try expectWord("true", line, &position)
        case UInt8(ascii: "f"): try expectWord("false", line, &position)
        case UInt8(ascii: "n"): try expectWord("null", line, &position)
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipContainer(line, &position, depth: depth)
        default: _ = try scanNumber(line, &position)
        }
    }

    private mutating func skipContainer(_ line: Span<UInt8>, _ position: inout Int, depth: Int) throws(Rejection) {
        guard depth <= Limits.nestingDepth else { throw Rejection(.nestedTooDeep) }
        let isObject = line[position] == UInt8(ascii: "{")
        let closing = UInt8(ascii: isObject ? "}" : "]")
        position += 1
        skipBlanks(line, &position)
        if position < line.count, line[position] == closing {
            position += 1
            return
        }
        repeat {
            skipBlanks(line, &position)
            if isObject {
                _ = try skipString(line, &position)
                skipBlanks(line, &position)
                try expect(UInt8(ascii: ":"), line, &position)
                skipBlanks(line, &position)
            }
            try skipValue(line, &position, depth: depth + 1)
        } while try hasMore(line, &position, closing: closing)
    }

    // MARK: Tokens

    /// After a member or element: true behind a comma, false behind the closing bracket.
    private func hasMore(_ line: Span<UInt8>, _ position: inout Int, closing: UInt8) throws(Rejection) -> Bool {
        skipBlanks(line, &position)
        guard position < line.count else { throw malformed(position) }
        let byte = line[position]
        guard byte == UInt8(ascii: ",") || byte == closing else { throw malformed(position) }
        position += 1
        return byte != closing
    }

    /// Passes over a string; its place without the quotes, and whether it stands there as it is.
    private mutating func skipString(
        _ line: Span<UInt8>, _ position: inout Int
    ) throws(Rejection) -> (content: Range<Int>, isPlain: Bool) {
        try expect(UInt8(ascii: "\""), line, &position)
        let start = position
        var isPlain = true
        while true {
            position = line.jsonStringEnd(from: position)
            guard position < line.count else { throw malformed(position) }
            switch line[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (start..<position - 1, isPlain)
            case UInt8(ascii: "\\"):
                isPlain = false
                sawEscape = true
                _ = try scanEscape(line, &position)
            case 0x80...:
                sawNonASCII = true
                position += 1
            default:
                throw malformed(position)
            }
        }
    }

    /// Reads a string and adds what it means to `text`.
    private func unescapeString(
        _ line: Span<UInt8>, _ position: inout Int, into text: inout [UInt8]
    ) throws(Rejection) {
        try expect(UInt8(ascii: "\""), line, &position)
        while position < line.count, line[position] != UInt8(ascii: "\"") {
            if line[position] == UInt8(ascii: "\\") {
                text.append(contentsOf: Character(try scanEscape(line, &position)).utf8)
            } else {
                text.append(line[position])
                position += 1
            }
        }
        try expect(UInt8(ascii: "\""), line, &position)
    }

    /// The character behind a backslash: a short escape, `\uXXXX`, or a pair of surrogates.
    private func scanEscape(_ line: Span<UInt8>, _ position: inout Int) throws(Rejection) -> UnicodeScalar {
        let start = position
        guard position + 1 < line.count else { throw malformed(line.count) }
        let letter = line[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw malformed(start)
        }
        let unit = try scanHex4(line, &position)
        guard unit & 0xF800 == 0xD800 else { return UnicodeScalar(unit) ?? "\u{FFFD}" }
        guard unit < 0xDC00, position + 1 < line.count, line[position] == UInt8(ascii: "\\"),
            line[position + 1] == UInt8(ascii: "u")
        else { throw Rejection(.notUTF8, column: start + 1) }
        position += 2
        let low = try scanHex4(line, &position)
        guard low & 0xFC00 == 0xDC00, let scalar = UnicodeScalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF) else {
            throw Rejection(.notUTF8, column: start + 1)
        }
        return scalar
    }

    private func scanHex4(_ line: Span<UInt8>, _ position: inout Int) throws(Rejection) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < line.count, let digit = JSONBytes.hexValue(line[position]) else {
                throw malformed(position)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private enum Number {
        case whole(Int64)
        case tooLarge
        case fractional
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private func scanNumber(_ line: Span<UInt8>, _ position: inout Int) throws(Rejection) -> Number {
        let isNegative = position < line.count && line[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let start = position
        var value: Int64 = 0
        var overflows = false
        while position < line.count, line[position] &- UInt8(ascii: "0") <= 9 {
            let (product, high) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(line[position] &- UInt8(ascii: "0")))
            overflows = overflows || high || carry
            value = sum
            position += 1
        }
        guard position > start, line[start] != UInt8(ascii: "0") || position == start + 1 else {
            throw malformed(start)
        }
        var isFractional = false
        if position < line.count, line[position] == UInt8(ascii: ".") {
            isFractional = true
            position += 1
            try skipDigits(line, &position)
        }
        if position < line.count, line[position] | 0x20 == UInt8(ascii: "e") {
            isFractional = true
            position += 1
            if position < line.count, line[position] == UInt8(ascii: "+") || line[position] == UInt8(ascii: "-") {
                position += 1
            }
            try skipDigits(line, &position)
        }
        if isFractional { return .fractional }
        return overflows ? .tooLarge : .whole(isNegative ? -value : value)
    }

    private func skipDigits(_ line: Span<UInt8>, _ position: inout Int) throws(Rejection) {
        let start = position
        while position < line.count, line[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
        guard position > start else { throw malformed(position) }
    }

    private func skipBlanks(_ line: Span<UInt8>, _ position: inout Int) {
        while position < line.count, line[position] <= 0x20, JSONBytes.isBlank(line[position]) { position += 1 }
    }

    private func expect(_ byte: UInt8, _ line: Span<UInt8>, _ position: inout Int) throws(Rejection) {
        guard position < line.count, line[position] == byte else { throw malformed(position) }
        position += 1
    }

    private func expectWord(_ word: String, _ line: Span<UInt8>, _ position: inout Int) throws(Rejection) {
        for byte in word.utf8 { try expect(byte, line, &position) }
    }

    private func malformed(_ position: Int) -> Rejection {
        Rejection(.notJSON, column: position + 1)
    }
}
