import Core
import GRDB
import SystemSupport

/// Counts that a transaction adds to the counters.
struct CounterTable {
    /// The most that is added at once: thousands of them fit a number of the table, so that made-up records do not end it.
    private static let most = 1 << 48

    private var counts: [Counter: Int] = [:]

    mutating func add(_ counter: Counter, _ times: Int) {
        if times > 0 { counts[counter] = min(counts[counter, default: 0].saturatingSum(times), Self.most) }
    }

    mutating func add(_ rejections: RejectionCounters) {
        for item in RejectionCounters.Item.all { add(.rejections(item), rejections[item]) }
    }

    /// Adds what was counted to the table and starts afresh.
    mutating func flush(into database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count")
        for (counter, count) in counts { try statement.execute(arguments: [counter.name, count]) }
        counts.removeAll(keepingCapacity: true)
    }
}
