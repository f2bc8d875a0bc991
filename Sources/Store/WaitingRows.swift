import EventModel
import GRDB
import GRDBSQLite

/// Events in memory as a table that SQLite reads, `waiting_rows(?)`: what an INSERT takes its rows from.
///
/// Binding every value of every row costs SQLite some hundred instructions each; here it fetches them where they stand. It
/// is a virtual table that is there without being made (https://www.sqlite.org/vtab.html#epovtab) and finds its content
/// through a pointer that is bound to the statement (https://www.sqlite.org/bindptr.html), so that no SQL can reach
/// anything else in memory.
enum WaitingRows {
    /// The columns behind `id`, which is NULL where SQLite numbers the rows.
    static let columns = [
        "timestamp", "session_id", "event_type", "workspace_hash", "task_hash", "command", "duration_ms", "success",
        "error_category", "template_used", "services_count", "ports_used",
    ]

    /// Makes the table known to a connection.
    static func register(in database: Database) throws {
        let code = unsafe sqlite3_create_module_v2(database.sqliteConnection, "waiting_rows", module, nil, nil)
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "registering waiting_rows")
        }
    }

    /// What the table holds while a statement runs.
    @safe struct Content {
        /// Good as long as the closure of `step` runs, in which the statement is stepped and reset.
        fileprivate let events: UnsafeBufferPointer<WaitingEvent>
        fileprivate let ids: UnsafeBufferPointer<Int64>
        /// The bytes that the events' payloads stand in; whoever made the events has checked that they lie inside.
        fileprivate let bytes: UnsafeRawPointer
        fileprivate var formatter: TimestampFormatter
        /// The text of the current row's timestamp.
        fileprivate let timestamp: UnsafeMutableBufferPointer<UInt8>
    }

    /// Runs `statement`, whose only parameter is the table's content, over `events`, whose payloads stand in `stretch`.
    /// `ids` are the rows' ids, one for each event, or none. Returns how many rows SQLite says it added.
    static func step(
        _ statement: Statement, over events: [WaitingEvent], ids: [Int64], of stretch: Span<UInt8>,
        _ formatter: inout TimestampFormatter
    ) throws -> Int {
        precondition(ids.isEmpty || ids.count == events.count)
        let handle = unsafe statement.sqliteStatement
        // SQLite keeps none of these pointers when the statement is reset and its parameter cleared, which is before the
        // closures end.
        let code = unsafe events.withUnsafeBufferPointer { events in
            unsafe ids.withUnsafeBufferPointer { ids in
                unsafe stretch.withUnsafeBytes { bytes in
                    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: TimestampFormatter.length) {
                        timestamp in
                        guard let base = bytes.baseAddress else { return SQLITE_DONE }
                        unsafe timestamp.initialize(repeating: 0)
                        var content = unsafe Content(
                            events: events, ids: ids, bytes: base, formatter: formatter, timestamp: timestamp)
                        defer { formatter = content.formatter }
                        return unsafe withUnsafeMutablePointer(to: &content) { content in
                            unsafe sqlite3_bind_pointer(handle, 1, content, pointerType, nil)
                            defer { unsafe sqlite3_clear_bindings(handle) }
                            defer { unsafe sqlite3_reset(handle) }
                            return unsafe sqlite3_step(handle)
                        }
                    }
                }
            }
        }
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "inserting events")
        }
        return Int(unsafe sqlite3_changes64(sqlite3_db_handle(handle)))
    }

    /// The type of the pointer, a C string that SQLite compares and keeps: it stays for as long as the process.
    nonisolated(unsafe) private static let pointerType: UnsafePointer<CChar> = {
        let name: StaticString = "nexus.waiting_rows"
        return unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }()

    // MARK: The module

    /// Written once, before anything reads it, and never freed.
    nonisolated(unsafe) private static let module: UnsafeMutablePointer<sqlite3_module> = {
        var module = sqlite3_module()
        unsafe module.xConnect = { connection, _, _, _, table, _ in unsafe connect(connection, table) }
        unsafe module.xBestIndex = { _, info in unsafe plan(info) }
        unsafe module.xDisconnect = { table in
            unsafe table?.deallocate()
            return SQLITE_OK
        }
        unsafe module.xOpen = { _, cursor in unsafe open(cursor) }
        unsafe module.xClose = { cursor in
            unsafe UnsafeMutableRawPointer(cursor)?.deallocate()
            return SQLITE_OK
        }
        unsafe module.xFilter = { cursor, _, _, count, arguments in
            unsafe begin(Cursor(cursor), arguments: count, arguments)
        }
        unsafe module.xNext = { cursor in
            let cursor = unsafe Cursor(cursor)
            unsafe cursor.row += 1
            return SQLITE_OK
        }
        unsafe module.xEof = { cursor in unsafe Cursor(cursor).isAtEnd ? 1 : 0 }
        unsafe module.xColumn = { cursor, context, index in unsafe column(index, of: Cursor(cursor), to: context) }
        unsafe module.xRowid = { cursor, row in
            unsafe row?.pointee = Int64(Cursor(cursor).row)
            return SQLITE_OK
        }
        let place = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
        unsafe place.initialize(to: module)
        return unsafe place
    }()

    private static func connect(
        _ connection: OpaquePointer?, _ table: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?
    ) -> Int32 {
        let place = UnsafeMutablePointer<sqlite3_vtab>.allocate(capacity: 1)
        unsafe place.initialize(to: sqlite3_vtab())
        unsafe table?.pointee = place
        let columns = (["id"] + columns).joined(separator: ",")
        return unsafe sqlite3_declare_vtab(connection, "CREATE TABLE waiting_rows(\(columns), content HIDDEN)")
    }

    /// The one way to read the table: all rows, given the content. Without it there is no plan.
    private static func plan(_ info: UnsafeMutablePointer<sqlite3_index_info>?) -> Int32 {
        guard let info = unsafe info else { return SQLITE_ERROR }
        for index in 0..<Int(unsafe info.pointee.nConstraint) {
            let constraint = unsafe info.pointee.aConstraint[index]
            guard constraint.usable != 0, constraint.iColumn == columns.count + 1,
                Int32(constraint.op) == SQLITE_INDEX_CONSTRAINT_EQ
            else { continue }
            unsafe info.pointee.aConstraintUsage[index].argvIndex = 1
            unsafe info.pointee.aConstraintUsage[index].omit = 1
            unsafe info.pointee.estimatedCost = 1
            return SQLITE_OK
        }
        return SQLITE_CONSTRAINT
    }

    // MARK: A cursor

    /// What SQLite is given for a cursor: its own part, then the content and the row.
    @unsafe private struct Cursor {
        private static let contentOffset = unsafe MemoryLayout<sqlite3_vtab_cursor>.stride
        private static let rowOffset = unsafe contentOffset + MemoryLayout<UnsafeMutablePointer<Content>?>.stride
        static let size = rowOffset + MemoryLayout<Int>.stride

        /// Memory that `open` made, of `size` bytes.
        private let place: UnsafeMutableRawPointer

        init(_ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?) {
            guard let cursor = unsafe cursor else { preconditionFailure("SQLite hands out what it was given") }
            unsafe place = UnsafeMutableRawPointer(cursor)
        }

        var content: UnsafeMutablePointer<Content>? {
            get { unsafe place.load(fromByteOffset: Self.contentOffset, as: UnsafeMutablePointer<Content>?.self) }
            nonmutating set {
                unsafe place.storeBytes(
                    of: newValue, toByteOffset: Self.contentOffset, as: UnsafeMutablePointer<Content>?.self)
            }
        }

        var row: Int {
            get { unsafe place.load(fromByteOffset: Self.rowOffset, as: Int.self) }
            nonmutating set { unsafe place.storeBytes(of: newValue, toByteOffset: Self.rowOffset, as: Int.self) }
        }

        var isAtEnd: Bool { unsafe row >= content?.pointee.events.count ?? 0 }
    }

    private static func open(
        _ cursor: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab_cursor>?>?
    ) -> Int32 {
        let place = unsafe UnsafeMutableRawPointer.allocate(
            byteCount: Cursor.size, alignment: MemoryLayout<sqlite3_vtab_cursor>.alignment)
        unsafe place.initializeMemory(as: UInt8.self, repeating: 0, count: Cursor.size)
        unsafe cursor?.pointee = place.assumingMemoryBound(to: sqlite3_vtab_cursor.self)
        return SQLITE_OK
    }

    private static func begin(
        _ cursor: Cursor, arguments count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) -> Int32 {
        // Nil where something else than the content was bound: the table is empty then.
        let content = unsafe count == 1 ? sqlite3_value_pointer(arguments?[0], pointerType) : nil
        unsafe cursor.content = content?.assumingMemoryBound(to: Content.self)
        unsafe cursor.row = 0
        return SQLITE_OK
    }

    private static func column(_ column: Int32, of cursor: Cursor, to context: OpaquePointer?) -> Int32 {
        let row = unsafe cursor.row
        guard let content = unsafe cursor.content,
            let event = unsafe content.pointee.events.baseAddress.map({ unsafe $0 + row })
        else { return SQLITE_ERROR }
        @inline(__always) func put(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            let text = unsafe content.pointee.bytes + event.pointee.start + range.lowerBound
            unsafe sqlite3_result_text(
                context, text.assumingMemoryBound(to: CChar.self), Int32(truncatingIfNeeded: range.count), nil)
        }
        @inline(__always) func put(_ number: Int64?) {
            if let number { unsafe sqlite3_result_int64(context, number) }
        }
        switch column {
        case 0: if unsafe row < content.pointee.ids.count { put(unsafe content.pointee.ids[row]) }
        case 1:
            let timestamp = unsafe content.pointee.timestamp
            var target = unsafe MutableSpan(_unsafeElements: timestamp)
            unsafe content.pointee.formatter.write(event.pointee.record.timestamp, into: &target)
            unsafe UnsafeRawPointer(timestamp.baseAddress).map { text in
                unsafe sqlite3_result_text(
                    context, text.assumingMemoryBound(to: CChar.self), Int32(TimestampFormatter.length), nil)
            }
        case 2: put(unsafe event.pointee.record.sessionID)
        case 3: put(unsafe event.pointee.record.eventType)
        case 4: put(unsafe event.pointee.record.workspaceHash)
        case 5: put(unsafe event.pointee.record.taskHash)
        case 6: put(unsafe event.pointee.record.command)
        case 7: put(unsafe event.pointee.record.durationMS)
        case 8: put(unsafe event.pointee.record.success.map { $0 ? 1 : 0 })
        case 9: put(unsafe event.pointee.record.errorCategory)
        case 10: put(unsafe event.pointee.record.templateUsed)
        case 11: put(unsafe event.pointee.record.servicesCount.map(Int64.init))
        case 12: put(unsafe event.pointee.record.portsUsed.map(Int64.init))
        default: break
        }
        return SQLITE_OK
    }
}
