import SystemSupport

/// Lines of a report, put together.
enum TextBlock {
    /// A blank line, a title and its lines; nothing where there are no lines.
    static func section(_ title: String, _ lines: [String], _ looks: Looks) -> [String] {
        lines.isEmpty ? [] : ["", "  " + looks.styled(title, .heading)] + lines
    }

    /// A text broken at blanks so that its lines fit, the first behind `indent` blanks and the others behind `hanging`.
    static func wrapped(_ text: String, indent: Int = 2, hanging: Int? = nil, _ looks: Looks) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in text.split(separator: " ") {
            let visible = looks.shown(String(word), columns: looks.columns - (hanging ?? indent))
            if !isEmpty && line.displayWidth + 1 + visible.displayWidth > looks.columns {
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
    static func more(_ hidden: Int, _ looks: Looks) -> [String] {
        guard hidden > 0 else { return [] }
        return ["  " + looks.styled("and \(NumberText.grouped(hidden)) more (--top)", .muted)]
    }
}
