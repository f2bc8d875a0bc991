import Core
package import GRDB

/// Guarantees that no row id is reused, even if the row with the highest id was removed. Sync and import need this,
/// because they identify rows by ids. SQLite itself would give a new row the highest existing id plus one.
package enum RowIDs {
    /// Tables whose ids are never reused.
    package enum Table: String, CaseIterable {
        case events, sessions
    }

    /// Returns the highest id ever assigned in a table, including the ids of removed rows.
    package static func highest(of table: Table, in database: Database) throws -> Int64 {
        let stored = try Int64.fetchOne(database, sql: "SELECT max(id) FROM main.\(table.rawValue)") ?? 0
        // Another program may have removed imported rows; the lines of these rows in `origins` still reserve the ids.
        let imported =
            table == .events ? try Int64.fetchOne(database, sql: "SELECT max(last_id) FROM main.origins") ?? 0 : 0
        return try max(stored, imported, floor(of: table, in: database))
    }

    /// If the highest id is above this number, the ids count as exhausted. The number leaves enough ids for one more
    /// transaction of a drain, so that every recorded id is at most `RowProvenance.largestID`. Every reader of a
    /// snapshot accepts such ids.
    private static let lastUsableID = RowProvenance.largestID - Int64(Limits.transactionEvents)

    /// Returns the id for the next new row.
    ///
    /// - Throws: `StoreError.idsExhausted` if another tool, or an import by an older Nexus, has stored a row with an id
    ///   that is too high.
    package static func next(of table: Table, in database: Database) throws -> Int64 {
        let highest = try highest(of: table, in: database)
        guard highest <= lastUsableID else { throw StoreError.idsExhausted(table: table.rawValue, id: highest) }
        return highest + 1
    }

    /// Returns the first table whose ids are exhausted; nil when there is no such table.
    package static func exhaustedTable(in database: Database) throws -> Table? {
        try Table.allCases.first { try highest(of: $0, in: database) > lastUsableID }
    }

    /// Restarts the ids at 1 in empty tables whose ids are exhausted, inside the caller's transaction. The caller must
    /// also give the installation a new id in this transaction, so no identity is reused. The database gets a new name,
    /// so that the progress of a sync is not applied to the new ids.
    package static func restartExhausted(in database: Database) throws {
        try database.execute(sql: "DELETE FROM row_id_floors WHERE id > ?", arguments: [lastUsableID])
        guard database.changesCount > 0 else { return }
        try database.execute(sql: "UPDATE store SET id = lower(hex(randomblob(16)))")
    }

    /// Returns the highest id that a table had ever assigned when rows were last removed; 0 if none were removed.
    private static func floor(of table: Table, in database: Database) throws -> Int64 {
        guard try database.tableExists("row_id_floors") else { return 0 }
        return try Int64.fetchOne(
            database, sql: "SELECT id FROM row_id_floors WHERE name = ?", arguments: [table.rawValue]) ?? 0
    }

    /// Stores the highest assigned id of each table, before rows are removed in the same transaction.
    package static func noteHighest(in database: Database) throws {
        for table in Table.allCases {
            try database.execute(
                sql: "INSERT OR REPLACE INTO row_id_floors VALUES (?, ?)",
                arguments: [table.rawValue, try highest(of: table, in: database)])
        }
    }
}
