import Core
package import GRDB

/// Keeps the promise that no row id is given twice, also when the row with the highest was removed: what is sent or
/// imported goes by ids. SQLite itself would give a new row the highest id that is there, plus one.
package enum RowIDs {
    /// Tables whose rows are numbered so.
    package enum Table: String, CaseIterable {
        case events, sessions
    }

    /// The highest id ever given in a table, to a row that is there or to one that is gone.
    package static func highest(of table: Table, in database: Database) throws -> Int64 {
        let stored = try Int64.fetchOne(database, sql: "SELECT max(id) FROM main.\(table.rawValue)") ?? 0
        // Imported rows may have been removed by another hand; what is noted of their origin is still about their ids.
        let imported =
            table == .events ? try Int64.fetchOne(database, sql: "SELECT max(last_id) FROM main.origins") ?? 0 : 0
        return try max(stored, imported, floor(of: table, in: database))
    }

    /// The highest id that new rows follow. Past it ids are exhausted: the rows of one more transaction still get ids that
    /// every reader of a snapshot accepts.
    private static let lastUsableID = RowProvenance.largestID - Int64(Limits.transactionEvents)

    /// The id for the next new row.
    ///
    /// - Throws: `StoreError.idsExhausted` where another tool, or an import by an older Nexus, has made a row with an id that
    ///   is too high.
    package static func next(of table: Table, in database: Database) throws -> Int64 {
        let highest = try highest(of: table, in: database)
        guard highest <= lastUsableID else { throw StoreError.idsExhausted(table: table.rawValue, id: highest) }
        return highest + 1
    }

    /// The first table without an id for a new row; nil when there is none.
    package static func exhaustedTable(in database: Database) throws -> Table? {
        try Table.allCases.first { try highest(of: $0, in: database) > lastUsableID }
    }

    /// Starts again with the id 1 in tables without rows whose ids are exhausted, inside a transaction of the caller's. The
    /// installation has got a new id in it, so no identity is given twice; the database gets a new name, so that the progress
    /// of a sync is not taken for that of the new ids.
    package static func restartExhausted(in database: Database) throws {
        try database.execute(sql: "DELETE FROM row_id_floors WHERE id > ?", arguments: [lastUsableID])
        guard database.changesCount > 0 else { return }
        try database.execute(sql: "UPDATE store SET id = lower(hex(randomblob(16)))")
    }

    /// The highest id that a table is known to have given out to a row that is gone; 0 when none is.
    private static func floor(of table: Table, in database: Database) throws -> Int64 {
        guard try database.tableExists("row_id_floors") else { return 0 }
        return try Int64.fetchOne(
            database, sql: "SELECT id FROM row_id_floors WHERE name = ?", arguments: [table.rawValue]) ?? 0
    }

    /// Notes the ids that have been given out, before rows are removed in the same transaction.
    package static func noteHighest(in database: Database) throws {
        for table in Table.allCases {
            try database.execute(
                sql: "INSERT OR REPLACE INTO row_id_floors VALUES (?, ?)",
                arguments: [table.rawValue, try highest(of: table, in: database)])
        }
    }
}
