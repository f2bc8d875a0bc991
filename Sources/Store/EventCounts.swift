import EventModel
import Synchronization

/// What is counted of events beside storing their rows: sessions and usage, for a transaction. Counting needs no
/// database, so that it can be done while the rows are inserted.
final class EventCounts: Sendable {
    struct State {
        var sessions: SessionTable
        var usage = UsageRollup()
    }

    private let state: Mutex<State>
    private let keepsRollups: Bool

    init(keepsRollups: Bool) {
        self.keepsRollups = keepsRollups
        state = Mutex(State(sessions: SessionTable(keepsLengths: keepsRollups)))
    }

    /// Counts events that stand in `bytes`.
    func observe(_ events: [WaitingEvent], of bytes: [UInt8]) {
        state.withLock { state in
            let bytes = bytes.span
            for event in events {
                let record = event.record
                let payload = bytes.extracting(event.start..<bytes.count)
                state.sessions.observe(
                    event.type, success: record.success, at: record.timestamp,
                    session: payload.extracting(record.sessionID))
                if keepsRollups { state.usage.observe(record, event.type, payload) }
            }
        }
    }

    /// Looks at what was counted, or writes it.
    func withState<Result: Sendable>(_ use: (inout State) throws -> Result) rethrows -> Result {
        try state.withLock { try use(&$0) }
    }
}

/// An event that waits to be inserted: its record, and where its payload begins in the bytes that it stands in.
struct WaitingEvent: Sendable {
    let record: EventRecord
    let start: Int
    /// Its type, where that is one that Nexus knows.
    let type: EventType?
}
