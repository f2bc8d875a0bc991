import SystemSupport

/// Text for a Markdown document, GitHub's form of it included.
///
/// Markdown passes HTML through, and gives most punctuation a meaning that depends on what is around it. Text from outside is
/// therefore written with a character reference in place of each character that may have one: a reference never starts a
/// construct (CommonMark 0.31.2, section 2.5), inside a table as well.
enum MarkdownText {
    /// The text as text: nothing in it is markup, a link, a mention or HTML.
    static func escaped(_ text: String) -> String {
        let visible = text.escapedForDisplay
        // GitHub makes a link of it without any scheme.
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
                // A colon makes links, and names of emoji if another one follows.
                case ":", ";": after == " " || (before.isASCIILetterOrDigit && "0"..."9" ~= after)
                // Between letters an underscore is no emphasis.
                case "_": before.isASCIILetterOrDigit && after.isASCIILetterOrDigit
                default: !scalar.isASCII
                }
            if isPlain {
                result.unicodeScalars.append(scalar)
            } else {
                result += "&#\(scalar.value);"
            }
            // GitHub looks for mentions in the finished text; a word joiner ends one and is not seen.
            if scalar == "@" { result += "&#8288;" }
            before = scalar
        }
        return result
    }

    /// The text as code.
    static func code(_ text: String) -> String {
        let visible = text.escapedForDisplay
        guard visible.contains(where: { "`|\\".contains($0) }) || visible.isEmpty else { return "`" + visible + "`" }
        // In a table a backslash and a bar cannot be told apart in every program; references can.
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

    /// A table with its titles, after an empty line.
    static func table(_ table: TextTable) -> [String] {
        // Bars are for terminals.
        let shown = table.columns.indices.filter { column in
            !table.rows.contains { $0[column].cellStyle == .bar }
        }
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        return ["", line(shown.map { table.columns[$0].title })]
            + [line(shown.map { table.columns[$0].isNumber ? "--:" : ":--" })]
            + table.rows.map { row in line(shown.map { escaped(row[$0].text) }) }
    }

    /// A heading, with the lines under it; nothing where there are none.
    static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", "### " + title] + (lines.first == "" ? [] : [""]) + lines
    }

    /// Each finding as an item of a list, with the command that shows its evidence.
    static func findings(_ findings: some Sequence<Finding>) -> [String] {
        findings.map { "- \(escaped($0.sentence)) \(code($0.evidenceCommand))" }
    }

    /// How many rows were left out.
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
