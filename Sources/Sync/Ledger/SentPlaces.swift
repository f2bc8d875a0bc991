package import Core
import SystemSupport

/// The destinations that received rows or aggregates. For each destination there is an instruction with which the user
/// can remove the sent data.
package struct SentPlaces: Sendable {
    /// The data that one destination received under one id.
    package struct Place: Equatable, Sendable {
        /// The destination's identity (see `Destination`).
        package let destination: String
        /// Whether aggregates were sent. If false, rows were sent.
        package let isAggregates: Bool
        /// The instruction for the user: SQL statements for ClickHouse, or a sentence about files for any other
        /// destination.
        package let removal: String
    }

    private struct Key: Hashable {
        let destination: String
        let installation: String
        let isAggregates: Bool
    }

    private var keys: [Key] = []
    private var known: Set<Key> = []

    package init() {}

    /// Reads the ledger. Unconfirmed transfers count too, because they may have arrived.
    package init(of data: DataFolder) throws {
        try LedgerReader.read(data) { observe($0) }
    }

    /// Adds the destination of the next line of the ledger.
    package mutating func observe(_ entry: LedgerEntry) {
        let key = Key(
            destination: entry.destination, installation: entry.installation, isAggregates: entry.version != nil)
        if known.insert(key).inserted { keys.append(key) }
    }

    /// The destinations in the order of their first transfers.
    package var places: [Place] {
        keys.map { key in
            Place(destination: key.destination, isAggregates: key.isAggregates, removal: Self.removal(key))
        }
    }

    private static func removal(_ key: Key) -> String {
        // The id is not escaped for SQL, because it comes from the ledger, and only Nexus writes the ledger. Nexus only
        // prints the statement; the user runs it.
        let id = key.installation.escapedForDisplay
        if case .clickHouse(_, let database)? = try? Destination(key.destination) {
            let tables =
                key.isAggregates
                ? [ClickHouseDayTarget.lines, ClickHouseDayTarget.versions]
                : [ClickHouseTarget.table]
            let column = key.isAggregates ? "source" : "installation_id"
            let statements = tables.map { "ALTER TABLE \(database.text).\($0) DELETE WHERE \(column) = '\(id)';" }
            let typed = key.isAggregates ? "" : " -- also for \(ClickHouseTarget.typedTable), if that table exists"
            return statements.joined(separator: " ") + typed
        }
        return key.isAggregates ? "remove the files nexus-daily-\(id)-*" : "remove the files nexus-\(id)-*"
    }
}
