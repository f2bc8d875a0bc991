import EventModel
import GRDB
import GRDBSQLite

/// Turns events in a stretch of a segment into rows, fifty to a statement, binding texts where they stand.
///
/// This is the hot path: 13 columns of every event pass here. Fifty rows a statement halve the cost of one row each;
/// binding through the C API instead of values halves it again.
///
/// Texts are bound without a copy (`SQLITE_STATIC`): they stay where they are until `insert` returns, and no statement
/// is stepped again with old pointers, as every row binds all of its parameters.
final class EventInserter {
    /// Callers hand in a multiple of it where they have as many.
    static let rowsPerStatement = 50
    private static let columns = [
        "timestamp", "session_id", "event_type", "workspace_hash", "task_hash", "command", "duration_ms", "success",
        "error_category", "template_used", "services_count", "ports_used",
    ]

    private let many: Statement
    private let one: Statement
    /// Whether rows come with ids; otherwise SQLite numbers them.
    private let withIDs: Bool
    private var formatter = TimestampFormatter()
    /// The texts of the timestamps of one statement's rows.
    private var timestamps = [UInt8](repeating: 0, count: rowsPerStatement * TimestampFormatter.length)

    init(_ database: Database, withIDs: Bool = false) throws {
        self.withIDs = withIDs
        many = try database.makeStatement(sql: Self.sql(rows: Self.rowsPerStatement, withIDs: withIDs))
        one = try database.makeStatement(sql: Self.sql(rows: 1, withIDs: withIDs))
    }

    private static func sql(rows: Int, withIDs: Bool) -> String {
        let columns = withIDs ? ["id"] + columns : columns
        let row = "(" + columns.map { _ in "?" }.joined(separator: ",") + ")"
        return "INSERT INTO events (\(columns.joined(separator: ","))) VALUES "
            + Array(repeating: row, count: rows).joined(separator: ",")
    }

    /// Inserts `events`, whose payloads stand in `stretch`; returns how many rows SQLite says it added. `ids` are the rows' ids, one for each event, where they come with ids.
    func insert(
        _ events: [WaitingEvent], ids: [Int64] = [], of stretch: Span<UInt8>
    ) throws -> Int {
        var inserted = 0
        // A copy of its own for the loop: as a property of an object every use of it would be checked to be exclusive.
        var formatter = formatter
        defer { self.formatter = formatter }
        // The bound pointers are good as long as this closure runs, and every statement is stepped and reset in it.
        try unsafe stretch.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            try unsafe timestamps.withUnsafeMutableBufferPointer { texts in
                var next = 0
                while next < events.count {
                    let isFull = events.count - next >= Self.rowsPerStatement
                    let rows = isFull ? Self.rowsPerStatement : 1
                    let statement = isFull ? many : one
                    let handle = unsafe statement.sqliteStatement
                    for row in 0..<rows {
                        let event = events[next + row]
                        let text = unsafe UnsafeMutableBufferPointer(
                            rebasing: texts[row * TimestampFormatter.length..<(row + 1) * TimestampFormatter.length])
                        var target = unsafe MutableSpan(_unsafeElements: text)
                        formatter.write(event.record.timestamp, into: &target)
                        let id = withIDs ? ids[next + row] : nil
                        unsafe Self.bind(id, event.record, base + event.start, text.baseAddress!, to: handle, row: row)
                    }
                    let result = unsafe sqlite3_step(handle)
                    unsafe sqlite3_reset(handle)
                    guard result == SQLITE_DONE else {
                        throw DatabaseError(resultCode: ResultCode(rawValue: result), message: "inserting events")
                    }
                    inserted += Int(unsafe sqlite3_changes64(sqlite3_db_handle(handle)))
                    next += rows
                }
            }
        }
        return inserted
    }

    /// Binds one row. Parameters are numbered from 1; a parameter keeps its value until it is bound again, so an
    /// absent value is bound as NULL.
    private static func bind(
        _ id: Int64?, _ record: EventRecord, _ payload: UnsafeRawPointer, _ timestamp: UnsafeRawPointer,
        to statement: OpaquePointer?, row: Int
    ) {
        var parameter = Int32(row * (columns.count + (id == nil ? 0 : 1)))
        @inline(__always) func bind(_ range: Range<Int>) {
            parameter &+= 1
            if range.isEmpty {
                unsafe sqlite3_bind_null(statement, parameter)
            } else {
                let text = unsafe (payload + range.lowerBound).assumingMemoryBound(to: CChar.self)
                unsafe sqlite3_bind_text(statement, parameter, text, Int32(truncatingIfNeeded: range.count), nil)
            }
        }
        @inline(__always) func bind(_ number: Int64?) {
            parameter &+= 1
            if let number {
                unsafe sqlite3_bind_int64(statement, parameter, number)
            } else {
                unsafe sqlite3_bind_null(statement, parameter)
            }
        }
        if id != nil { bind(id) }
        parameter &+= 1
        unsafe sqlite3_bind_text(
            statement, parameter, timestamp.assumingMemoryBound(to: CChar.self), Int32(TimestampFormatter.length), nil)
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
    }
}
