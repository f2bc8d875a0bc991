import Foundation

/// How every `--json` looks: snake_case keys in a fixed order, indented, with a line break at the end.
package enum JSONText {
    package static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return escaped(String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n"
    }

    /// JSON's own escapes for what is invisible or moves things on a terminal and that JSON does not ask to be escaped:
    /// control characters beyond ASCII, bidirectional overrides and their kin. They can only stand inside strings.
    private static func escaped(_ json: String) -> String {
        var result = ""
        for scalar in json.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar.value >= 0x7F, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 { result += String(format: "\\u%04x", unit) }
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
