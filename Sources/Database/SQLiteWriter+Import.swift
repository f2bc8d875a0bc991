import Core
import GRDB
package import SystemSupport

extension SQLiteWriter {
    /// Imports all rows of a queue in one transaction, and then checkpoints. If the transaction fails, no row is
    /// imported.
    /// - Throws: the error that the queue ended with, a `CancellationError` or a `StoreError`, after the transaction
    ///   was rolled back. If only the checkpoint fails, the rows stay imported.
    package func importRows(from source: BoundedQueue<ImportedRows>) throws -> ImportOutcome {
        do {
            let outcome = try queue.write { try importRows(from: source, into: $0) }
            try checkpoint(includingNewest: false)
            return outcome
        } catch {
            source.abandon()
            try recover()
            throw error is DatabaseError ? StoreError(error, path: data.databasePath) : error
        }
    }

    private func importRows(
        from source: BoundedQueue<ImportedRows>, into database: Database
    ) throws -> ImportOutcome {
        var outcome = ImportOutcome()
        var placing = try ImportPlacing(database)
        // For days whose rows retention removed, only aggregates remain. The aggregates include the removed rows, so
        // the snapshot's rows of these days are skipped.
        let kept = try CompleteRows.firstBucket(in: database) * TimeBucket.milliseconds
        while var rows = try source.take() {
            try Task.checkCancellation()
            if kept > 0 { outcome.expired += rows.removeRows(before: kept) }
            let placed = try placing.place(rows) { try Self.presentIDs($0, in: database) }
            try ingest.ingest(rows, placed: placed, into: database)
            outcome.imported += placed.count
            outcome.known += rows.count - placed.count
            // The changes to other tables are written whenever the transaction of a drain would be full, so that memory
            // stays bounded.
            if ingest.isFull { try ingest.finish(into: database, now: clock.now()) }
        }
        try ingest.finish(into: database, now: clock.now())
        try placing.finish(in: database)
        return outcome
    }

    /// Returns the ids of a range that are in the table.
    private static func presentIDs(_ ids: ClosedRange<Int64>, in database: Database) throws -> Set<Int64> {
        try Set(
            Int64.fetchCursor(
                database, sql: "SELECT id FROM events WHERE id BETWEEN ? AND ?",
                arguments: [ids.lowerBound, ids.upperBound]))
    }
}
