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
