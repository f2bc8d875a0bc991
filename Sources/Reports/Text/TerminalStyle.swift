import SystemSupport

/// The style of a report: the width, characters and colours that its output supports.
package struct TerminalStyle: Equatable, Sendable {
    /// The range of supported widths; in more than 200 columns related parts would be too far apart.
    package static let columnRange = 40...200
    /// The width for outputs other than a terminal.
    package static let defaultColumns = 80

    /// Columns to use, in `columnRange`.
    package let columns: Int
    /// Whether the report is limited to ASCII, for terminals that support nothing else.
    package let isPlain: Bool
    package let hasColour: Bool

    package init(columns: Int = defaultColumns, isPlain: Bool = false, hasColour: Bool = false) {
        self.columns = min(max(columns, Self.columnRange.lowerBound), Self.columnRange.upperBound)
        self.isPlain = isPlain
        self.hasColour = hasColour
    }

    /// Detects the style of the output. A file or a pipe always gets 80 columns of UTF-8 without colour. A terminal
    /// gets a report of its own width. `TERM=dumb` limits the report to ASCII without colour. A locale with a character
    /// set other than UTF-8 limits the report to ASCII. `NO_COLOR` (not empty, no-color.org) disables colour.
    package init(terminalColumns: Int?, isTerminal: Bool, environment value: (String) -> String?) {
        guard isTerminal else {
            self.init()
            return
        }
        let isDumb = value("TERM") == "dumb"
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(value).first { !$0.isEmpty } ?? "UTF-8"
        let isUTF8 = ["utf-8", "utf8"].contains { locale.lowercased().contains($0) }
        let wantsNoColour = value("NO_COLOR").map { !$0.isEmpty } ?? false
        self.init(
            columns: terminalColumns ?? Self.defaultColumns, isPlain: isDumb || !isUTF8,
            hasColour: !isDumb && !wantsNoColour)
    }

    /// The mark after a truncated text.
    var cutMark: String { isPlain ? "~" : "…" }

    /// The role of a text, which selects its colour.
    enum Style {
        case plain, heading, muted, bar, bad
    }

    /// Returns the text in the colour of its style, if colours are supported.
    func styled(_ text: String, _ style: Style) -> String {
        guard hasColour, !text.isEmpty else { return text }
        let code =
            switch style {
            case .plain: ""
            case .heading: "1"
            case .muted: "2"
            case .bar: "36"
            case .bad: "31"
            }
        return code.isEmpty ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    /// Returns a text from outside, at most `columns` wide, with characters that could alter the screen escaped.
    func shown(_ text: String, columns: Int) -> String {
        let visible = isPlain ? text.escapedForDisplay.asciiOnly : text.escapedForDisplay
        return visible.truncated(toWidth: columns, mark: cutMark)
    }
}

extension String {
    /// The text with an ellipsis as three dots, an arrow as `->` and every other character beyond ASCII as `\u{…}`.
    var asciiOnly: String {
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isASCII {
                result.unicodeScalars.append(scalar)
            } else if scalar == "…" {
                result += "..."
            } else if scalar == "→" {
                result += "->"
            } else {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return result
    }
}
