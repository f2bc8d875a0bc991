import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Store

/// A table of ClickHouse's, filled over its HTTP interface.
///
/// A batch that is sent twice leaves its rows twice for a while: `ReplacingMergeTree` ordered by what a row is known by
/// makes them one when it merges, and a query with `FINAL` sees them as one at once.
struct ClickHouseTarget: Target {
    /// The table in the destination's database. The name says whose it is, as the database may hold other things.
    static let table = "nexus_events"

    private let connection: WebConnection
    private let database: Destination.Identifier

    init(
        _ client: HTTPClient, _ destination: Destination, _ address: Destination.WebAddress,
        database: Destination.Identifier, credentials: Credentials?
    ) {
        var headers = HTTPHeaders()
        if let credentials {
            headers.add(name: "X-ClickHouse-User", value: credentials.user)
            headers.add(name: "X-ClickHouse-Key", value: credentials.password)
        }
        connection = WebConnection(client, destination, address, headers: headers)
        self.database = database
    }

    /// Makes the table, and its database, where they are not there. A table that is there is used as it is: for a cluster
    /// a `Distributed` one over a replicated one, for example.
    func prepare() async throws {
        let databases = try await query(
            "SELECT count() FROM system.databases WHERE name = '\(database.text)'", changes: false)
        if databases.hasPrefix("0") { _ = try await query("CREATE DATABASE IF NOT EXISTS \(database.text)") }
        let tables = try await query("EXISTS TABLE \(database.text).\(Self.table)", changes: false)
        if tables.hasPrefix("0") { _ = try await query(Self.definition(in: database)) }
    }

    func deliver(_ parcel: Parcel, earlier: [Transfer]) async throws {
        guard case .lines(let pieces) = parcel.content else { preconditionFailure("ClickHouse takes rows") }
        let columns = RowText.columns.joined(separator: ", ")
        _ = try await query(
            "INSERT INTO \(database.text).\(Self.table) (\(columns)) FORMAT TabSeparated",
            body: .stream(LinePieces(pieces), length: .known(Int64(parcel.transfer.bytes))))
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

    /// A statement in the URL, its data in the body. What changes nothing goes as GET, which ClickHouse holds to that.
    private func query(
        _ statement: String, changes: Bool = true, body: HTTPClientRequest.Body? = nil
    ) async throws -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let encoded = statement.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return try await connection.send(
            changes ? .POST : .GET, "/?query=\(encoded)", body: body ?? (changes ? .bytes(ByteBuffer()) : nil)
        ).text
    }
}

/// Pieces of text as the body of a request, each copied for the network when its turn comes.
private struct LinePieces: AsyncSequence, Sendable {
    private let pieces: [[UInt8]]

    init(_ pieces: [[UInt8]]) {
        self.pieces = pieces
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<[UInt8]>

        mutating func next() async -> ByteBuffer? { rest.popFirst().map { ByteBuffer(bytes: $0) } }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: pieces[...]) }
}
