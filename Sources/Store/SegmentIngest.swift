import EventModel
import GRDB
import Platform

/// Takes the records of a stretch of a segment into the tables: rows, sessions, rollups and books together, inside
/// one transaction of the caller's.
///
///     this thread, which has the database:   insert the rows of the stretch before
///     beside it:                             read the records of this one ─ count ─ lay out rows
///
/// What was counted is put in order beside this thread too, and written at the end of the transaction.
struct SegmentIngest {
    /// Bytes of a stretch, and events, from which on sharing the work pays: waking another thread takes as long as a few dozen
    /// events.
    private static let bytesWorthSharing = 32 * 1024
    private static let eventsWorthSharing = 200

    private let counts: EventCounts
    /// The id of the next row that comes without one, once the transaction has asked for it.
    private var nextID: Int64?
    /// Rows that SQLite says it added. Not among `counts`, which the thread that lays out rows has to itself meanwhile.
    private var added = CounterTable()
    /// Who inserts rows that are laid out and wait.
    private var waiting: (inserter: EventInserter, counter: Counter)?

    // Made when they are needed first: most commands that look whether something waits find nothing.
    private var inserters: [EventInserter] = []
    private var companion: Companion?

    init(keepsRollups: Bool) {
        counts = EventCounts(keepsRollups: keepsRollups)
    }

    /// Whether the transaction should end.
    var isFull: Bool { counts.withState { $0.isFull } }

    /// Takes every whole record of `stretch`, until the transaction or the group of rows is full; `isLast` when the segment
    /// ends with it.
    mutating func ingest(
        _ stretch: [UInt8], isLast: Bool, into database: Database
    ) throws -> EventCounts.Findings {
        let first = try nextID ?? RowIDs.next(of: .events, in: database)
        let findings = try layOut(
            as: .stored, in: database, isShared: stretch.count >= Self.bytesWorthSharing
        ) { [counts] rows in
            counts.take(stretch, isLast: isLast, first: first, into: &rows)
        }
        nextID = first + Int64(findings.events)
        return findings
    }

    /// Takes imported rows, as they are `placed`, in the order of their ids.
    mutating func ingest(_ rows: ImportedRows, placed: [PlacedRow], into database: Database) throws {
        for start in stride(from: 0, to: placed.count, by: Limits.insertedGroupEvents) {
            let group = placed[start..<min(start + Limits.insertedGroupEvents, placed.count)]
            try layOut(
                as: .imported, in: database, isShared: group.count >= Self.eventsWorthSharing
            ) { [counts] pages in
                counts.take(rows, placed: group, into: &pages)
            }
        }
    }

    /// The ids in the range that are in the table, those of rows that were taken included.
    mutating func present(_ ids: ClosedRange<Int64>, in database: Database) throws -> Set<Int64> {
        try insertWaiting()
        let found = try Int64.fetchCursor(
            database, sql: "SELECT id FROM events WHERE id BETWEEN ? AND ?",
            arguments: [ids.lowerBound, ids.upperBound])
        var present: Set<Int64> = []
        while let id = try found.next() { present.insert(id) }
        return present
    }

    /// Writes what the rows changed elsewhere, before the transaction ends.
    mutating func finish(into database: Database, now: Int64) throws {
        let usage = try counts.withState { try $0.usage.take(in: database) }
        if usage.events < Self.eventsWorthSharing {
            try insertWaiting()
            try usage.forEachPart { try RollupTable.add($0, in: database) }
            try finishTheRest(into: database, now: now)
        } else {
            let parts = HandOff<RollupTable.Part>(room: 4)
            let companion = makeCompanion()
            companion.begin {
                usage.forEachPart { _ = parts.put($0) }
                parts.end()
            }
            // Also where writing fails: nothing is put in order any more when this returns.
            defer {
                parts.abandon()
                companion.wait()
            }
            try insertWaiting()
            try finishTheRest(into: database, now: now)
            while let part = try parts.take() { try RollupTable.add(part, in: database) }
        }
        counts.withState { state in
            state.usage.giveBack(usage)
            state.endTransaction()
        }
        nextID = nil
    }

    private mutating func finishTheRest(into database: Database, now: Int64) throws {
        try counts.withState { state in
            try state.sessions.flush(into: database, now: now)
            try state.activity.flush(into: database)
            try state.counters.flush(into: database)
        }
        try added.flush(into: database)
    }

    /// Forgets what was not written: the transaction was taken back.
    mutating func abandon() {
        counts.withState { $0.abandon() }
        added = CounterTable()
        waiting = nil
        nextID = nil
    }

    mutating func closeOrphanedSessions(in database: Database, now: Int64) throws {
        try counts.withState { try $0.sessions.closeOrphans(in: database, now: now) }
    }

    // MARK: Rows

    /// Has rows laid out, beside this thread if that `isShared`, and inserts meanwhile those that wait.
    @discardableResult
    private mutating func layOut<Result: Sendable>(
        as counter: Counter, in database: Database, isShared: Bool,
        _ work: @escaping @Sendable (inout RowPages) -> Result
    ) throws -> Result {
        let next = try inserter(otherThan: waiting?.inserter, in: database)
        defer { waiting = (next, counter) }
        guard isShared else {
            try insertWaiting()
            return next.rows.layOut(work)
        }
        return try makeCompanion().run({ [rows = next.rows] in rows.layOut(work) }, beside: { try insertWaiting() })
    }

    private mutating func insertWaiting() throws {
        guard let (inserter, counter) = waiting else { return }
        waiting = nil
        added.add(counter, try inserter.insert())
    }

    /// One of two, in turn: while rows are laid out for the one the other inserts its own.
    private mutating func inserter(otherThan other: EventInserter?, in database: Database) throws -> EventInserter {
        if let free = inserters.first(where: { $0 !== other }) { return free }
        let inserter = try EventInserter(database, number: inserters.count)
        inserters.append(inserter)
        return inserter
    }

    private mutating func makeCompanion() -> Companion {
        let companion = self.companion ?? Companion()
        self.companion = companion
        return companion
    }
}
