import EventModel
import Platform

/// Reads the usual line at once: an object with keys of an event and nothing else, plain ASCII, no escapes, no blanks but
/// one behind a colon or a comma, as the JSON writers of all languages put them.
///
/// It never decides that a line is wrong: what it does not understand is left to `EventDecoder`, which knows everything
/// and takes longer.
struct PlainLineDecoder: Sendable {
    private var keys = KeyPredictor()

    /// Fills `draft`, which was reset; false when the line is not such a one, and the draft is then worth nothing.
    mutating func decode(_ line: Span<UInt8>, into draft: inout EventDraft) -> Bool {
        guard line.count > 2, line[0] == UInt8(ascii: "{") else { return false }
        keys.begin()
        var position = 1
        while true {
            guard let (field, end) = keys.field(line, at: position) else { return false }
            position = end
            guard position < line.count else { return false }
            if line[position] == UInt8(ascii: " ") { position &+= 1 }
            guard Self.decodeValue(of: field, line, &position, into: &draft), position < line.count else {
                return false
            }
            let byte = line[position]
            position &+= 1
            if byte == UInt8(ascii: ",") {
                guard position < line.count else { return false }
                if line[position] == UInt8(ascii: " ") { position &+= 1 }
            } else {
                return byte == UInt8(ascii: "}") && position == line.count
            }
        }
    }

    @inline(__always)
    private static func decodeValue(
        of field: EventField, _ line: Span<UInt8>, _ position: inout Int, into draft: inout EventDraft
    ) -> Bool {
        guard position < line.count else { return false }
        if line[position] == UInt8(ascii: "\"") {
            let start = position &+ 1
            let end = line.jsonStringEnd(from: start)
            guard field.isText, end < line.count, line[end] == UInt8(ascii: "\"") else { return false }
            position = end &+ 1
            return draft.take(start..<end, of: field)
        }
        switch field {
        case .durationMS, .servicesCount, .portsUsed, .timestamp:
            guard let number = wholeNumber(line, &position), draft.take(0..<0, of: field) else { return false }
            draft.set(field, number)
            return true
        case .success:
            guard let success = bool(line, &position), draft.take(0..<0, of: field) else { return false }
            draft.success = success
            return true
        default:
            return false
        }
    }

    /// A number of up to 18 digits, which cannot overflow; nil for any other.
    @inline(__always)
    private static func wholeNumber(_ line: Span<UInt8>, _ position: inout Int) -> Int64? {
        let start = position
        var value: Int64 = 0
        while position < line.count {
            let digit = line[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            value = value &* 10 &+ Int64(digit)
            position &+= 1
        }
        let digits = position &- start
        guard digits >= 1, digits <= 18, digits == 1 || line[start] != UInt8(ascii: "0"), position < line.count,
            line[position] == UInt8(ascii: ",") || line[position] == UInt8(ascii: "}")
        else { return nil }
        return value
    }

    @inline(__always)
    private static func bool(_ line: Span<UInt8>, _ position: inout Int) -> Bool? {
        guard position &+ 5 <= line.count else { return nil }
        let word = line.uint32(at: position)
        if word == 0x6575_7274 {  // "true", little-endian
            position &+= 4
            return true
        }
        if word == 0x736C_6166, line[position &+ 4] == UInt8(ascii: "e") {  // "fals"
            position &+= 5
            return false
        }
        return nil
    }
}

/// Finds the field of a key by what followed the previous key last time: programs write their keys in a fixed order.
private struct KeyPredictor: Sendable {
    /// A key with its quotes and its colon as numbers: its first eight bytes, or fewer with zeros behind, the eight behind
    /// those, and its last eight, which overlap where it is shorter than 24.
    private struct Pattern {
        let field: EventField
        let length: Int
        let mask: UInt64
        let first: UInt64
        let middle: UInt64
        let last: UInt64
        /// Where the middle and the last eight bytes begin; 0 for a pattern that has no more than eight.
        let middleStart: Int
        let lastStart: Int

        init(_ field: EventField) {
            self.field = field
            let text = Array("\"\(field.key)\":".utf8)
            precondition(text.count <= 24)
            let padded = (text + [UInt8](repeating: 0, count: 8)).span
            length = text.count
            mask = length >= 8 ? ~0 : ~(~0 << UInt64(length * 8))
            lastStart = max(0, length - 8)
            middleStart = min(8, lastStart)
            first = padded.uint64(at: 0) & mask
            middle = padded.uint64(at: middleStart) & mask
            last = padded.uint64(at: lastStart) & mask
        }
    }

    private let patterns: [Pattern]
    /// The pattern that followed each one last time; in the last place the one that began a line.
    private var followers: [15 of UInt8] = .init(repeating: 0)
    private var previous = 14

    init() {
        patterns = EventField.allCases.map(Pattern.init)
    }

    /// A line begins.
    mutating func begin() { previous = 14 }

    /// The field whose quoted key and colon stand at `position`, and where they end.
    @inline(__always)
    mutating func field(_ line: Span<UInt8>, at position: Int) -> (EventField, end: Int)? {
        let expected = Int(followers[previous])
        if matches(patterns[expected], line, position) {
            previous = expected
            return (patterns[expected].field, position &+ patterns[expected].length)
        }
        return search(line, at: position)
    }

    private mutating func search(_ line: Span<UInt8>, at position: Int) -> (EventField, end: Int)? {
        for (index, pattern) in patterns.enumerated() where matches(pattern, line, position) {
            followers[previous] = UInt8(index)
            previous = index
            return (pattern.field, position + pattern.length)
        }
        return nil
    }

    @inline(__always)
    private func matches(_ pattern: Pattern, _ line: Span<UInt8>, _ position: Int) -> Bool {
        guard position &+ max(8, pattern.length) <= line.count else { return false }
        return line.uint64(at: position) & pattern.mask == pattern.first
            && line.uint64(at: position &+ pattern.middleStart) & pattern.mask == pattern.middle
            && line.uint64(at: position &+ pattern.lastStart) & pattern.mask == pattern.last
    }
}
