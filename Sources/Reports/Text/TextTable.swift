import SystemSupport

/// A table that fits the width of a terminal. If the width is too small, the least important columns are dropped.
struct TextTable {
    struct Column {
        let title: String
        /// Numbers are aligned to the right.
        let isNumber: Bool
        /// The rank of the column. Columns of the highest rank are dropped first; columns of rank 0 are always kept.
        let rank: Int
        /// The smallest width of a text column that may be narrowed; nil for a column that is never narrowed.
        let least: Int?

        static func name(_ title: String) -> Column { Column(title: title, isNumber: false, rank: 0, least: 12) }
        static func number(_ title: String, rank: Int) -> Column {
            Column(title: title, isNumber: true, rank: rank, least: nil)
        }
        static func text(_ title: String, rank: Int) -> Column {
            Column(title: title, isNumber: false, rank: rank, least: nil)
        }
    }

    struct Cell: ExpressibleByStringInterpolation {
        let text: String
        let cellStyle: TerminalStyle.Style

        init(_ text: String, _ style: TerminalStyle.Style = .plain) {
            self.text = text
            cellStyle = style
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    /// Number of blanks before each line.
    static let indent = 2
    private static let gap = 2

    let columns: [Column]
    let rows: [[Cell]]

    /// Returns the lines of the table, the titles first.
    func lines(_ style: TerminalStyle) -> [String] {
        var shown = Array(columns.indices)
        var widths = columns.indices.map { column in
            rows.reduce(columns[column].title.displayWidth) {
                max($0, style.shown($1[column].text, columns: .max).displayWidth)
            }
        }
        func total(_ widths: [Int]) -> Int {
            shown.reduce(Self.indent - Self.gap) { $0 + widths[$1] + Self.gap }
        }
        let least = columns.indices.map { min(widths[$0], columns[$0].least ?? widths[$0]) }
        while total(least) > style.columns, let last = shown.max(by: { columns[$0].rank < columns[$1].rank }),
            columns[last].rank > 0
        {
            shown.removeAll { $0 == last }
        }
        for column in shown.reversed() where columns[column].least != nil {
            let excess = total(widths) - style.columns
            if excess > 0 { widths[column] = max(least[column], widths[column] - excess) }
        }
        let header = shown.map { Cell(columns[$0].title, .heading) }
        return ([header] + rows.map { row in shown.map { row[$0] } }).map { line($0, shown, widths, style) }
    }

    private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ style: TerminalStyle) -> String {
        let texts = zip(cells, shown).map { cell, column in
            let text = style.shown(cell.text, columns: widths[column])
            let blanks = String(repeating: " ", count: max(0, widths[column] - text.displayWidth))
            let styled = style.styled(text, cell.cellStyle)
            return columns[column].isNumber ? blanks + styled : styled + blanks
        }
        var line = String(repeating: " ", count: Self.indent) + texts.joined(separator: "  ")
        // Trailing blanks would be copied with the text.
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }
}

extension TextTable {
    /// Makes a table of values. A column without any value is left out. A missing value is shown as a dash, or as an
    /// empty cell in a column for which `isBlank` returns true.
    init<Value>(
        _ values: [Value], columns: [(column: Column, cell: (Value) -> Cell?)],
        blank isBlank: (Column) -> Bool = { _ in false }
    ) {
        let shown = columns.filter { column in values.contains { column.cell($0) != nil } }
        self.init(
            columns: shown.map(\.column),
            rows: values.map { value in shown.map { $0.cell(value) ?? (isBlank($0.column) ? "" : "-") } })
    }
}
