/// Comma-separated values after RFC 4180, safe to open with a spreadsheet.
package enum CSVText {
    /// A value of a row.
    package enum Field: Sendable {
        /// A text from outside.
        case text(String)
        case integer(Int64)
        case number(Double)
        case empty

        package static func integer(_ number: Int) -> Field { .integer(Int64(number)) }
        package static func integer(_ number: Int64?) -> Field { number.map { .integer($0) } ?? .empty }
        package static func integer(_ number: Int?) -> Field { number.map { .integer(Int64($0)) } ?? .empty }
        package static func number(_ number: Double?) -> Field { number.map { .number($0) } ?? .empty }
    }

    /// The header and the rows, each ended by CR LF.
    package static func document(header: [String], rows: [[Field]]) -> String {
        var text = header.joined(separator: ",") + "\r\n"
        for row in rows { text += row.map(encoded).joined(separator: ",") + "\r\n" }
        return text
    }

    private static func encoded(_ field: Field) -> String {
        switch field {
        case .empty: ""
        case .integer(let value): String(value)
        case .number(let value): value.isFinite ? String(NumberText.rounded(value)) : ""
        case .text(let text): encoded(text)
        }
    }

    /// A text that a spreadsheet would take for a formula gets an apostrophe before it, which makes it a text there
    /// (OWASP, CSV injection); quotes around what holds a quote, a comma or a line break.
    private static func encoded(_ text: String) -> String {
        let dangerous: Set<Unicode.Scalar> = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
        let isFormula = text.unicodeScalars.first.map(dangerous.contains) ?? false
        let safe = (isFormula ? "'" : "") + text
        let needsQuotes = safe.unicodeScalars.contains { [",", "\"", "\r", "\n"].contains($0) } || isFormula
        return needsQuotes
            ? "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
            : safe
    }
}
