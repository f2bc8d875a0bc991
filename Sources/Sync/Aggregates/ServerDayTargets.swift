import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A server that accepts files with PUT, with one file for each day. A new version of a day replaces the file.
struct WebDayTarget: DayTarget {
    private let connection: WebConnection

    init(
        _ client: HTTPClient, _ destination: Destination, _ address: Destination.WebAddress, credentials: Credentials?,
        options: WebOptions
    ) {
        connection = WebConnection(
            client, destination, address, headers: WebConnection.authorization(credentials), options: options)
    }

    func prepare() async throws {}

    func deliver(_ batch: DayBatch) async throws {
        for day in batch.days {
            let name = FolderDayTarget.name(source: day.transfer.installation, day: day.day)
            let frame = try day.frame
            _ = try await connection.send(
                .PUT, "/" + name, headers: ["Content-Type": "application/x-lz4"],
                body: .bytes(ByteBuffer(bytes: frame)), bytes: frame.count)
        }
    }
}

/// Two ClickHouse tables, filled over the HTTP interface: the lines of days, and the current version of each day.
///
/// The lines of a day are sent first, and then the version of the day. Between the two requests a query may miss
/// changed lines of that day, but never counts a line twice. If a line was inserted twice, ClickHouse removes the
/// duplicate only at its next merge, so queries use `FINAL`. Queries select the lines of the highest version of each
/// source and day, so that they ignore late lines of an earlier attempt:
///
///     SELECT … FROM nexus_daily FINAL WHERE (source, day, version) IN
///         (SELECT source, day, max(version) FROM nexus_daily_versions GROUP BY source, day)
struct ClickHouseDayTarget: DayTarget {
    static let lines = "nexus_daily"
    static let versions = "nexus_daily_versions"

    private let connection: ClickHouseConnection

    init(_ connection: ClickHouseConnection) {
        self.connection = connection
    }

    func prepare() async throws {
        let database = connection.database
        try await connection.prepare([
            (Self.lines, Self.definitionOfLines(in: database)),
            (Self.versions, Self.definitionOfVersions(in: database)),
            (ClickHouseTables.table, ClickHouseTables.definition(in: database)),
        ])
        try await ClickHouseTables.bringUpToDate(connection)
    }

    func deliver(_ batch: DayBatch) async throws {
        let lines = batch.days.map(\.lines).filter { !$0.isEmpty }
        if !lines.isEmpty { try await connection.insert(lines, into: Self.lines, columns: DailyLines.columns) }
        let versions = batch.days.map { day in
            let transfer = day.transfer
            let values =
                "\(transfer.installation)\t\(DailyLines.date(day.day))\t\(transfer.version ?? 0)\t\(transfer.rows)"
            return Array((values + "\n").utf8)
        }
        try await connection.insert(versions, into: Self.versions, columns: ["source", "day", "version", "lines"])
    }

    static func definitionOfLines(in database: Destination.Identifier) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(database.text).\(lines) (
            source String, day Date, version UInt64, command String, event_type String, outcome String,
            error_category String, template String, runs UInt64, total_ms UInt64, buckets Array(UInt16),
            counts Array(UInt64)
        ) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(day)
        ORDER BY (command, day, source, event_type, outcome, error_category, template)
        """
    }

    static func definitionOfVersions(in database: Destination.Identifier) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(database.text).\(versions) (
            source String, day Date, version UInt64, lines UInt32
        ) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(day) ORDER BY (day, source)
        """
    }
}
