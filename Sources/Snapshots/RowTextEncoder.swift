import Core
import Database
import SystemSupport

/// Writes rows of `events` as text for other tools.
enum RowTextEncoder {
    /// The first line of a CSV file: the columns' names.
    static var csvHeader: [UInt8] { Array((EventRow.columnNames.joined(separator: ",") + CSVText.lineBreak).utf8) }

    // MARK: NDJSON

    /// Appends a row as an event that `nexus record` accepts: a JSON object and a line feed. NULL values are left out.
    /// The id is left out too, because it is not part of an event.
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
            case .text(let place): JSONWriter.append(row.bytes.span.extracting(place), to: &text)
            case .null, .other: break
            }
        }
        text.append(contentsOf: [UInt8(ascii: "}"), UInt8(ascii: "\n")])
    }

    /// Appends `2026-11-23 08:30:00.250` as `"2026-11-23T08:30:00.250Z"`.
    private static func appendTimestamp(_ value: Span<UInt8>, to text: inout [UInt8]) {
        let start = text.count
        JSONWriter.append(value, to: &text)
        guard value.count == TimestampFormatter.length, text.count == start + value.count + 2,
            value[10] == UInt8(ascii: " ")
        else { return }
        text[start + 11] = UInt8(ascii: "T")
        text[text.count - 1] = UInt8(ascii: "Z")
        text.append(UInt8(ascii: "\""))
    }

    // MARK: CSV

    /// Appends a row in the form of RFC 4180 (see `CSVText`).
    static func appendCSV(_ row: borrowing EventRow, to text: inout [UInt8]) {
        text.append(decimal: row.id)
        for column in EventRow.Column.all {
            text.append(UInt8(ascii: ","))
            switch row[column] {
            case .integer(let number): text.append(decimal: number)
            case .text(let place): CSVText.append(row.bytes.span.extracting(place), to: &text)
            case .null, .other: break
            }
        }
        text.append(CSVText.lineBreak.utf8.span)
    }
}
