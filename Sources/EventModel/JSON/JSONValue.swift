/// A JSON value (RFC 8259) as it stands in a file that people and later versions of Nexus write to as well: members keep
/// their order and numbers their digits, so that a file is rewritten with nothing lost.
package enum JSONValue: Equatable, Sendable {
    /// A key and its value.
    package struct Member: Equatable, Sendable {
        package let key: String
        package var value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// A number as it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in the order in which they stand; no key twice.
    case object([Member])

    /// Reads a whole text; nil for anything that is not strictly one JSON value, has a key twice in an object, or is
    /// nested deeper than `Limits.nestingDepth`.
    package init?(_ bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var parser = JSONParser()
        guard let value = try? parser.parseWhole(bytes.span) else { return nil }
        self = value
    }

    /// The value as text, indented by two blanks a level.
    package func text(indentedBy level: Int = 0) -> String {
        let margin = String(repeating: "  ", count: level + 1)
        let end = "\n" + String(repeating: "  ", count: level)
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let digits): return digits
        case .string(let text): return Self.quoted(text)
        case .array(let values) where values.isEmpty: return "[]"
        case .array(let values):
            return "[\n" + values.map { margin + $0.text(indentedBy: level + 1) }.joined(separator: ",\n") + end + "]"
        case .object(let members) where members.isEmpty: return "{}"
        case .object(let members):
            let lines = members.map { margin + Self.quoted($0.key) + ": " + $0.value.text(indentedBy: level + 1) }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
