import Core
import GRDB

/// Inserts events as rows of `events`. Every column of every event is written here.
///
/// A prepared INSERT inserts several rows at once. This takes half as long as an INSERT for each row. Texts are bound
/// without a copy. Each statement binds all of its parameters before every step, so it never reads a pointer of an
/// earlier call.
struct EventInserter {
    /// An event to insert.
    struct Row {
        let id: Int64
        /// Offset of the event's payload in the bytes that are passed to `insert`.
        let start: Int
        let record: EventRecord
    }

    /// The number of rows that the statement `many` inserts. With fewer rows, it would be prepared faster and would
    /// leave fewer single inserts at the end. With more rows, it would save less than 1 % of the time.
    private static let rowsPerStatement = 50

    private let many: RawStatement
    private let one: RawStatement
    private var formatter = TimestampFormatter()
    /// The timestamps of the rows that one statement inserts, as text.
    private var timestamps = [UInt8](repeating: 0, count: rowsPerStatement * TimestampFormatter.length)

    init(_ database: Database) throws {
        many = try RawStatement(Self.sql(rows: Self.rowsPerStatement), in: database)
        one = try RawStatement(Self.sql(rows: 1), in: database)
    }

    /// Returns the INSERT of some rows. With `OR FAIL`, an error leaves the rows that the statement inserted before it,
    /// so SQLite needs no copy of the changed pages for each statement (https://www.sqlite.org/lang_conflict.html). The
    /// caller rolls back the whole transaction after an error.
    private static func sql(rows: Int) -> String {
        let columns = EventRow.columnNames
        let row = "(" + columns.map { _ in "?" }.joined(separator: ",") + ")"
        return "INSERT OR FAIL INTO events (\(columns.joined(separator: ","))) VALUES "
            + Array(repeating: row, count: rows).joined(separator: ",")
    }

    /// Inserts rows.
    /// - Parameters:
    ///   - rows: the rows to insert. The table must not contain their ids yet.
    ///   - payloads: the bytes that contain the payloads of the rows.
    /// - Returns: the number of rows that SQLite inserted. A trigger that the user added may skip rows.
    mutating func insert(_ rows: [Row], payloads: Span<UInt8>) throws -> Int {
        var inserted = 0
        var next = 0
        while next < rows.count {
            let isFull = rows.count - next >= Self.rowsPerStatement
            let end = isFull ? next + Self.rowsPerStatement : next + 1
            inserted += try insert(rows[next..<end], payloads, with: isFull ? many : one)
            next = end
        }
        return inserted
    }

    private mutating func insert(
        _ rows: ArraySlice<Row>, _ payloads: Span<UInt8>, with statement: RawStatement
    ) throws -> Int {
        writeTimestamps(of: rows)
        // The bound pointers are valid while these closures run, and the statement is stepped and reset inside them.
        return try unsafe payloads.withUnsafeBytes { payloads in
            try unsafe timestamps.withUnsafeBytes { timestamps in
                var parameter: Int32 = 0
                for (index, row) in rows.enumerated() {
                    let text = unsafe UnsafeRawBufferPointer(
                        start: timestamps.baseAddress! + index * TimestampFormatter.length,
                        count: TimestampFormatter.length)
                    unsafe Self.bind(row, payloads.baseAddress! + row.start, text, to: statement, after: &parameter)
                }
                return try statement.run()
            }
        }
    }

    private mutating func writeTimestamps(of rows: ArraySlice<Row>) {
        // The formatter is copied, because `self` cannot be changed while its `timestamps` are borrowed.
        var formatter = formatter
        var texts = timestamps.mutableSpan
        for (index, row) in rows.enumerated() {
            let start = index * TimestampFormatter.length
            var text = texts._mutatingExtracting(start..<start + TimestampFormatter.length)
            formatter.write(row.record.timestamp, into: &text)
        }
        self.formatter = formatter
    }

    /// Binds one row to the parameters after `parameter`, in the order of `EventRow.columnNames`.
    @inline(__always)
    private static func bind(
        _ row: Row, _ payload: UnsafeRawPointer, _ timestamp: UnsafeRawBufferPointer, to statement: RawStatement,
        after parameter: inout Int32
    ) {
        let record = row.record
        var next = parameter
        func bind(_ range: Range<Int>) {
            next &+= 1
            unsafe statement.bind(
                next,
                uncopiedText: UnsafeRawBufferPointer(start: payload + range.lowerBound, count: range.count))
        }
        func bind(_ number: Int64?) {
            next &+= 1
            statement.bind(next, number)
        }
        bind(row.id)
        next &+= 1
        unsafe statement.bind(next, uncopiedText: timestamp)
        bind(record.sessionID)
        bind(record.eventType)
        bind(record.workspaceHash)
        bind(record.taskHash)
        bind(record.command)
        bind(record.durationMS)
        bind(record.success.map { $0 ? 1 : 0 })
        bind(record.errorCategory)
        bind(record.templateUsed)
        bind(record.servicesCount.map(Int64.init))
        bind(record.portsUsed.map(Int64.init))
        parameter = next
    }
}
