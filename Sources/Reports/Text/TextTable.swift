import SystemSupport

/// A table in a terminal that fits its width: where there is no room for all columns, the least important go.
struct TextTable {
    struct Column {
        let title: String
        /// Numbers stand to the right.
        let isNumber: Bool
        /// What goes first when there is no room; 0 always stays.
        let rank: Int
        /// The text column that gives way, down to this width; nil for one that is always whole.
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

    /// Blanks before each line and between columns.
    static let indent = 2
    private static let gap = 2

    let columns: [Column]
    let rows: [[Cell]]

    /// Its lines, the titles first.
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
        // No blanks at the end: they would be copied with the text.
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }
}

extension TextTable {
    /// A table of values: a column that no row has a value for is left out, and a missing value is a dash, or nothing in a
    /// column that `isBlank` names.
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
