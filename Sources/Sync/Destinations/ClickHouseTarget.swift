import Database

/// A ClickHouse table, filled over the HTTP interface.
///
/// If a batch is sent twice, the table temporarily contains each of its rows twice. The engine `ReplacingMergeTree`,
/// ordered by a row's identity, removes the duplicates at its next merge. A query with `FINAL` never sees duplicates.
struct ClickHouseTarget: Target {
    /// The table in the destination's database. Its name contains `nexus`, because the database may also contain tables
    /// of other programs.
    static let table = "nexus_events"

    private let connection: ClickHouseConnection

    init(_ connection: ClickHouseConnection) {
        self.connection = connection
    }

    func prepare() async throws {
        let made = try await connection.prepare([(Self.table, Self.definition(in: connection.database))])
        guard !made.isEmpty,
            try await connection.number("SELECT count() FROM system.functions WHERE name = 'toDateTime64'") > 0
        else { return }
        for statement in Self.typedDefinitions(in: connection.database) { try await connection.change(statement) }
    }

    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws {
        guard case .lines(let pieces) = batch.content else { preconditionFailure("ClickHouse takes rows") }
        try await connection.insert(pieces, into: Self.table, columns: ClickHouseRowEncoder.columns)
    }

    /// Returns the definition of the table for a single server. An absent text is empty. `timestamp` is a text in UTC
    /// with milliseconds, as in the local database, because servers before 20.3 have no type for milliseconds. `time`
    /// is the same time in whole seconds.
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

extension ClickHouseTarget {
    /// A second table for queries, with the same rows as `nexus_events`. Its columns have more specific types. It is
    /// ordered by command and day, and partitioned by month.
    static let typedTable = "nexus_runs"

    /// Returns the statements that create the typed table, and the view that fills it with each insert into
    /// `nexus_events`. `prepare` runs them only if it has just created `nexus_events` and the server has the type
    /// `DateTime64`. A row that is sent twice has the same key in the typed table too, because the time of a row never
    /// changes. A time that cannot be read becomes 1970.
    static func typedDefinitions(in database: Destination.Identifier) -> [String] {
        [
            """
            CREATE TABLE IF NOT EXISTS \(database.text).\(typedTable) (
                time DateTime64(3, 'UTC'), command LowCardinality(String), event_type LowCardinality(String),
                error_category LowCardinality(String), template_used LowCardinality(String),
                duration_ms Nullable(Int64), success Nullable(UInt8), installation_id String, id UInt64,
                session_id String, workspace_hash String, task_hash String, services_count Nullable(UInt32),
                ports_used Nullable(UInt32)
            ) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(time)
            ORDER BY (command, toDate(time), installation_id, id)
            """,
            """
            CREATE MATERIALIZED VIEW IF NOT EXISTS \(database.text).\(typedTable)_fill TO \(database.text).\(typedTable) AS
            SELECT toDateTime64OrZero(timestamp, 3, 'UTC') AS time, command, event_type, error_category, template_used,
                duration_ms, success, installation_id, id, session_id, workspace_hash, task_hash, services_count, ports_used
            FROM \(database.text).\(table)
            """,
        ]
    }
}

/// Converts ClickHouse's error codes to failures of a transfer.
enum ClickHouseFault {
    /// Codes of errors after which another attempt may succeed. Examples are timeouts, too many queries or parts, a
    /// failing network or Keeper, and memory or disk space that other queries use.
    private static let passing: Set<Int> = [
        3, 159, 160, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 254, 279, 285, 286, 289, 319, 369, 394,
        425, 999,
    ]
    /// Codes for an unknown user, a wrong password, a missing permission, or a read-only user.
    private static let notPermitted: Set<Int> = [164, 192, 193, 194, 195, 291, 497, 516]

    /// Returns the code at the beginning of a message like `Code: 60, e.displayText() = …`; nil for any other message.
    static func code(in text: String) -> Int? {
        guard text.hasPrefix("Code: ") else { return nil }
        return Int(text.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
    }

    /// Returns whether ClickHouse rejected a query because the user's profile is read-only and may not change settings.
    static func isAboutSettings(_ failure: RetryPolicy.Failure) -> Bool {
        switch failure.error {
        case .notPermitted(_, let reason): reason.contains("Code: 164")
        default: false
        }
    }

    static func failure(_ code: Int, place: String, reason: String) -> RetryPolicy.Failure {
        if passing.contains(code) { return .passing(.busy(place, reason: reason)) }
        if notPermitted.contains(code) { return .lasting(.notPermitted(place, reason: reason)) }
        return .lasting(.refused(place, reason: reason))
    }
}
