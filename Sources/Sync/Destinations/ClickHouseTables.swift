import SystemSupport

/// The versions of the tables that Nexus makes in ClickHouse for aggregates.
///
/// The table `nexus_tables` has a line for each version that the tables had. The highest version is the current
/// version. For each version after version 1 there are statements that migrate the tables of the previous version. Each
/// statement can be repeated, because a program may be killed before it writes the line of the new version. If the
/// tables have a later version than the program knows, the program reports an error and sends nothing.
///
///     version 1   nexus_daily and nexus_daily_versions (see `ClickHouseDayTarget`)
///
/// ClickHouse servers before 20.x have no comments on tables, so a separate table holds the version.
enum ClickHouseTables {
    static let table = "nexus_tables"
    /// The version that this program makes and reads.
    static let version = 1
    /// The value of the column `name` in the lines for the two tables of aggregates.
    private static let name = "nexus_daily"

    /// The statements that migrate the tables of the previous version. The key is the new version.
    private static let migrations: [Int: @Sendable (Destination.Identifier) -> [String]] = [:]

    static func definition(in database: Destination.Identifier) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(database.text).\(table) (name String, version UInt16)
        ENGINE = ReplacingMergeTree ORDER BY (name, version)
        """
    }

    /// Migrates the tables to the current version, and writes the line of that version. Tables without a line, such as
    /// tables that an administrator created for a cluster, count as current.
    /// - Throws: `SyncError.newerTables` as a lasting failure.
    static func bringUpToDate(_ connection: ClickHouseConnection) async throws {
        let found = try await requireKnown(connection)
        guard found < version else { return }
        if found > 0 {
            for next in found + 1...version {
                for statement in migrations[next]?(connection.database) ?? [] { try await connection.change(statement) }
            }
        }
        try await connection.insert([Array("\(name)\t\(version)\n".utf8)], into: table, columns: ["name", "version"])
    }

    /// Returns the version of the tables; 0 when `nexus_tables` has no line for them.
    /// - Throws: `SyncError.newerTables` as a lasting failure.
    @discardableResult
    static func requireKnown(_ connection: ClickHouseConnection) async throws -> Int {
        let found = try await connection.number(
            "SELECT max(version) FROM \(connection.database.text).\(table) WHERE name = '\(name)'")
        guard found <= version else { throw RetryPolicy.Failure.lasting(.newerTables(connection.place)) }
        return found
    }
}
