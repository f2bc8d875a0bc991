import EventModel
import Platform
import Synchronization
import WriteAheadBuffer

/// Takes events in as far as that needs no database: reads their records, counts them, for a transaction, and lays them out as
/// rows. So that it can be done on another thread while the database's inserts the rows before.
final class EventCounts: Sendable {
    /// What was counted in the transaction so far.
    struct State {
        var sessions: SessionTable
        var activity = ActivityRollup()
        var usage = UsageRollup()
        var counters = CounterTable()
        /// The quarters of an hour that the events lie in, and that of the last one.
        fileprivate var slots: Set<Int64> = []
        fileprivate var slot: Int64 = .min
        fileprivate var events = 0
        fileprivate var bytes = 0
        fileprivate let keepsRollups: Bool

        /// Whether the transaction touches so much that it should end: each quarter of an hour and each session changes pages
        /// of its own.
        var isFull: Bool {
            events >= Limits.transactionEvents || bytes >= Limits.transactionBytes
                || slots.count >= Limits.transactionSlots || sessions.isFull
        }
    }

    /// What was found in a stretch.
    struct Findings {
        /// How many bytes of it are done with.
        fileprivate(set) var consumed = 0
        fileprivate(set) var events = 0
        fileprivate(set) var isDamaged = false
        /// Whether the stretch was left before its end, as the transaction or the group of rows is full.
        fileprivate(set) var isCutShort = false
    }

    private let state: Mutex<State>

    init(keepsRollups: Bool) {
        state = Mutex(State(sessions: SessionTable(keepsLengths: keepsRollups), keepsRollups: keepsRollups))
    }

    /// Takes every whole record of `stretch`, until the transaction or `rows` is full; `isLast` when the segment ends with it.
    /// Rows are numbered from `first` on.
    func take(_ stretch: [UInt8], isLast: Bool, first: Int64, into rows: inout RowPages) -> Findings {
        state.withLock { state in
            var findings = Findings()
            var cursor = RecordCursor()
            scan: while true {
                if state.isFull || rows.isFull {
                    findings.isCutShort = true
                    break
                }
                switch cursor.next(in: stretch.span, isLast: isLast) {
                case .record(let place):
                    let row = first + Int64(findings.events)
                    if state.take(stretch.span.extracting(place), row: row, into: &rows) { findings.events += 1 }
                case .gap(_, let isTorn):
                    state.counters.add(isTorn ? .tornRecords : .damagedRecords, 1)
                    findings.isDamaged = true
                case .needsMore, .end:
                    break scan
                }
            }
            state.counters.add(.accepted, findings.events)
            findings.consumed = cursor.offset
            return findings
        }
    }

    /// Takes imported rows as they are placed, in the order of their ids.
    func take(_ rows: ImportedRows, placed: ArraySlice<PlacedRow>, into pages: inout RowPages) {
        state.withLock { state in
            for row in placed { _ = state.take(rows.bytes.span.extracting(row.place), row: row.id, into: &pages) }
        }
    }

    /// Looks at what was counted, or writes it.
    func withState<Result: Sendable>(_ use: (inout State) throws -> Result) rethrows -> Result {
        try state.withLock { try use(&$0) }
    }
}

extension EventCounts.State {
    /// Takes the payload of one record; true when it is an event.
    fileprivate mutating func take(_ payload: Span<UInt8>, row: Int64, into rows: inout RowPages) -> Bool {
        guard let record = EventRecord(payload), record.isWithinLimits else {
            if let tally = Tally(payload) { counters.add(tally) } else { counters.add(.damagedRecords, 1) }
            return false
        }
        events += 1
        bytes += payload.count
        let slot = RollupSlot.containing(record.timestamp)
        if slot != self.slot {
            self.slot = slot
            slots.insert(slot)
        }
        let type = EventType(payload.extracting(record.eventType))
        sessions.observe(
            type, success: record.success, at: record.timestamp, session: payload.extracting(record.sessionID))
        if keepsRollups {
            activity.observe(type, success: record.success, at: record.timestamp, row: row)
            usage.observe(record, type, payload)
        }
        rows.append(record, payload, id: row)
        return true
    }

    /// The transaction has ended.
    mutating func endTransaction() {
        (events, bytes) = (0, 0)
        slots.removeAll(keepingCapacity: true)
        slot = .min
    }

    /// Forgets what was not written: the transaction was taken back.
    mutating func abandon() {
        sessions.forget()
        activity = ActivityRollup()
        usage.abandon()
        counters = CounterTable()
        endTransaction()
    }
}
