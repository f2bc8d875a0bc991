import EventModel
import GRDB

/// Turns events in a stretch of a segment into rows. This is the hot path: every column of every event passes here, so
/// that SQLite fetches them itself, where they stand (see `WaitingRows`).
final class EventInserter {
    private let statement: Statement
    private var formatter = TimestampFormatter()

    /// `withIDs`: rows come with ids; otherwise SQLite numbers them, one behind the other.
    init(_ database: Database, withIDs: Bool = false) throws {
        let columns = ((withIDs ? ["id"] : []) + WaitingRows.columns).joined(separator: ",")
        statement = try database.makeStatement(
            sql: "INSERT INTO events (\(columns)) SELECT \(columns) FROM waiting_rows(?)")
    }

    /// Inserts `events`, whose payloads stand in `stretch`; returns how many rows SQLite says it added. `ids` are the rows'
    /// ids, one for each event, where they come with ids.
    func insert(_ events: [WaitingEvent], ids: [Int64] = [], of stretch: Span<UInt8>) throws -> Int {
        try WaitingRows.step(statement, over: events, ids: ids, of: stretch, &formatter)
    }
}
