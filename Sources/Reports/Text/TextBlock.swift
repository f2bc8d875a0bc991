import SystemSupport

/// Composes the lines of a report.
enum TextBlock {
    /// Returns a blank line and a title, followed by the lines; empty if there are no lines.
    static func section(_ title: String, _ lines: [String], _ style: TerminalStyle) -> [String] {
        lines.isEmpty ? [] : ["", "  " + style.styled(title, .heading)] + lines
    }

    /// Returns a text wrapped at blanks, with the first line indented by `indent` and further lines by `hanging`.
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

    /// Returns a note on the number of omitted rows.
    static func more(_ hidden: Int, _ style: TerminalStyle) -> [String] {
        guard hidden > 0 else { return [] }
        return ["  " + style.styled("and \(NumberText.grouped(hidden)) more (--top)", .muted)]
    }
}

/// Bars of numbers in a terminal.
enum Bars {
    /// Returns a bar that fills `share` (0 to 1) of `columns`, in eighths of a column. In plain form the bar has whole
    /// columns. A bar is never empty.
    static func horizontal(_ share: Double, columns: Int, _ style: TerminalStyle) -> String {
        if style.isPlain { return String(repeating: "#", count: max(1, Int((share * Double(columns)).rounded()))) }
        let eighths = max(1, Int((share * Double(columns * 8)).rounded()))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + partial[eighths % 8]
    }

    /// Returns a line with a column for each number. The height of a column is the number's share of the largest
    /// number. Only zero is a dot (a blank in plain form).
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
