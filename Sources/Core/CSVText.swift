import SystemSupport

/// Writes comma-separated values (RFC 4180) that are safe to open with a spreadsheet. All CSV quoting is here.
package enum CSVText {
    /// Ends a line.
    package static let lineBreak = "\r\n"

    /// Appends `value`, in UTF-8, as a field. Invalid UTF-8 is replaced.
    ///
    /// A spreadsheet would run a value that begins like a formula. This method writes an apostrophe before such a
    /// value, so that the spreadsheet shows it as text (OWASP, CSV injection). It quotes a value that begins like a
    /// formula or contains a quote, a comma or a line break. It also quotes an empty value, because a field of no
    /// bytes means that there is no value.
    package static func append(_ value: Span<UInt8>, to text: inout [UInt8]) {
        let isFormula = isFormula(value)
        var needsQuotes = isFormula || value.isEmpty
        var isASCII = true
        var index = 0
        while index < value.count {
            switch value[index] {
            case UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\r"), UInt8(ascii: "\n"): needsQuotes = true
            case 0x80...: isASCII = false
            default: break
            }
            index &+= 1
        }
        if !needsQuotes && isASCII { return text.append(value) }
        guard needsQuotes else { return text.append(contentsOf: value.text.utf8) }
        text.append(UInt8(ascii: "\""))
        if isFormula { text.append(UInt8(ascii: "'")) }
        for byte in value.text.utf8 {
            if byte == UInt8(ascii: "\"") { text.append(byte) }
            text.append(byte)
        }
        text.append(UInt8(ascii: "\""))
    }

    /// Whether a spreadsheet may run `value` as a formula: it begins with an operator (ASCII or fullwidth), a tab or a
    /// line break.
    private static func isFormula(_ value: Span<UInt8>) -> Bool {
        guard !value.isEmpty else { return false }
        switch value[0] {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"): return true
        case UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): return true
        case 0xEF: return ["＝", "＋", "－", "＠"].contains { $0 == value.text.prefix(1) }
        default: return false
        }
    }
}
