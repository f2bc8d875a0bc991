import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A ClickHouse database, over its HTTP interface: queries, and statements that change data.
struct ClickHouseConnection: Sendable {
    private let connection: WebConnection
    let database: Destination.Identifier

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

    /// Creates the database, and missing tables by their names and definitions. An existing table is used unchanged: for a
    /// cluster a `Distributed` one over a replicated one, for example.
    func prepare(_ tables: [(name: String, definition: String)]) async throws {
        try await requireClickHouse()
        if try await isZero("SELECT count() FROM system.databases WHERE name = '\(database.text)'") {
            try await change("CREATE DATABASE IF NOT EXISTS \(database.text)")
        }
        for table in tables where try await isZero("EXISTS TABLE \(database.text).\(table.name)") {
            try await change(table.definition)
        }
    }

    /// Checks that the server is ClickHouse. The query calls ClickHouse's own functions with random numbers, so that no
    /// stored page answers it. Otherwise a login page, another server on the port or an echo server would accept the rows
    /// with a 200.
    private func requireClickHouse() async throws {
        let number = UInt64.random(in: 1 << 32..<1 << 48)
        let divisor = UInt64.random(in: 1000..<10_000)
        let answer = try await ask(
            "SELECT intDiv(toUInt64(\(number)), \(divisor)), reverse(toString(\(number))), toTypeName(toUInt16(1))")
        let expected = "\(number / divisor)\t\(String("\(number)".reversed()))\tUInt16\n"
        guard answer.text == expected else { throw notClickHouse(answer) }
    }

    /// Returns whether the answer to a query for 0 or 1 is 0.
    private func isZero(_ question: String) async throws -> Bool {
        let answer = try await ask(question)
        guard ["0\n", "1\n"].contains(answer.text) else { throw notClickHouse(answer) }
        return answer.text == "0\n"
    }

    private func notClickHouse(_ answer: WebConnection.Answer) -> RetryPolicy.Failure {
        .lasting(.notClickHouse(connection.place, answer: answer.summary))
    }

    /// Inserts lines of `TabSeparated`, in chunks, into a table.
    func insert(_ pieces: [[UInt8]], into table: String, columns: [String]) async throws {
        let bytes = pieces.reduce(0) { $0 + $1.count }
        try await change(
            "INSERT INTO \(database.text).\(table) (\(columns.joined(separator: ", "))) FORMAT TabSeparated",
            body: .stream(LinePieces(pieces), length: .known(Int64(bytes))), bytes: bytes)
    }

    /// Sends a query as GET, with which ClickHouse permits no changes.
    private func ask(_ question: String) async throws -> WebConnection.Answer {
        try await connection.send(.GET, Self.path(of: question + " FORMAT TabSeparated"))
    }

    /// Sends a statement that changes data, in the URL, with its data in the body. ClickHouse returns an empty response; with
    /// any other response it is unknown which server received the data.
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

/// Chunks of text as the body of a request, each copied for the network when it is sent.
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
