import Core
import GRDB
import SystemSupport
import WriteAheadBuffer

/// Ingests records into the tables: rows, sessions, activity, derived tables and counters, inside one transaction of
/// the caller.
///
/// Rows are inserted a chunk at a time. Changes to other tables are counted in memory and written by `finish`.
struct SegmentIngest {
    /// The result of ingesting a chunk of a segment.
    struct Findings {
        /// The number of bytes of the chunk that were processed.
        fileprivate(set) var consumed = 0
        fileprivate(set) var events = 0
        fileprivate(set) var isDamaged = false
        /// Whether ingest stopped before the chunk's end, because the transaction is full.
        fileprivate(set) var isCutShort = false
    }

    private var sessions = SessionTable()
    private var activity = ActivityRollup()
    private var counters = CounterTable()
    private var derivedTables: any DerivedTables

    /// The 15-minute buckets of the transaction's events.
    private var slots: Set<Int64> = []
    /// The bucket of the last event.
    private var slot: Int64 = .min
    private var events = 0
    private var bytes = 0

    /// The id for the row of the next recorded event. Nil until the transaction has read it from the database.
    private var nextID: Int64?
    /// Rows of the current chunk to insert.
    private var rows: [EventInserter.Row] = []
    /// Prepared for the first row and not earlier, because most commands that check for pending events find no event.
    private var inserter: EventInserter?

    init(derivedTables: any DerivedTables) {
        self.derivedTables = derivedTables
    }

    /// Whether the transaction should end. The numbers of buckets and sessions are limited too, because each further
    /// bucket or session changes more database pages.
    var isFull: Bool {
        events >= Limits.transactionEvents || bytes >= Limits.transactionBytes
            || slots.count >= Limits.transactionSlots || sessions.isFull
    }

    /// Ingests every whole record of a chunk, until the transaction is full.
    /// - Parameter isLast: whether the segment ends with the chunk.
    mutating func ingest(_ chunk: [UInt8], isLast: Bool, into database: Database) throws -> Findings {
        var findings = Findings()
        var cursor = RecordCursor()
        var id = try nextID ?? RowIDs.next(of: .events, in: database)
        scan: while true {
            if isFull {
                findings.isCutShort = true
                break
            }
            switch cursor.next(in: chunk.span, isLast: isLast) {
            case .record(let range):
                if observe(chunk.span.extracting(range), id: id, start: range.lowerBound) {
                    findings.events += 1
                    id += 1
                }
            case .gap(_, let isTorn):
                counters.add(isTorn ? .tornRecords : .damagedRecords, 1)
                findings.isDamaged = true
            case .needsMore, .end:
                break scan
            }
        }
        try insertRows(of: chunk.span, as: .stored, into: database)
        counters.add(.accepted, findings.events)
        nextID = id
        findings.consumed = cursor.offset
        return findings
    }

    /// Ingests imported rows under the ids in `placed`.
    mutating func ingest(_ imported: ImportedRows, placed: [PlacedRow], into database: Database) throws {
        for row in placed {
            _ = observe(imported.bytes.span.extracting(row.place), id: row.id, start: row.place.lowerBound)
        }
        try insertRows(of: imported.bytes.span, as: .imported, into: database)
    }

    /// Writes the changes that the inserted rows cause in other tables. The caller must call it before the transaction
    /// ends.
    mutating func finish(into database: Database, now: Int64) throws {
        try sessions.flush(into: database, now: now) { derivedTables.observe($0, replacing: $1) }
        try derivedTables.flush(into: database)
        try activity.flush(into: database)
        try counters.flush(into: database)
        endTransaction()
    }

    /// Computes a part of the aggregates that an earlier version of Nexus did not compute (see
    /// `DerivedTables.catchUp`). It must not be called while changes wait for `finish`.
    func catchUp(in database: Database) throws -> Double { try derivedTables.catchUp(in: database) }

    /// Discards unwritten changes and cached rows, after a rollback or after rows were removed.
    mutating func abandon() {
        sessions.forget()
        activity = ActivityRollup()
        derivedTables.abandon()
        counters = CounterTable()
        rows.removeAll(keepingCapacity: true)
        endTransaction()
    }

    private mutating func endTransaction() {
        (events, bytes) = (0, 0)
        slots.removeAll(keepingCapacity: true)
        slot = .min
        nextID = nil
    }

    mutating func closeOrphanedSessions(in database: Database, now: Int64) throws {
        try sessions.closeOrphans(in: database, now: now)
    }

    // MARK: Records

    /// Counts one record. If the record is an event, adds it to `rows` for insertion and returns true.
    private mutating func observe(_ payload: Span<UInt8>, id: Int64, start: Int) -> Bool {
        guard let record = EventRecord(payload), record.isWithinLimits else {
            if let rejections = RejectionCounters(payload) {
                counters.add(rejections)
            } else {
                counters.add(.damagedRecords, 1)
            }
            return false
        }
        events += 1
        bytes += payload.count
        let slot = TimeBucket.containing(record.timestamp)
        if slot != self.slot {
            self.slot = slot
            slots.insert(slot)
        }
        let type = EventType(payload.extracting(record.eventType))
        let session = payload.extracting(record.sessionID)
        if !HistorySession.contains(session) {
            sessions.observe(
                type, success: record.success, at: record.timestamp, durationMS: record.durationMS, session: session)
        }
        activity.observe(type, success: record.success, at: record.timestamp, row: id)
        derivedTables.observe(record, type, payload)
        rows.append(EventInserter.Row(id: id, start: start, record: record))
        return true
    }

    private mutating func insertRows(of payloads: Span<UInt8>, as counter: Counter, into database: Database) throws {
        guard !rows.isEmpty else { return }
        if inserter == nil { inserter = try EventInserter(database) }
        counters.add(counter, try inserter?.insert(rows, payloads: payloads) ?? 0)
        rows.removeAll(keepingCapacity: true)
    }
}
