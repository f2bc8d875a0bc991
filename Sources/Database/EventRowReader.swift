import Core
package import GRDB
import SystemSupport

/// Reads rows of `events` in the order of their ids, in a fifth of the time that GRDB's rows take.
package struct EventRowReader: ~Copyable {
    private let statement: RawStatement
    private var row = EventRow()

    /// - Parameters:
    ///   - condition: an SQL expression that is true for the rows to read.
    ///   - arguments: the values of its parameters.
    package init(
        _ database: Database, where condition: String = "1", arguments: StatementArguments = StatementArguments(),
        limit: Int = .max
    ) throws {
        let columns = EventRow.columnNames.joined(separator: ", ")
        statement = try RawStatement(
            "SELECT \(columns) FROM events WHERE \(condition) ORDER BY id LIMIT \(limit)", in: database,
            arguments: arguments)
    }

    deinit { statement.reset() }

    /// Passes the next row to `body`. Returns false when there is none.
    package mutating func next(_ body: (borrowing EventRow) throws -> Void) throws -> Bool {
        guard let columns = try statement.step() else { return false }
        row.id = columns.number(0)
        row.bytes.removeAll(keepingCapacity: true)
        for column in EventRow.Column.all {
            let index = Int32(column.rawValue + 1)
            row.cells[column.rawValue] =
                switch columns.kind(index) {
                case .null: .null
                case .integer: .integer(columns.number(index))
                case .text: .text(append(columns, index))
                case .other: .other
                }
        }
        try body(row)
        return true
    }

    private mutating func append(_ columns: RawStatement.Columns, _ index: Int32) -> Range<Int> {
        let start = row.bytes.count
        columns.withBytes(index) { row.bytes.append($0) }
        return start..<row.bytes.count
    }
}
