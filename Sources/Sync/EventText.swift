import EventModel
import Platform
import Store

/// Writes rows of `events` as text for other tools.
enum EventText {
    /// The first line of a CSV file: the columns' names.
    static var csvHeader: [UInt8] { Array((EventRow.columnNames.joined(separator: ",") + "\r\n").utf8) }

    // MARK: NDJSON

    /// Adds a row as it could be recorded: a JSON object and a line feed. What is NULL is left out, and so is the id,
    /// which is not an event's.
    static func appendJSON(_ row: borrowing EventRow, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "{"))
        var isFirst = true
        for column in EventRow.Column.all {
            let cell = row[column]
            guard cell != .null, cell != .other else { continue }
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            text.append(UInt8(ascii: "\""))
            text.append(column.name.utf8.span)
            text.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
            switch cell {
            case .integer(let number) where column == .success:
                text.append((number == 0 ? "false" : "true").utf8.span)
            case .integer(let number): text.append(decimal: number)
            case .text(let place) where column == .timestamp:
                appendTimestamp(row.bytes.span.extracting(place), to: &text)
            case .text(let place): appendJSON(row.bytes.span.extracting(place), to: &text)
            case .null, .other: break
            }
        }
        text.append(contentsOf: [UInt8(ascii: "}"), UInt8(ascii: "\n")])
    }

    /// `2026-11-23 08:30:00.250` as `"2026-11-23T08:30:00.250Z"`.
    private static func appendTimestamp(_ value: Span<UInt8>, to text: inout [UInt8]) {
        let start = text.count
        appendJSON(value, to: &text)
        guard value.count == TimestampFormatter.length, text.count == start + value.count + 2,
            value[10] == UInt8(ascii: " ")
        else { return }
        text[start + 11] = UInt8(ascii: "T")
        text[text.count - 1] = UInt8(ascii: "Z")
        text.append(UInt8(ascii: "\""))
    }

    private static func appendJSON(_ value: Span<UInt8>, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        if isPlain(value) {
            text.append(value)
        } else {
            // Nexus stores no such text; somebody's own tool may have.
            for scalar in repaired(value).unicodeScalars {
                switch scalar {
                case "\"": text.append("\\\"".utf8.span)
                case "\\": text.append("\\\\".utf8.span)
                case _ where scalar.value < 0x20:
                    let digits = String(scalar.value, radix: 16)
                    text.append(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8.span)
                default: text.append(contentsOf: Array(String(scalar).utf8))
                }
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    // MARK: CSV

    /// Adds a row as RFC 4180 has it. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    static func appendCSV(_ row: borrowing EventRow, to text: inout [UInt8]) {
        text.append(decimal: row.id)
        for column in EventRow.Column.all {
            text.append(UInt8(ascii: ","))
            switch row[column] {
            case .integer(let number): text.append(decimal: number)
            case .text(let place): appendCSV(row.bytes.span.extracting(place), to: &text)
            case .null, .other: break
            }
        }
        text.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
    }

    private static func appendCSV(_ value: Span<UInt8>, to text: inout [UInt8]) {
        guard !value.isEmpty else { return text.append("\"\"".utf8.span) }
        let isFormula =
            switch value[0] {
            case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: true
            default: false
            }
        if !isFormula, isPlain(value), value.firstIndex(of: UInt8(ascii: ","), from: 0) == nil {
            return text.append(value)
        }
        text.append(UInt8(ascii: "\""))
        if isFormula { text.append(UInt8(ascii: "'")) }
        for byte in repaired(value).utf8 {
            if byte == UInt8(ascii: "\"") { text.append(byte) }
            text.append(byte)
        }
        text.append(UInt8(ascii: "\""))
    }

    // MARK: Bytes

    /// Whether every byte is a printable ASCII character and none a quote or a backslash.
    private static func isPlain(_ value: Span<UInt8>) -> Bool {
        var index = 0
        while index < value.count {
            let byte = value[index]
            if byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
            index &+= 1
        }
        return true
    }

    /// The text, with what is not UTF-8 replaced.
    private static func repaired(_ value: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.append(value)
        return bytes.text
    }
}
