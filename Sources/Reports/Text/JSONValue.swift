/// A JSON value whose keys keep their order and whose absent values are `null`: what the reports' contracts are
/// written in.
package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Finite numbers; others become null, as JSON has none.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A key and its value.
    package struct Member: Sendable, Equatable {
        package let key: String
        package let value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package static func integer(_ number: Int) -> JSONValue { .integer(Int64(number)) }
    package static func integer(_ number: Int64?) -> JSONValue { number.map { .integer($0) } ?? .null }
    package static func integer(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
    package static func number(_ number: Double?) -> JSONValue { number.map { .number($0) } ?? .null }
    package static func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// The text of a document, as all JSON of this program looks (see `JSONText`): indented by two blanks, with a line break at the end. What is invisible or moves things
    /// on a terminal is escaped, as JSON allows for every character of a string.
    package var document: String {
        var text = ""
        write(to: &text, indent: "\n")
        return text + "\n"
    }

    private func write(to text: inout String, indent: String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? Self.decimal(value) : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.writeList(values, "[", "]", to: &text, indent: indent) { $0.write(to: &$1, indent: indent + "  ") }
        case .object(let members):
            Self.writeList(members, "{", "}", to: &text, indent: indent) { member, text in
                Self.write(member.key, to: &text)
                text += " : "
                member.value.write(to: &text, indent: indent + "  ")
            }
        }
    }

    private static func writeList<Item>(
        _ items: [Item], _ open: String, _ close: String, to text: inout String, indent: String,
        item write: (Item, inout String) -> Void
    ) {
        text += open
        for (index, item) in items.enumerated() {
            text += (index > 0 ? "," : "") + indent + "  "
            write(item, &text)
        }
        text += (items.isEmpty ? "" : indent) + close
    }

    private static func decimal(_ value: Double) -> String {
        guard abs(value) < 1e14 else { return String(value) }
        let scaled = NumberText.rounded(value)
        return scaled == scaled.rounded() ? String(Int64(scaled)) : String(scaled)
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case " "..."~": text.unicodeScalars.append(scalar)
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                    for unit in String(scalar).utf16 {
                        let digits = String(unit, radix: 16)
                        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}
