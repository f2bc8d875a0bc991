import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A database of ClickHouse's, over its HTTP interface: questions, and statements that change something.
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

    /// Makes the database, and tables by their names and definitions, where they are not there. A table that is there is used as
    /// it is: for a cluster a `Distributed` one over a replicated one, for example.
    func prepare(_ tables: [(name: String, definition: String)]) async throws {
        try await requireClickHouse()
        if try await isZero("SELECT count() FROM system.databases WHERE name = '\(database.text)'") {
            try await change("CREATE DATABASE IF NOT EXISTS \(database.text)")
        }
        for table in tables where try await isZero("EXISTS TABLE \(database.text).\(table.name)") {
            try await change(table.definition)
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

    /// Inserts lines of `TabSeparated`, in pieces, into a table.
    func insert(_ pieces: [[UInt8]], into table: String, columns: [String]) async throws {
        let bytes = pieces.reduce(0) { $0 + $1.count }
        try await change(
            "INSERT INTO \(database.text).\(table) (\(columns.joined(separator: ", "))) FORMAT TabSeparated",
            body: .stream(LinePieces(pieces), length: .known(Int64(bytes))), bytes: bytes)
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
