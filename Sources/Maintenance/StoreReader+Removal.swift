package import Database
import GRDB

extension StoreReader {
    /// How many rows a purge would find now; what waits in the buffer is not among them.
    package func count(_ selection: PurgeSelection) throws(StoreError) -> (events: Int, sessions: Int) {
        try asStoreError(path) {
            try queue.read { database in
                let (condition, arguments) = selection.condition
                let row = try Row.fetchOne(
                    database, sql: "SELECT count(*), count(DISTINCT session_id) FROM events WHERE \(condition)",
                    arguments: arguments)
                return (row?[0] ?? 0, row?[1] ?? 0)
            }
        }
    }

    /// How many events a purge would remove that are only counted any more, as their rows were too old to be kept.
    package func countWithoutRows(_ selection: PurgeSelection) throws(StoreError) -> Int {
        guard let day = selection.firstDayThatStays else { return 0 }
        return try asStoreError(path) {
            try queue.read { database in
                let end = min(day * TimeBucket.perDay, try CompleteRows.firstBucket(in: database))
                return try Int.fetchOne(
                    database, sql: "SELECT coalesce(sum(events), 0) FROM activity_rollup WHERE slot < ?",
                    arguments: [end]) ?? 0
            }
        }
    }

    /// The beginning of the oldest quarter of an hour with events, in milliseconds since 1970; nil without any. Counts of
    /// rows that are no longer kept are among it.
    package func firstActivity() throws(StoreError) -> Int64? {
        try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT min(slot) FROM activity_rollup") }
                .map { $0 * TimeBucket.milliseconds }
        }
    }
}
