/// The results of all modes, as a table.
struct Results {
    enum Result: String {
        case met, skipped
        case missed = "MISSED"
    }

    struct Line {
        let name: String
        let bar: String
        let figure: String
        let result: Result
        let seconds: Int
    }

    private var lines: [Line] = []

    mutating func add(_ line: Line) { lines.append(line) }

    var hasMissed: Bool { lines.contains { $0.result == .missed } }
    var hasSkipped: Bool { lines.contains { $0.result == .skipped } }

    private static let titles = ["mode", "bar", "figure", "", "took"]
    /// The maximum number of characters in a line of a cell. A longer cell has several lines.
    private static let widest = 46

    /// The table, in a format for terminals that is also valid Markdown.
    var table: String {
        let rows = [Self.titles] + lines.map { [$0.name, $0.bar, $0.figure, $0.result.rawValue, "\($0.seconds) s"] }
        let cells = rows.map { $0.map(Self.wrap) }
        let widths = Self.titles.indices.map { column in
            cells.flatMap { $0[column] }.map(\.count).max() ?? 0
        }
        var text = ""
        for (index, row) in cells.enumerated() {
            for line in 0..<(row.map(\.count).max() ?? 0) {
                text += Self.line(row.map { line < $0.count ? $0[line] : "" }, widths)
            }
            if index == 0 { text += "|" + widths.map { String(repeating: "-", count: $0 + 2) + "|" }.joined() + "\n" }
        }
        return text
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).map { cell, width in
            " " + cell + String(repeating: " ", count: width - cell.count) + " |"
        }
        return "|" + padded.joined() + "\n"
    }

    /// Breaks a text at white space into lines of at most `widest` characters. A longer word is a line of its own.
    private static func wrap(_ text: String) -> [String] {
        var lines = [""]
        for word in text.split(whereSeparator: \.isWhitespace) {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= widest {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
