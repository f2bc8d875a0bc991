import SystemSupport

/// How a report may look where it is shown.
package struct TerminalStyle: Equatable, Sendable {
    /// What every report can be shown in; more than 200 columns would pull its parts out of sight of each other.
    package static let columnRange = 40...200
    /// The width off a terminal.
    package static let defaultColumns = 80

    /// Columns to use, in `columnRange`.
    package let columns: Int
    /// ASCII alone: for terminals that cannot show more.
    package let isPlain: Bool
    package let hasColour: Bool

    package init(columns: Int = defaultColumns, isPlain: Bool = false, hasColour: Bool = false) {
        self.columns = min(max(columns, Self.columnRange.lowerBound), Self.columnRange.upperBound)
        self.isPlain = isPlain
        self.hasColour = hasColour
    }

    /// What the output can show. A file or a pipe gets 80 columns of UTF-8 without colour, wherever it goes later. A
    /// terminal tells its width, `TERM=dumb` and a locale that names another character set than UTF-8 make it plain,
    /// and `NO_COLOR` (not empty, no-color.org) takes the colour away.
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

    /// What stands behind a text that was cut.
    var cutMark: String { isPlain ? "~" : "…" }

    /// What a piece of text is, which decides on its colour.
    enum Style {
        case plain, heading, muted, bar, bad
    }

    /// The text in the colour of its style, where there are colours.
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

    /// A text from outside, at most `columns` wide, with everything visible that could harm the screen.
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
