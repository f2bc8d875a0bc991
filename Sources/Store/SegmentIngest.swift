import EventModel
import GRDB
import Platform
import WriteAheadBuffer

/// Takes the records of a stretch of a segment into the tables: rows, sessions, rollups and books together, inside
/// one transaction of the caller's.
///
///     records ─ group ─┬─ insert rows            (this thread: it has the database)
///                      └─ count sessions, usage  (beside it)
///
/// What was counted is put in order beside this thread too, and written at the end of the transaction.
struct SegmentIngest {
    /// Events that are inserted and counted at once: enough that handing them over does not count.
    private static let groupEvents = 1000
    /// Fewer than this are counted on this thread: waking another one takes longer.
    private static let eventsWorthSharing = 200

    // Made when they are needed first: most commands that look whether something waits find nothing.
    private var inserter: EventInserter?
    private var importer: EventInserter?
    private var companion: Companion?
    private let counts: EventCounts
    private var activity = ActivityRollup()
    private var counters = CounterTable()
    /// The quarters of an hour that the transaction's events lie in, and that of the last one.
    private var slots: Set<Int64> = []
    private var slot: Int64 = .min
    /// Events that wait to be inserted.
    private var group: [WaitingEvent] = []
    /// Their ids, where they come with ids.
    private var groupIDs: [Int64] = []
    /// The highest id in the table, while rows come with ids.
    private var highestRow: Int64 = 0

    private let keepsRollups: Bool

    init(keepsRollups: Bool) {
        self.keepsRollups = keepsRollups
        counts = EventCounts(keepsRollups: keepsRollups)
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
    mutating func ingest(_ stretch: [UInt8], isLast: Bool, into database: Database) throws -> Findings {
        var findings = Findings()
        var cursor = RecordCursor()
        scan: while true {
            if isFull {
                findings.isCutShort = true
                break
            }
            switch cursor.next(in: stretch.span, isLast: isLast) {
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

    /// Whether the transaction touches so much that it should end: each quarter of an hour and each session changes pages
    /// of its own.
    var isFull: Bool { slots.count >= Limits.transactionSlots || hasManySessions }
    /// Looked at after every group.
    private var hasManySessions = false

    /// Takes imported rows under `ids`, ascending but for what was here before; nil: not to be taken. Returns how many it
    /// took.
    mutating func ingest(_ rows: ImportedRows, under ids: [Int64?], into database: Database) throws -> Int {
        highestRow = try Int64.fetchOne(database, sql: "SELECT max(id) FROM events") ?? 0
        var taken = 0
        for (row, id) in zip(rows.rows, ids) {
            guard let id else { continue }
            groupIDs.append(id)
            _ = try take(row.place, of: rows.bytes, into: database)
            taken += 1
        }
        try insertGroup(of: rows.bytes, into: database)
        return taken
    }

    /// Writes what the rows changed elsewhere, before the transaction ends.
    mutating func finish(into database: Database, now: Int64) throws {
        let usage = try counts.withState { try $0.usage.take(in: database) }
        if usage.events < Self.eventsWorthSharing {
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
            try finishTheRest(into: database, now: now)
            while let part = try parts.take() { try RollupTable.add(part, in: database) }
        }
        counts.withState { $0.usage.giveBack(usage) }
        endTransaction()
    }

    private mutating func finishTheRest(into database: Database, now: Int64) throws {
        try counts.withState { try $0.sessions.flush(into: database, now: now) }
        try activity.flush(into: database)
        try counters.flush(into: database)
    }

    /// Forgets what was not written: the transaction was taken back.
    mutating func abandon() {
        counts.withState { state in
            state.sessions.forget()
            state.usage.abandon()
        }
        activity = ActivityRollup()
        counters = CounterTable()
        group.removeAll(keepingCapacity: true)
        groupIDs.removeAll(keepingCapacity: true)
        endTransaction()
    }

    mutating func closeOrphanedSessions(in database: Database, now: Int64) throws {
        try counts.withState { try $0.sessions.closeOrphans(in: database, now: now) }
    }

    private mutating func endTransaction() {
        slots.removeAll(keepingCapacity: true)
        slot = .min
        hasManySessions = false
    }

    // MARK: Events

    /// Takes one record; true when it is an event.
    private mutating func take(_ place: Range<Int>, of stretch: [UInt8], into database: Database) throws -> Bool {
        let payload = stretch.span.extracting(place)
        if let record = EventRecord(payload) {
            let slot = RollupSlot.containing(record.timestamp)
            if slot != self.slot {
                self.slot = slot
                slots.insert(slot)
            }
            let type = EventType(payload.extracting(record.eventType))
            group.append(WaitingEvent(record: record, start: place.lowerBound, type: type))
            if group.count == Self.groupEvents { try insertGroup(of: stretch, into: database) }
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

    /// Inserts the events that wait and counts them.
    private mutating func insertGroup(of stretch: [UInt8], into database: Database) throws {
        guard !group.isEmpty else { return }
        if group.count < Self.eventsWorthSharing {
            try insertRows(of: stretch, into: database)
            counts.observe(group, of: stretch)
        } else {
            let companion = makeCompanion()
            companion.begin { [counts, group] in counts.observe(group, of: stretch) }
            // Also where inserting fails: nothing is being counted any more when this returns.
            defer { companion.wait() }
            try insertRows(of: stretch, into: database)
        }
        hasManySessions = counts.withState { $0.sessions.isFull }
        group.removeAll(keepingCapacity: true)
        groupIDs.removeAll(keepingCapacity: true)
    }

    private mutating func insertRows(of stretch: [UInt8], into database: Database) throws {
        let isImport = !groupIDs.isEmpty
        if isImport, !areNext(groupIDs) {
            let importer = try self.importer ?? EventInserter(database, withIDs: true)
            self.importer = importer
            counters.add(.imported, try importer.insert(group, ids: groupIDs, of: stretch.span))
        } else {
            let inserter = try self.inserter ?? EventInserter(database)
            self.inserter = inserter
            counters.add(isImport ? .imported : .stored, try inserter.insert(group, of: stretch.span))
        }
        if isImport { highestRow = groupIDs.reduce(highestRow, max) }
        guard keepsRollups else { return }
        // SQLite numbers new rows one behind the other.
        var row = database.lastInsertedRowID - Int64(group.count)
        for (index, event) in group.enumerated() {
            row = isImport ? groupIDs[index] : row + 1
            activity.observe(event.type, success: event.record.success, at: event.record.timestamp, row: row)
        }
    }

    private mutating func makeCompanion() -> Companion {
        let companion = self.companion ?? Companion()
        self.companion = companion
        return companion
    }
}
