import AsyncHTTPClient
import Database
import Foundation
import NIOCore
import NIOHTTP1

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
        database: Destination.Identifier, credentials: Credentials?, options: WebOptions
    ) {
        var headers = HTTPHeaders()
        if let credentials {
            headers.add(name: "X-ClickHouse-User", value: credentials.user)
            headers.add(name: "X-ClickHouse-Key", value: credentials.password)
        }
        connection = WebConnection(client, destination, address, headers: headers, options: options)
        self.database = database
    }

    /// Makes the table, and its database, where they are not there. A table that is there is used as it is: for a cluster
    /// a `Distributed` one over a replicated one, for example.
    func prepare() async throws {
        try await requireClickHouse()
        if try await isZero("SELECT count() FROM system.databases WHERE name = '\(database.text)'") {
            try await change("CREATE DATABASE IF NOT EXISTS \(database.text)")
        }
        if try await isZero("EXISTS TABLE \(database.text).\(Self.table)") {
            try await change(Self.definition(in: database))
        }
    }

    /// Asks what only ClickHouse answers, and no page that was written before: functions of its own, of random numbers. A
    /// login page, another server on the port or one that echoes what it gets would otherwise swallow the rows with a 200.
    private func requireClickHouse() async throws {
        let number = UInt64.random(in: 1 << 32..<1 << 48)
        let divisor = UInt64.random(in: 1000..<10_000)
        let answer = try await ask(
            "SELECT intDiv(toUInt64(\(number)), \(divisor)), reverse(toString(\(number))), toTypeName(toUInt16(1))")
        let expected = "\(number / divisor)\t\(String("\(number)".reversed()))\tUInt16\n"
        guard answer.text == expected else { throw notClickHouse(answer) }
    }

    /// Whether the answer to a question for 0 or 1 is 0.
    private func isZero(_ question: String) async throws -> Bool {
        let answer = try await ask(question)
        guard ["0\n", "1\n"].contains(answer.text) else { throw notClickHouse(answer) }
        return answer.text == "0\n"
    }

    private func notClickHouse(_ answer: WebConnection.Answer) -> RetryPolicy.Failure {
        .lasting(.notClickHouse(connection.place, answer: answer.summary))
    }

    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws {
        guard case .lines(let pieces) = batch.content else { preconditionFailure("ClickHouse takes rows") }
        let columns = ClickHouseRowEncoder.columns.joined(separator: ", ")
        try await change(
            "INSERT INTO \(database.text).\(Self.table) (\(columns)) FORMAT TabSeparated",
            body: .stream(LinePieces(pieces), length: .known(Int64(batch.transfer.bytes))),
            bytes: batch.transfer.bytes)
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

    /// Sends a question as GET, which ClickHouse lets change nothing.
    private func ask(_ question: String) async throws -> WebConnection.Answer {
        try await connection.send(.GET, Self.path(of: question + " FORMAT TabSeparated"))
    }

    /// Sends a statement that changes something, in the URL, with its data in the body. ClickHouse answers nothing to it; with
    /// any other answer it is not known who took the data.
    private func change(
        _ statement: String, body: HTTPClientRequest.Body = .bytes(ByteBuffer()), bytes: Int = 0
    ) async throws {
        let answer = try await connection.send(.POST, Self.path(of: statement), body: body, bytes: bytes)
        guard answer.text.isEmpty else {
            throw RetryPolicy.Failure.lasting(
                .unexpectedAnswer(connection.place, answer: answer.summary + " where ClickHouse answers nothing"))
        }
    }

    private static func path(of statement: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return "/?query=\(statement.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
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
