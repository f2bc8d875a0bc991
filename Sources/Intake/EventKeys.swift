import Core
import SystemSupport

/// Finds the field of a key. Programs write their keys in a fixed order, often in the order of `EventField`. Therefore
/// the search starts with the field after the previous field and then tries all other fields.
struct EventKeys: Sendable {
    /// A key as three numbers: its length, its first eight bytes and its last eight bytes. A key of fewer than eight
    /// bytes is padded with zeros at the end.
    private struct Pattern: Equatable {
        let count: Int
        let first: UInt64
        let last: UInt64
    }

    private let fields = EventField.allCases
    private let patterns: [Pattern]

    init() {
        patterns = EventField.allCases.map { field in
            let key = Array(field.key.utf8)
            return Self.pattern(key.span, 0..<key.count)
        }
    }

    /// Returns the field whose key is at `range`; nil if no field has this key.
    func field(_ line: Span<UInt8>, _ range: Range<Int>, after previous: EventField?) -> EventField? {
        let pattern = Self.pattern(line, range)
        let count = patterns.count
        var candidate = previous.map { $0.index + 1 } ?? 0
        for _ in 0..<count {
            if candidate == count { candidate = 0 }
            if patterns[candidate] == pattern { return fields[candidate] }
            candidate += 1
        }
        return nil
    }

    @inline(__always)
    private static func pattern(_ text: Span<UInt8>, _ range: Range<Int>) -> Pattern {
        let count = range.count
        guard count < 8 else {
            return Pattern(
                count: count, first: text.uint64(at: range.lowerBound),
                last: text.uint64(at: range.upperBound - 8))
        }
        var first: UInt64 = 0
        if range.lowerBound + 8 <= text.count {
            first = text.uint64(at: range.lowerBound) & ~(~0 << UInt64(count * 8))
        } else {
            for index in range.reversed() { first = first << 8 | UInt64(text[index]) }
        }
        return Pattern(count: count, first: first, last: first)
    }
}
