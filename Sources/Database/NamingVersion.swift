import Core
import GRDB

/// The version of the rules that name commands. The database stores when the version changed, because figures before
/// and after a change are not comparable.
///
/// The table `naming_versions` has the id of the first row of each version. In a database that an older Nexus created,
/// version 1 begins with the first row.
enum NamingVersion {
    /// The version of this program. In version 1 the name was the first word that a hook or a caller gave; in version 2
    /// `CommandRules` determine it.
    static let current = 2

    static let table = """
        CREATE TABLE naming_versions (
            version INTEGER PRIMARY KEY,
            first_id INTEGER NOT NULL
        );
        """

    /// Stores the versions in a database whose `naming_versions` is still empty.
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
    /// Returns the time of the first row that the rules of this program named, in milliseconds since 1970. Nil if these
    /// rules have named no row yet, or if they have named every row since the database was created.
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
