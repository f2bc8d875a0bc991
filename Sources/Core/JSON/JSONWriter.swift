import SystemSupport

/// Writes JSON. Only this type decides on quotes, escapes and layout.
package struct JSONWriter {
    /// The layout of a value.
    package enum Layout: Sendable {
        /// One line without blanks, for files and programs.
        case line
        /// The layout of `settings.json`: each level is indented by two blanks.
        case settings
        /// The layout of `--json`: the same as `settings`, but with a blank before each colon and a line break at the
        /// end. Characters that are invisible or could move the cursor of a terminal are escaped, as JSON allows for
        /// every character.
        case document
    }

    private let layout: Layout
    private var text: [UInt8] = []

    private init(_ layout: Layout) {
        self.layout = layout
    }

    fileprivate static func text(of value: JSONValue, _ layout: Layout) -> String {
        var writer = JSONWriter(layout)
        writer.append(value, level: 0)
        if layout == .document { writer.append("\n") }
        return writer.text.text
    }

    /// Appends `value`, in UTF-8, as a string with its quotes. Invalid UTF-8 is replaced.
    package static func append(_ value: Span<UInt8>, escapesInvisible: Bool = false, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        if value.jsonStringEnd(from: 0) == value.count, value.firstIndex(of: 0x7F, from: 0) == nil {
            text.append(value)
        } else {
            for scalar in value.text.unicodeScalars {
                switch scalar {
                case "\"": text.append("\\\"".utf8.span)
                case "\\": text.append("\\\\".utf8.span)
                case "\n": text.append("\\n".utf8.span)
                case "\0"..."\u{1F}", "\u{7F}",
                    _ where escapesInvisible && scalar.isInvisible:
                    for unit in String(scalar).utf16 {
                        let digits = String(0x1_0000 + Int(unit), radix: 16).dropFirst()
                        text.append(contentsOf: ("\\u" + digits).utf8)
                    }
                default: text.append(contentsOf: Character(scalar).utf8)
                }
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ value: JSONValue, level: Int) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let digits): append(digits)
        case .string(let value): append(string: value)
        case .array(let values):
            appendList(values, "[", "]", level: level) { $0.append($1, level: level + 1) }
        case .object(let members):
            appendList(members, "{", "}", level: level) { writer, member in
                writer.append(string: member.key)
                switch writer.layout {
                case .line: writer.append(":")
                case .settings: writer.append(": ")
                case .document: writer.append(" : ")
                }
                writer.append(member.value, level: level + 1)
            }
        }
    }

    private mutating func appendList<Item>(
        _ items: [Item], _ opening: String, _ closing: String, level: Int, item write: (inout JSONWriter, Item) -> Void
    ) {
        append(opening)
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            breakLine(level: level + 1)
            write(&self, item)
        }
        if !items.isEmpty { breakLine(level: level) }
        append(closing)
    }

    private mutating func breakLine(level: Int) {
        guard layout != .line else { return }
        append("\n" + String(repeating: "  ", count: level))
    }

    private mutating func append(string: String) {
        Self.append(Array(string.utf8).span, escapesInvisible: layout == .document, to: &text)
    }

    private mutating func append(_ part: String) {
        text.append(contentsOf: part.utf8)
    }
}

extension JSONValue {
    /// The value as text.
    package func text(_ layout: JSONWriter.Layout) -> String { JSONWriter.text(of: self, layout) }
    /// The value as `--json` prints it.
    package var document: String { text(.document) }
}
