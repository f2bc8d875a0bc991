package import Core
import GRDB
import SystemSupport

/// Counts that a transaction adds to the counters.
struct CounterTable {
    /// The largest number that one flush adds to a counter. The 64 bits of the column have space for thousands of such
    /// additions, so forged records cannot cause an overflow.
    private static let most = 1 << 48

    private var counts: [Counter: Int] = [:]

    mutating func add(_ counter: Counter, _ times: Int) {
        if times > 0 { counts[counter] = min(counts[counter, default: 0].saturatingSum(times), Self.most) }
    }

    mutating func add(_ rejections: RejectionCounters) {
        for item in RejectionCounters.Item.all { add(.rejections(item), rejections[item]) }
    }

    /// Adds the counts to the table and resets them.
    mutating func flush(into database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count")
        for (counter, count) in counts { try statement.execute(arguments: [counter.name, count]) }
        counts.removeAll(keepingCapacity: true)
    }
}

/// A line of the table `counters`.
package enum Counter: Hashable, Sendable {
    /// Accepted events that were read from the buffer. They are no longer pending.
    case accepted
    /// Events that became rows.
    case stored
    /// Rows that were imported from snapshots and histories. They count neither as received nor as accepted.
    case imported
    /// Fragments of records, left by recording processes that were killed. None of these records was acknowledged.
    case tornRecords
    /// Records that were written whole and are damaged now.
    case damagedRecords
    /// Rows that the user removed by a purge.
    case purged
    /// Rows that retention removed.
    case expired
    case rejections(RejectionCounters.Item)

    package var name: String {
        switch self {
        case .accepted: "accepted"
        case .stored: "stored"
        case .imported: "imported"
        case .tornRecords: "torn_records"
        case .damagedRecords: "damaged_records"
        case .purged: "purged"
        case .expired: "expired"
        case .rejections(.rejected(let reason)): "rejected:" + reason.name
        case .rejections(.droppedField): "dropped_fields"
        case .rejections(.cutCommand): "cut_commands"
        case .rejections(.droppedEvent): "dropped_events"
        case .rejections(.redactedValue): "redacted_values"
        }
    }

    static let all: [Counter] =
        [.accepted, .stored, .imported, .tornRecords, .damagedRecords, .purged, .expired]
        + RejectionCounters.Item.all.map(Counter.rejections)
}
