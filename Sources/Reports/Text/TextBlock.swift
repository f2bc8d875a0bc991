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

/// Bars of numbers in a terminal.
enum Bars {
    /// A bar as long as `share` (0 to 1) of `columns`, in eighths of a column and never empty; whole columns in plain
    /// form.
    static func horizontal(_ share: Double, columns: Int, _ style: TerminalStyle) -> String {
        if style.isPlain { return String(repeating: "#", count: max(1, Int((share * Double(columns)).rounded()))) }
        let eighths = max(1, Int((share * Double(columns * 8)).rounded()))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + partial[eighths % 8]
    }

    /// A line with a column for each number, as high as the number's share of the largest. What is zero shows as a
    /// dot, and what is not never does.
    static func line(_ numbers: [Int], _ style: TerminalStyle) -> String {
        let levels = style.isPlain ? Array("_.-:=+*#") : Array("▁▂▃▄▅▆▇█")
        let most = numbers.max() ?? 0
        return String(
            numbers.map { number -> Character in
                guard number > 0 else { return style.isPlain ? " " : "·" }
                let level = (number * levels.count + most - 1) / most - 1
                return levels[level]
            })
    }
}
