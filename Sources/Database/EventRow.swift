package import Core
package import GRDB
import SystemSupport

/// One row of `events` as SQLite returns it, with unvalidated values. A database that Nexus did not write may contain
/// any value.
///
/// A read reuses one `EventRow` for all rows, so memory is allocated for the first rows only.
package struct EventRow: Sendable {
    /// The columns after `id`, in the table's order.
    package enum Column: Int, CaseIterable, Sendable {
        case timestamp, sessionID, eventType, workspaceHash, taskHash, command, durationMS, success, errorCategory
        case templateUsed, servicesCount, portsUsed

        /// All columns. The array is created once, because the code iterates over it for every row.
        package static let all = allCases

        /// The field of an event that the column stores.
        package var field: EventField {
            switch self {
            case .timestamp: .timestamp
            case .sessionID: .sessionID
            case .eventType: .eventType
            case .workspaceHash: .workspaceHash
            case .taskHash: .taskHash
            case .command: .command
            case .durationMS: .durationMS
            case .success: .success
            case .errorCategory: .errorCategory
            case .templateUsed: .templateUsed
            case .servicesCount: .servicesCount
            case .portsUsed: .portsUsed
            }
        }

        /// The column's name.
        package var name: String { field.key }
    }

    /// The value of a column.
    package enum Cell: Equatable, Sendable {
        case null
        case integer(Int64)
        /// The range of a text in `bytes`.
        case text(Range<Int>)
        /// A floating-point number or a blob. Nexus itself stores neither.
        case other
    }

    package internal(set) var id: Int64 = 0
    /// The bytes of the row's texts, concatenated. The texts are as stored, so they may be invalid UTF-8.
    package internal(set) var bytes: [UInt8] = []
    /// The values by column. This is an array, because the subscript of an inline array would copy the whole array for
    /// every column of every row.
    var cells = [Cell](repeating: .null, count: Column.all.count)

    package init() {}

    package subscript(column: Column) -> Cell { cells[column.rawValue] }

    /// The names of all columns, `id` first.
    package static var columnNames: [String] { ["id"] + Column.all.map(\.name) }
}

/// Reads rows of `events` in the order of their ids, in a fifth of the time that GRDB's rows take.
package struct EventRowReader: ~Copyable {
    private let statement: RawStatement
    private var row = EventRow()

    /// - Parameters:
    ///   - condition: an SQL expression that is true for the rows to read.
    ///   - arguments: the values of the parameters in `condition`.
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
