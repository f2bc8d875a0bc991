import Core
package import Database
import GRDB
import SystemSupport

/// Counts rows and adds the counts to rollups. The memory is bounded, except for the session ids that `copySessions`
/// needs.
struct Recount {
    /// The number of events and sessions that are counted between two writes.
    private static let countsBetweenWrites = Limits.transactionEvents

    private let slots: Range<Int64>
    private let target: Database
    /// The kinds of usage that are written.
    private let kinds: [RollupKind]
    private let countsActivity: Bool
    private var activity = ActivityRollup()
    private var usage = UsageRollup()
    private var lengths = SessionLengths()
    private var counted = 0
    private var rowsRead = 0
    private var sessions = ByteKeyTable()

    /// Creates a recount of the events and sessions in the 15-minute buckets `slots`. It adds the counts to the rollups
    /// of `target`.
    /// - Parameters:
    ///   - kinds: the kinds of usage that are written.
    ///   - countsActivity: whether `activity_rollup` is written too.
    init(
        slots: Range<Int64>, into target: Database, kinds: [RollupKind] = RollupKind.allCases,
        countsActivity: Bool = true
    ) {
        self.slots = slots
        self.target = target
        self.kinds = kinds
        self.countsActivity = countsActivity
    }

    /// Counts an event if it is in one of the buckets `slots`; returns false otherwise.
    private mutating func take(_ row: borrowing EventRow) throws -> Bool {
        guard let numbers = row.numbers, slots.contains(TimeBucket.containing(numbers.timestamp)) else { return false }
        let bytes = row.bytes.span
        let type = bytes.extracting(row.text(.eventType))
        let known = EventType(type)
        if countsActivity { activity.observe(known, success: numbers.success, at: numbers.timestamp, row: row.id) }
        usage.observe(
            numbers, type: type, known: known, workspace: bytes.extracting(row.text(.workspaceHash)),
            task: bytes.extracting(row.text(.taskHash)), command: bytes.extracting(row.text(.command)),
            category: bytes.extracting(row.text(.errorCategory)), template: bytes.extracting(row.text(.templateUsed)))
        try count()
        return true
    }

    /// Counts the events of `source` that pass a filter and have a time in the buckets `slots` and a row id in `rows`.
    /// - Parameters:
    ///   - notesSessions: whether the sessions of the counted events are remembered for `copySessions`.
    ///   - report: is called regularly with the number of rows read so far.
    mutating func take(
        _ rows: ClosedRange<Int64>, _ filter: UsageFilter = UsageFilter(), of source: Database,
        notesSessions: Bool = false, report: (Int) -> Void = { _ in }
    ) throws {
        let condition = filter.sql
        var reader = try EventRowReader(
            source, where: "id BETWEEN ? AND ?" + condition.text,
            arguments: [rows.lowerBound, rows.upperBound] + condition.arguments)
        var isRow = true
        while isRow {
            isRow = try reader.next { row in
                if try take(row), notesSessions {
                    _ = sessions.index(of: row.bytes.span.extracting(row.text(.sessionID)))
                }
            }
            rowsRead += 1
            if rowsRead % Self.countsBetweenWrites == 0 { report(rowsRead) }
        }
    }

    /// Counts the lengths of all sessions of `source` that started in the buckets `slots`.
    mutating func countSessions(of source: Database) throws {
        let rows = try Row.fetchCursor(source, sql: Self.lengthsQuery)
        while let row = try rows.next() { try countSession(row) }
    }

    /// Adds the counts to the rollups of `target`.
    mutating func finish() throws {
        if countsActivity { try activity.flush(into: target) }
        try usage.flush(kinds, into: target)
        try lengths.flush(into: target)
    }

    // MARK: Sessions of some events

    /// Copies the remembered sessions that started in the buckets `slots` into `target`, and counts their lengths.
    mutating func copySessions(from source: Database) throws {
        let lengths = try source.makeStatement(sql: Self.lengthsQuery + " WHERE session_id = ?")
        let row = try source.makeStatement(sql: "SELECT * FROM sessions WHERE session_id = ?")
        let copy = try target.makeStatement(sql: "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for index in 0..<sessions.count {
            let id = String(decoding: sessions.key(at: index), as: UTF8.self)
            guard let length = try Row.fetchOne(lengths, arguments: [id]), try countSession(length),
                let session = try Row.fetchOne(row, arguments: [id])
            else { continue }
            try copy.execute(arguments: StatementArguments(session.databaseValues))
        }
        try finish()
    }

