import SystemSupport

/// Text for a Markdown document, including GitHub's dialect.
///
/// Markdown passes HTML through, and gives most punctuation a meaning that depends on its context. Each such character
/// in text from outside is therefore written as a character reference. A character reference never starts a Markdown
/// construct (CommonMark 0.31.2, section 2.5). This also holds inside a table.
enum MarkdownText {
    /// Returns the text, escaped so that a Markdown program finds no markup, link, mention or HTML in it.
    static func escaped(_ text: String) -> String {
        let visible = text.escapedForDisplay
        // GitHub turns a text with `www.` into a link, even without a scheme.
        let hasLink = visible.lowercased().contains("www.")
        var result = ""
        var before: Unicode.Scalar = " "
        let scalars = Array(visible.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let after = index + 1 < scalars.count ? scalars[index + 1] : " "
            let isPlain =
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", " ", "-", ",", "/", "%", "+", "=", "(", ")", "'": true
                case ".": !hasLink
                // A colon may make a link, and two colons may make an emoji name.
                case ":", ";": after == " " || (before.isASCIILetterOrDigit && "0"..."9" ~= after)
                // An underscore between letters is no emphasis.
                case "_": before.isASCIILetterOrDigit && after.isASCIILetterOrDigit
                default: !scalar.isASCII
                }
            if isPlain {
                result.unicodeScalars.append(scalar)
            } else {
                result += "&#\(scalar.value);"
            }
            // GitHub searches the rendered text for mentions; a word joiner ends a mention and is invisible.
            if scalar == "@" { result += "&#8288;" }
            before = scalar
        }
        return result
    }

    /// Returns the text as code.
    static func code(_ text: String) -> String {
        let visible = text.escapedForDisplay
        guard visible.contains(where: { "`|\\".contains($0) }) || visible.isEmpty else { return "`" + visible + "`" }
        // In a table some programs misread a backslash or a bar in code. Character references are unambiguous.
        var result = "<code>"
        for scalar in visible.unicodeScalars {
            if scalar.isASCIILetterOrDigit || scalar == " " || scalar == "-" || !scalar.isASCII {
                result.unicodeScalars.append(scalar)
            } else {
                result += "&#\(scalar.value);"
            }
        }
        return result + "</code>"
    }

    /// Returns a table with its titles, after an empty line.
    static func table(_ table: TextTable) -> [String] {
        // Columns of bars are left out, because bars are drawn for terminals.
        let shown = table.columns.indices.filter { column in
            !table.rows.contains { $0[column].cellStyle == .bar }
        }
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        return ["", line(shown.map { table.columns[$0].title })]
            + [line(shown.map { table.columns[$0].isNumber ? "--:" : ":--" })]
            + table.rows.map { row in line(shown.map { escaped(row[$0].text) }) }
    }

    /// Returns a heading followed by the lines; empty if there are no lines.
    static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", "### " + title] + (lines.first == "" ? [] : [""]) + lines
    }

    /// Returns each finding as an item of a list, with the command line that shows its evidence.
    static func findings(_ findings: some Sequence<Finding>) -> [String] {
        findings.map { "- \(escaped($0.sentence)) \(code($0.evidenceCommand))" }
    }

    /// Returns a note on the number of omitted rows.
    static func more(_ hidden: Int) -> [String] {
        hidden > 0 ? ["", "and \(NumberText.grouped(hidden)) more"] : []
    }
}

extension Unicode.Scalar {
    fileprivate var isASCIILetterOrDigit: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
