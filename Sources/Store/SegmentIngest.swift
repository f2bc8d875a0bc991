import EventModel
import GRDB
import WriteAheadBuffer

/// Takes the records of a stretch of a segment into the tables: rows, sessions, rollups and books together, inside
/// one transaction of the caller's.
struct SegmentIngest {
    // Made when they are needed first: most commands that look whether something waits find nothing.
    private var inserter: EventInserter?
    private var importer: EventInserter?
    private var sessions: SessionTable
    private var activity = ActivityRollup()
    private var usage = UsageRollup()
    private var counters = CounterTable()
    /// Events that wait to fill a statement.
    private var group: [(record: EventRecord, start: Int)] = []
    /// Their ids, where they come with ids.
    private var groupIDs: [Int64] = []
    /// The highest id in the table, while rows come with ids.
    private var highestRow: Int64 = 0

    private let keepsRollups: Bool

    init(keepsRollups: Bool) {
        self.keepsRollups = keepsRollups
        sessions = SessionTable(keepsLengths: keepsRollups)
    }

    /// What was found in a stretch.
    struct Findings {
        /// How many bytes of it are done with.
        var consumed = 0
        var events = 0
        var isDamaged = false
        /// Whether the stretch was left before its end, as the transaction has become large.
        var isCutShort = false
    }

    /// Takes every whole record of `stretch`, until the transaction is full; `isLast` when the segment ends with it.
    mutating func ingest(_ stretch: Span<UInt8>, isLast: Bool, into database: Database) throws -> Findings {
        var findings = Findings()
        var cursor = RecordCursor()
        scan: while true {
            if isFull {
                findings.isCutShort = true
                break
            }
            switch cursor.next(in: stretch, isLast: isLast) {
            case .record(let payload):
                if try take(payload, of: stretch, into: database) { findings.events += 1 }
            case .gap(_, let isTorn):
                counters.add(isTorn ? .tornRecords : .damagedRecords, 1)
                findings.isDamaged = true
            case .needsMore, .end:
                break scan
            }
        }
        try insertGroup(of: stretch, into: database)
        counters.add(.accepted, findings.events)
        findings.consumed = cursor.offset
        return findings
    }

    /// Whether the transaction touches so much that it should end.
    var isFull: Bool { usage.isFull || sessions.isFull }

    /// Takes imported rows under `ids`, ascending but for what was here before; nil: not to be taken. Returns how many it
    /// took.
    mutating func ingest(_ rows: ImportedRows, under ids: [Int64?], into database: Database) throws -> Int {
        let stretch = rows.bytes.span
        highestRow = try Int64.fetchOne(database, sql: "SELECT max(id) FROM events") ?? 0
        var taken = 0
        for (row, id) in zip(rows.rows, ids) {
            guard let id else { continue }
            groupIDs.append(id)
            _ = try take(row.place, of: stretch, into: database)
            taken += 1
        }
        try insertGroup(of: stretch, into: database)
        return taken
    }

    /// Writes what the rows changed elsewhere, before the transaction ends.
    mutating func finish(into database: Database, now: Int64) throws {
        try sessions.flush(into: database, now: now)
        try activity.flush(into: database)
        try usage.flush(into: database)
        try counters.flush(into: database)
    }

    /// Forgets what was not written: the transaction was taken back.
    mutating func abandon() {
        sessions.forget()
        activity = ActivityRollup()
        usage.abandon()
        counters = CounterTable()
        group.removeAll(keepingCapacity: true)
        groupIDs.removeAll(keepingCapacity: true)
    }

    mutating func closeOrphanedSessions(in database: Database, now: Int64) throws {
        try sessions.closeOrphans(in: database, now: now)
    }

    /// Takes one record; true when it is an event.
    private mutating func take(_ place: Range<Int>, of stretch: Span<UInt8>, into database: Database) throws -> Bool {
        let payload = stretch.extracting(place)
        if let record = EventRecord(payload) {
            group.append((record, place.lowerBound))
            if group.count == EventInserter.rowsPerStatement {
                try insertGroup(of: stretch, into: database)
            }
            return true
        }
        if let tally = Tally(payload) { counters.add(tally) } else { counters.add(.damagedRecords, 1) }
        return false
    }

    /// Whether rows with these ids are numbered as SQLite itself would number them: it then need not look where each goes.
    private func areNext(_ ids: [Int64]) -> Bool {
        for (offset, id) in ids.enumerated() where id != highestRow + 1 + Int64(offset) { return false }
        return true
    }

    /// Inserts the events that wait and counts them, while they stand in the processor's cache.
    private mutating func insertGroup(of stretch: Span<UInt8>, into database: Database) throws {
        guard !group.isEmpty else { return }
        let isImport = !groupIDs.isEmpty
        if isImport, !areNext(groupIDs) {
            let importer = try self.importer ?? EventInserter(database, withIDs: true)
            self.importer = importer
            counters.add(.imported, try importer.insert(group, ids: groupIDs, of: stretch))
        } else {
            let inserter = try self.inserter ?? EventInserter(database)
            self.inserter = inserter
            counters.add(isImport ? .imported : .stored, try inserter.insert(group, of: stretch))
        }
        if isImport { highestRow = groupIDs.reduce(highestRow, max) }
        // SQLite numbers new rows one behind the other.
        var row = database.lastInsertedRowID - Int64(group.count)
        for (index, (record, start)) in group.enumerated() {
            row = isImport ? groupIDs[index] : row + 1
            let payload = stretch.extracting(start..<stretch.count)
            let type = EventType(payload.extracting(record.eventType))
            try sessions.observe(
                type, success: record.success, at: record.timestamp, session: payload.extracting(record.sessionID),
                in: database)
            guard keepsRollups else { continue }
            activity.observe(type, success: record.success, at: record.timestamp, row: row)
            try usage.observe(record, type, payload, in: database)
        }
        group.removeAll(keepingCapacity: true)
        groupIDs.removeAll(keepingCapacity: true)
    }
}
