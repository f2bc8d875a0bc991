import Core
import GRDB

/// The version of the rules that name commands. Its history is stored, as figures before and after a change are not
/// comparable.
///
/// The table `naming_versions` has the id of the first row of each version. A database that an older Nexus made has the
/// version 1 from its first row on.
enum NamingVersion {
    /// The version of this program: 1 was the first word that a hook or a caller gave, 2 is `CommandRules`.
    static let current = 2

    static let table = """
        CREATE TABLE naming_versions (
            version INTEGER PRIMARY KEY,
            first_id INTEGER NOT NULL
        );
        """

    /// Notes the versions of a database that has none yet.
    static func begin(in database: Database) throws {
        let next = try RowIDs.next(of: .events, in: database)
        if next > 1 { try database.execute(sql: "INSERT INTO naming_versions VALUES (1, 1)") }
        try database.execute(sql: "INSERT INTO naming_versions VALUES (?, ?)", arguments: [current, next])
    }

    /// Returns the id of the first row that the rules of this program named.
    static func firstRow(in database: Database) throws -> Int64 {
        try Int64.fetchOne(
            database, sql: "SELECT first_id FROM naming_versions WHERE version = ?", arguments: [current]) ?? 1
    }
}

extension StoreReader {
    /// Returns the time of the first row that the rules of this program named, in milliseconds since 1970. Nil if no other
    /// rules have named rows before it, or there is no such row.
    package func namingChange() throws(StoreError) -> Int64? {
        let text = try asStoreError(path) {
            try queue.read { database -> String? in
                let first = try NamingVersion.firstRow(in: database)
                guard first > 1 else { return nil }
                return try String.fetchOne(
                    database, sql: "SELECT timestamp FROM events WHERE id >= ? ORDER BY id LIMIT 1", arguments: [first])
            }
        }
        return text.flatMap(Timestamp.milliseconds(ofDatabaseText:))
    }
}
