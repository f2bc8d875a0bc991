import EventModel
import GRDB
package import Platform

extension SQLiteWriter {
    /// Takes in all the rows that `source` hands out, in one transaction: all of a snapshot or nothing of it. An error
    /// that ends the putting takes everything back and is thrown on.
    package func importRows(_ source: HandOff<ImportedRows>) throws -> ImportOutcome {
        do {
            let outcome = try withoutLogIfEmpty { try queue.write { try importRows(source, into: $0) } }
            try checkpoint(includingNewest: false)
            return outcome
        } catch {
            source.abandon()
            try recover()
            throw error
        }
    }

    private func importRows(_ source: HandOff<ImportedRows>, into database: Database) throws -> ImportOutcome {
        var outcome = ImportOutcome()
        var placing = try ImportPlacing(database)
        // Of days whose rows were too old to be kept only counts are left: their rows would be counted again.
        let kept = try Rollups.completeFrom(in: database) * RollupSlot.milliseconds
        while var rows = try source.take() {
            if kept > 0 { outcome.expired += rows.removeRows(before: kept) }
            let placed = try placing.place(rows) { try ingest.present($0, in: database) }
            try ingest.ingest(rows, placed: placed, into: database)
            outcome.imported += placed.count
            outcome.known += rows.count - placed.count
            // What is counted is written as often as in a transaction of its own, so that memory stays bounded.
            if ingest.isFull { try ingest.finish(into: database, now: clock.now()) }
        }
        try ingest.finish(into: database, now: clock.now())
        try placing.finish(in: database)
        return outcome
    }

    /// Has a transaction write to the database's file itself, if that has no events and nobody else has it open.
    ///
    /// A log would take each page in only to have it copied out again, after all that is only in the log was summed up anew for
    /// pages that were written twice: half of the time that storing takes. What the file held before stands beside it until the
    /// transaction ends, and whoever opens it next puts that back if it never does (https://www.sqlite.org/atomiccommit.html).
    /// Who wants to read meanwhile has to wait, and misses nothing.
    private func withoutLogIfEmpty<Result>(_ work: () throws -> Result) throws -> Result {
        let isWithoutLog = try leaveLogIfEmpty()
        defer { if isWithoutLog { returnToLog() } }
        return try work()
    }

    private func leaveLogIfEmpty() throws -> Bool {
        checkpointer.wait()
        return try queue.writeWithoutTransaction { database in
            guard try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM main.events)") == false else {
                return false
            }
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            // Whoever has it open keeps it from that.
            let mode = try? String.fetchOne(database, sql: "PRAGMA main.journal_mode = DELETE")
            try database.execute(sql: "PRAGMA busy_timeout = \(DatabaseOpening.busyMilliseconds)")
            guard mode == "delete" else { return false }
            logGauge.empty()
            // A commit is on disk before it counts, for what comes from a snapshot stands in no buffer.
            try database.execute(sql: "PRAGMA main.synchronous = EXTRA")
            return true
        }
    }

    /// Opening the database does the same, should it fail here.
    private func returnToLog() {
        try? queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA main.synchronous = NORMAL")
            _ = try String.fetchOne(database, sql: "PRAGMA main.journal_mode = WAL")
        }
    }
}
