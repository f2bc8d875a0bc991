import GRDB

/// Keeps the promise that no row id is given twice, also when the row with the highest was removed: what is sent or
/// imported goes by ids.
///
/// SQLite gives a new row the highest id that is there, plus one. Where that would be one that was used before, a row
/// with the highest id ever stands in the table while others are inserted, and is gone before the transaction ends.
struct RowIDs {
    private static let tables = ["events", "sessions"]
    /// Whether one of the tables may need that; nil: not looked at since the last removal.
    private var mayNeedPlaceholder: Bool?

    /// The highest id that a table is known to have given out to a row that is gone; 0 when none is.
    static func floor(of table: String, in database: Database) throws -> Int64 {
        guard try database.tableExists("row_id_floors") else { return 0 }
        return try Int64.fetchOne(database, sql: "SELECT id FROM row_id_floors WHERE name = ?", arguments: [table]) ?? 0
    }

    /// Notes the ids that have been given out, before rows are removed in the same transaction.
    static func noteHighest(in database: Database) throws {
        for table in tables {
            try database.execute(
                sql: """
                    INSERT INTO row_id_floors SELECT ?1, coalesce(max(id), 0) FROM \(table) WHERE true
                    ON CONFLICT (name) DO UPDATE SET id = max(id, excluded.id)
                    """, arguments: [table])
        }
    }

    /// Call it before rows are inserted, in the same transaction; returns whether `release` has to be called.
    mutating func reserve(in database: Database) throws -> Bool {
        guard mayNeedPlaceholder != false else { return false }
        var needed = false
        for table in Self.tables {
            let floor = try Self.floor(of: table, in: database)
            let highest = try Int64.fetchOne(database, sql: "SELECT max(id) FROM \(table)") ?? 0
            guard highest < floor else { continue }
            needed = true
            let columns = table == "events" ? "id, session_id, event_type" : "id, session_id"
            let values = table == "events" ? "?, '', ''" : "?, ''"
            try database.execute(sql: "INSERT INTO \(table) (\(columns)) VALUES (\(values))", arguments: [floor])
        }
        mayNeedPlaceholder = needed
        return needed
    }

    /// Takes the placeholders out again: no real row has an empty session.
    mutating func release(in database: Database) throws {
        for table in Self.tables {
            let floor = try Self.floor(of: table, in: database)
            try database.execute(sql: "DELETE FROM \(table) WHERE id = ? AND session_id = ''", arguments: [floor])
        }
        // Rows that were inserted meanwhile make the next placeholder unnecessary, unless there were none.
        mayNeedPlaceholder = nil
    }

    /// Rows were removed, or a transaction was taken back.
    mutating func forget() { mayNeedPlaceholder = nil }
}
