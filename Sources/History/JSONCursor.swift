import Core
import SystemSupport

/// Reads the requested parts of a JSON document and skips all others.
///
/// Skipped parts are neither checked nor copied: they may be text that no strict parser accepts, such as half of a surrogate
/// pair, and may be private. The text is an argument of each call, as for `JSONScanner`.
struct JSONCursor {
    private var scanner = JSONScanner()

    /// Consumes a bracket that opens an object or an array. Returns whether it was next.
    mutating func open(_ bracket: UInt8, _ text: Span<UInt8>) -> Bool {
        scanner.skipBlanks(text)
        return scanner.take(bracket, text)
    }

    /// Consumes the comma before a member or an element, or the closing bracket. Returns whether another one follows.
    /// - Parameter isFirst: whether none was read before; set to false.
    mutating func hasNext(
        closing bracket: UInt8, isFirst: inout Bool, _ text: Span<UInt8>
    ) throws(Rejection) -> Bool {
        scanner.skipBlanks(text)
        if scanner.take(bracket, text) { return false }
        if !isFirst { try scanner.expect(UInt8(ascii: ","), text) }
        isFirst = false
        scanner.skipBlanks(text)
        return true
    }

    /// Iterates over the members of an object and calls `use` before the value of each, which `use` must consume. Returns
    /// false when the next value is not an object.
    mutating func readMembers(
        _ text: Span<UInt8>,
        _ use: (_ key: String, _ text: Span<UInt8>, _ cursor: inout JSONCursor) throws(Rejection) -> Void
    ) throws(Rejection) -> Bool {
        guard open(UInt8(ascii: "{"), text) else { return false }
        var isFirst = true
        while try hasNext(closing: UInt8(ascii: "}"), isFirst: &isFirst, text) {
            let name = try key(text)
            try use(name, text, &self)
        }
        return true
    }

    /// Skips the members of an object up to the one with a name, so that its value is next. Returns false when there is none.
    mutating func find(_ name: String, _ text: Span<UInt8>) throws(Rejection) -> Bool {
        guard open(UInt8(ascii: "{"), text) else { return false }
        var isFirst = true
        while try hasNext(closing: UInt8(ascii: "}"), isFirst: &isFirst, text) {
            if try key(text) == name { return true }
            try skipValue(text)
        }
        return false
    }

    private mutating func key(_ text: Span<UInt8>) throws(Rejection) -> String {
        let start = scanner.position
        try skipString(text)
        let key = text.extracting(start + 1..<scanner.position - 1).text
        scanner.skipBlanks(text)
        try scanner.expect(UInt8(ascii: ":"), text)
        scanner.skipBlanks(text)
        return key
    }

    // MARK: Values

    /// Consumes a string and returns its value. Nil for any other value, which is consumed as well.
    /// - Parameters:
    ///   - limit: the most bytes that the string may have as it is written.
    ///   - isTooLong: set to true, and the result is nil, if it has more.
    mutating func string(
        _ text: Span<UInt8>, limit: Int, isTooLong: inout Bool
    ) throws(Rejection) -> [UInt8]? {
        let start = scanner.position
        let isString = try scanner.peek(text) == UInt8(ascii: "\"")
        try skipValue(text)
        guard isString else { return nil }
        guard scanner.position - start <= limit else {
            isTooLong = true
            return nil
        }
        var (value, inner) = ([UInt8](), JSONScanner())
        inner.position = start
        do { try inner.unescapeString(text, into: &value) } catch { return nil }
        return value
    }

    /// Consumes a value and returns it as a number; nil for any other value.
    mutating func number(_ text: Span<UInt8>) throws(Rejection) -> Double? {
        let start = scanner.position
        try skipValue(text)
        let length = scanner.position - start
        guard length < 64, let number = Double(text.extracting(start..<scanner.position).text) else { return nil }
        return number.isFinite ? number : nil
    }

    /// Consumes an array and returns the numbers in it; nil for other elements, and an empty array for any other value.
    mutating func numbers(_ text: Span<UInt8>) throws(Rejection) -> [Double?] {
        guard open(UInt8(ascii: "["), text) else {
            try skipValue(text)
            return []
        }
        var (numbers, isFirst): ([Double?], Bool) = ([], true)
        while try hasNext(closing: UInt8(ascii: "]"), isFirst: &isFirst, text) { numbers.append(try number(text)) }
        return numbers
    }

    /// Skips a value of any type.
    mutating func skipValue(_ text: Span<UInt8>) throws(Rejection) {
        var depth = 0
        repeat {
            scanner.skipBlanks(text)
            switch try scanner.peek(text) {
            case UInt8(ascii: "\""):
                try skipString(text)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): break
            default:
                while scanner.position < text.count, !Self.endsWord(text[scanner.position]) { scanner.position += 1 }
                continue
            }
            guard depth >= 0, depth > 0 || !Self.isSeparator(text[scanner.position]) else { throw scanner.malformed }
            scanner.position += 1
        } while depth > 0
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") }

    private static func endsWord(_ byte: UInt8) -> Bool {
        isSeparator(byte) || JSONScanner.isBlank(byte) || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
            || byte == UInt8(ascii: "\"")
    }

    private mutating func skipString(_ text: Span<UInt8>) throws(Rejection) {
        try scanner.expect(UInt8(ascii: "\""), text)
        while !scanner.take(UInt8(ascii: "\""), text) {
            let isEscape = try scanner.peek(text) == UInt8(ascii: "\\")
            scanner.position += isEscape ? 2 : 1
        }
    }
}
