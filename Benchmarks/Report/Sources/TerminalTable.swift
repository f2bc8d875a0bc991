/// A section as a table for the terminal.
enum TerminalTable {
    static func of(_ section: Section) -> String {
        let lines = [["", "median", "range", "bar", ""]] + section.rows.map(cells)
        let widths = (0..<5).map { column in lines.map(\.[column].count).max() ?? 0 }
        var text = "\n\(section.title): \(section.sizes)\n\n"
        for line in lines {
            let cells = zip(line, widths).enumerated().map { column, pair in
                let padding = String(repeating: " ", count: pair.1 - pair.0.count)
                return column == 1 ? padding + pair.0 : pair.0 + padding
            }
            var joined = cells.joined(separator: "  ")
            while joined.last == " " { joined.removeLast() }
            text += joined + "\n"
        }
        return text
    }

    private static func cells(_ row: Row) -> [String] {
        let bar = row.bar.map { NumberText.bar($0, row.unit) } ?? ""
        guard let figure = row.figure else { return [row.name, "–", "", bar, "skipped: \(row.skipped ?? "")"] }
        let verdict = row.verdict == .none ? "" : row.verdict.rawValue
        return [row.name, NumberText.of(figure.median, row.unit), NumberText.range(figure), bar, verdict]
    }
}
