import Database

/// A table of ClickHouse's, filled over its HTTP interface.
///
/// A batch that is sent twice leaves its rows twice for a while: `ReplacingMergeTree` ordered by what a row is known by
/// makes them one when it merges, and a query with `FINAL` sees them as one at once.
struct ClickHouseTarget: Target {
    /// The table in the destination's database. The name says whose it is, as the database may hold other things.
    static let table = "nexus_events"

    private let connection: ClickHouseConnection

    init(_ connection: ClickHouseConnection) {
        self.connection = connection
    }

    func prepare() async throws {
        try await connection.prepare([(Self.table, Self.definition(in: connection.database))])
    }

    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws {
        guard case .lines(let pieces) = batch.content else { preconditionFailure("ClickHouse takes rows") }
        try await connection.insert(pieces, into: Self.table, columns: ClickHouseRowEncoder.columns)
    }

    /// The definition of the table for a server of its own. Texts are texts of any length; an absent one is empty.
    /// `timestamp` is the text that it is in the local database, UTC to the millisecond, as servers before 20.3 have no
    /// type for that; `time` is the same to the second.
    static func definition(in database: Destination.Identifier) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(database.text).\(table) (
            installation_id String, id UInt64, timestamp String, session_id String, event_type String,
            workspace_hash String, task_hash String, command String,
            duration_ms Nullable(Int64), success Nullable(UInt8), error_category String, template_used String,
            services_count Nullable(UInt32), ports_used Nullable(UInt32),
            time DateTime('UTC') MATERIALIZED toDateTime(substring(timestamp, 1, 19), 'UTC')
        ) ENGINE = ReplacingMergeTree ORDER BY (installation_id, id)
        """
    }
}

/// What ClickHouse's own error codes mean for somebody who sends to it.
enum ClickHouseFault {
    /// Codes after which another attempt may go better: too many queries or parts at the moment, a network or a Keeper
    /// that fails, memory or disk space that others use.
    private static let passing: Set<Int> = [
        3, 159, 160, 164, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 254, 279, 285, 286, 289, 319, 369, 394,
        425, 999,
    ]
    /// Codes that say that the user is unknown, the password wrong, or the right missing.
    private static let notPermitted: Set<Int> = [192, 193, 194, 195, 291, 497, 516]

    /// The code at the beginning of a message like `Code: 60, e.displayText() = …`; nil when it is no such message.
    static func code(in text: String) -> Int? {
        guard text.hasPrefix("Code: ") else { return nil }
        return Int(text.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
    }

    static func failure(_ code: Int, place: String, reason: String) -> RetryPolicy.Failure {
        if passing.contains(code) { return .passing(.busy(place, reason: reason)) }
        if notPermitted.contains(code) { return .lasting(.notPermitted(place, reason: reason)) }
        return .lasting(.refused(place, reason: reason))
    }
}