    private static let lengthsQuery = """
        SELECT started_at, ended_at, last_event FROM sessions LEFT JOIN open_sessions ON session = sessions.id
        """

    /// Counts a session; returns false if it did not start in the buckets `slots`.
    @discardableResult
    private mutating func countSession(_ row: Row) throws -> Bool {
        func milliseconds(_ column: Int) -> Int64? {
            String.fromDatabaseValue(row[column] as DatabaseValue).flatMap(Timestamp.milliseconds(ofDatabaseText:))
        }
        guard let startedAt = milliseconds(0), slots.contains(TimeBucket.containing(startedAt)) else { return false }
        let lastEvent = milliseconds(1) ?? row[2] ?? startedAt
        lengths.count(startedAt: startedAt, durationMS: max(0, lastEvent - startedAt))
        try count()
        return true
    }

    private mutating func count() throws {
        counted += 1
        if counted % Self.countsBetweenWrites == 0 { try finish() }
    }
}

extension StoreReader {
    /// Returns a store that answers queries as if only the events in `window` that pass `filter` had been recorded. The
    /// window is in milliseconds since 1970 and consists of whole 15-minute buckets.
    ///
    /// The store answers every query without a further filter about activity, usage and sessions. It contains each
    /// session that started in the window and has at least one event in the window that passes. These sessions keep the
    /// length and counts of all their events.
    ///
    /// This function reads the rows of the window, in time proportional to their number, and keeps the counts in
    /// memory. `UsageReader` calls it only if aggregates cannot answer a query.
    package func filtered(_ filter: UsageFilter, in window: Range<Int64>) throws(StoreError) -> StoreReader {
        try asStoreError(path) {
            let counts = try DatabaseOpening.scratch(inMemory: true)
            let slots = Self.slotRange(window)
            try counts.write { target in
                try queue.read { source in
                    let kinds = RollupKind.allCases.filter { !RollupKind.filtered.contains($0) }
                    var recount = Recount(slots: slots, into: target, kinds: kinds)
                    for rows in try RowRanges.covering(slots: slots, in: source) {
                        try recount.take(rows, filter, of: source, notesSessions: true)
                    }
                    try recount.finish()
                    try recount.copySessions(from: source)
                }
            }
            return StoreReader(queue: counts, data: data)
        }
    }

    /// Returns a store that contains the given kinds of usage of one day (its number since 1970, UTC), and nothing
    /// else. The function reads the rows of the day and keeps the counts in memory.
    func recounted(_ kinds: [RollupKind], ofDay day: Int64) throws(StoreError) -> StoreReader {
        try asStoreError(path) {
            let counts = try DatabaseOpening.scratch(inMemory: true)
            let slots = TimeBucket.buckets(ofDays: day..<day + 1)
            try counts.write { target in
                try queue.read { source in
                    var recount = Recount(slots: slots, into: target, kinds: kinds, countsActivity: false)
                    for rows in try RowRanges.covering(slots: slots, in: source) { try recount.take(rows, of: source) }
                    try recount.finish()
                }
            }
            return StoreReader(queue: counts, data: data)
        }
    }
}

extension EventRow {
    /// The numbers of the event; nil if its time cannot be read. An invalid value in another column is ignored, because
    /// another program may have written the row.
    fileprivate var numbers: EventNumbers? {
        guard let timestamp = Timestamp.parse(databaseText: bytes.span.extracting(text(.timestamp))) else { return nil }
        return EventNumbers(
            timestamp: timestamp, durationMS: integer(.durationMS), success: integer(.success).map { $0 != 0 },
            servicesCount: integer(.servicesCount).map { UInt32(clamping: $0) },
            portsUsed: integer(.portsUsed).map { UInt32(clamping: $0) })
    }

    /// Returns the range of a column's text in `bytes`; empty if the column has no text.
    fileprivate func text(_ column: Column) -> Range<Int> {
        if case .text(let place) = self[column] { place } else { 0..<0 }
    }

    private func integer(_ column: Column) -> Int64? {
        if case .integer(let number) = self[column] { number } else { nil }
    }
}
