import Core
import SystemSupport

/// Reads the requested parts of a JSON document and skips all other parts.
///
/// Skipped parts are not checked, because they may contain text that a strict parser rejects, such as half of a
/// surrogate pair. They are not copied, because they may be private. The text is an argument of each call, because a
/// type that can outlive a span cannot store the span.
struct JSONCursor {
    private var scanner = JSONScanner()

    /// If the next byte after blanks is `bracket`, which opens an object or an array, consumes it and returns true.
    mutating func open(_ bracket: UInt8, _ text: Span<UInt8>) -> Bool {
        scanner.skipBlanks(text)
        return scanner.take(bracket, text)
    }

    /// Consumes the comma before a member or an element, or the closing bracket. Returns whether another member or
    /// element follows.
    /// - Parameter isFirst: whether no member or element was read before. Is set to false if the result is true.
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

    /// Reads the next object, and calls `use` for each member, with the cursor at the member's value. `use` must
    /// consume this value. Returns false if the next value is not an object.
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

    /// Moves to the value of the member `name` in the object that is next. Returns false if the object has no such
    /// member, or if the next value is not an object.
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

    /// Consumes a string and returns its value. Any other value is consumed as well; the result is then nil.
    /// - Parameters:
    ///   - limit: the maximum length of the string in the document, in bytes.
    ///   - isTooLong: is set to true if the string is longer than `limit`. The result is then nil.
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

    /// Consumes a value and returns it as a number; nil if the value is not a finite number.
    mutating func number(_ text: Span<UInt8>) throws(Rejection) -> Double? {
        let start = scanner.position
        try skipValue(text)
        let length = scanner.position - start
        guard length < 64, let number = Double(text.extracting(start..<scanner.position).text) else { return nil }
        return number.isFinite ? number : nil
    }

    /// Consumes an array and returns its numbers, with nil for each element that is not a number. A value that is not
    /// an array is consumed too; the result is then empty.
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
