import SystemSupport

/// Lines of a report, put together.
enum TextBlock {
    /// A blank line, a title and its lines; nothing where there are no lines.
    static func section(_ title: String, _ lines: [String], _ style: TerminalStyle) -> [String] {
        lines.isEmpty ? [] : ["", "  " + style.styled(title, .heading)] + lines
    }

    /// A text broken at blanks so that its lines fit, the first behind `indent` blanks and the others behind `hanging`.
    static func wrapped(_ text: String, indent: Int = 2, hanging: Int? = nil, _ style: TerminalStyle) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in text.split(separator: " ") {
            let visible = style.shown(String(word), columns: style.columns - (hanging ?? indent))
            if !isEmpty && line.displayWidth + 1 + visible.displayWidth > style.columns {
                lines.append(line)
                line = String(repeating: " ", count: hanging ?? indent)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + visible
            isEmpty = false
        }
        return lines + [line]
    }

    /// How much was left out of a list.
    static func more(_ hidden: Int, _ style: TerminalStyle) -> [String] {
        guard hidden > 0 else { return [] }
        return ["  " + style.styled("and \(NumberText.grouped(hidden)) more (--top)", .muted)]
    }
}
