import SystemSupport

/// The versions of the tables that Nexus makes in ClickHouse for aggregates.
///
/// The table `nexus_tables` has a line for each version that the tables had: the highest is the current one. Each later version
/// has statements that change the tables of the version before, in order; each statement may be repeated, as a program may be
/// killed before it writes the line. A program meets tables of a later version with an error and sends nothing.
///
///     version 1   nexus_daily and nexus_daily_versions (see `ClickHouseDayTarget`)
///
/// Servers before 20.x have no comments on tables, so the version has a table of its own.
enum ClickHouseTables {
    static let table = "nexus_tables"
    /// The version that this program makes and reads.
    static let version = 1
    /// The name of the tables in the line.
    private static let name = "nexus_daily"

    /// The statements that lead from the version before to a version.
    private static let migrations: [Int: @Sendable (Destination.Identifier) -> [String]] = [:]

    static func definition(in database: Destination.Identifier) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(database.text).\(table) (name String, version UInt16)
        ENGINE = ReplacingMergeTree ORDER BY (name, version)
        """
    }

    /// Migrates the tables to the current version, and writes its line. Tables that were made without a line, for a cluster for
    /// example, count as current.
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

    /// Returns the version of the tables; 0 without a line.
    /// - Throws: `SyncError.newerTables` as a lasting failure.
    @discardableResult
    static func requireKnown(_ connection: ClickHouseConnection) async throws -> Int {
        let found = try await connection.number(
            "SELECT max(version) FROM \(connection.database.text).\(table) WHERE name = '\(name)'")
        guard found <= version else { throw RetryPolicy.Failure.lasting(.newerTables(connection.place)) }
        return found
    }
}
