import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1

/// A ClickHouse database that is used over HTTP. The type sends queries, and statements that change data.
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

    /// Creates the database if it is missing, and each missing table. An existing table is used unchanged. On a
    /// cluster, for example, an administrator may have created a `Distributed` table over a replicated table.
    /// - Parameter tables: the name of each table, and the statement that creates it.
    /// - Returns: the names of the tables that this call created.
    @discardableResult
    func prepare(_ tables: [(name: String, definition: String)]) async throws -> [String] {
        try await requireClickHouse()
        if try await isZero("SELECT count() FROM system.databases WHERE name = '\(database.text)'") {
            try await change("CREATE DATABASE IF NOT EXISTS \(database.text)")
        }
        var made: [String] = []
        for table in tables where try await !hasTable(table.name) {
            try await change(table.definition)
            made.append(table.name)
        }
        return made
    }

    /// Checks that the server is ClickHouse. The query calls ClickHouse's own functions with random numbers, so that no
    /// cached response has the right answer. Without this check, a login page, an echo server or another server on the
    /// port could receive the rows and answer with status 200.
    func requireClickHouse() async throws {
        let number = UInt64.random(in: 1 << 32..<1 << 48)
        let divisor = UInt64.random(in: 1000..<10_000)
        let answer = try await ask(
            "SELECT intDiv(toUInt64(\(number)), \(divisor)), reverse(toString(\(number))), toTypeName(toUInt16(1))")
        let expected = "\(number / divisor)\t\(String("\(number)".reversed()))\tUInt16\n"
        guard answer.text == expected else { throw notClickHouse(answer) }
    }

    /// The server's name in messages.
    var place: String { connection.place }

    /// Sends a query for a single number, and returns the number. The number must be at least 0.
    func number(_ question: String) async throws -> Int {
        let answer = try await ask(question)
        guard answer.text.hasSuffix("\n"), let number = Int(answer.text.dropLast()), number >= 0 else {
            throw notClickHouse(answer)
        }
        return number
    }

    /// Returns whether a table exists.
    func hasTable(_ table: String) async throws -> Bool {
        try await !isZero("EXISTS TABLE \(database.text).\(table)")
    }

    /// Passes the answer to a query to `take`, in chunks of whole lines. `question` must not contain a `FORMAT` clause.
    /// The server completes the answer before it sends the first byte, so a failed query has an error status.
    ///
    /// The request sets the time and memory limits of reports. ClickHouse rejects these limits if the user's profile is
    /// read-only. The query is then sent without limits, and only the server's own limits apply.
    func lines(
        of question: String, _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let limit = Limits.reportAnswerBytes
        let path = Self.path(of: question + " FORMAT TabSeparated") + "&wait_end_of_query=1"
        let settings =
            "&max_execution_time=\(Limits.reportSeconds)&max_memory_usage=\(Limits.reportServerBytes)"
            + "&max_result_bytes=\(limit)"
        do {
            try await connection.lines(of: path + settings, limit: limit, take)
        } catch let failure as RetryPolicy.Failure where ClickHouseFault.isAboutSettings(failure) {
            try await connection.lines(of: path, limit: limit, take)
        }
    }

    /// Sends a query whose only valid answers are 0 and 1. Returns whether the answer is 0.
    private func isZero(_ question: String) async throws -> Bool {
        let answer = try await ask(question)
        guard ["0\n", "1\n"].contains(answer.text) else { throw notClickHouse(answer) }
        return answer.text == "0\n"
    }

    private func notClickHouse(_ answer: WebConnection.Answer) -> RetryPolicy.Failure {
        .lasting(.notClickHouse(connection.place, answer: answer.summary))
    }

    /// Inserts lines in the format `TabSeparated` into a table. `pieces` are chunks of whole lines.
    func insert(_ pieces: [[UInt8]], into table: String, columns: [String]) async throws {
        let bytes = pieces.reduce(0) { $0 + $1.count }
        try await change(
            "INSERT INTO \(database.text).\(table) (\(columns.joined(separator: ", "))) FORMAT TabSeparated",
            body: .stream(LinePieces(pieces), length: .known(Int64(bytes))), bytes: bytes)
    }

    /// Sends a query as a GET request. In GET requests ClickHouse permits no changes.
    private func ask(_ question: String) async throws -> WebConnection.Answer {
        try await connection.send(.GET, Self.path(of: question + " FORMAT TabSeparated"))
    }

    /// Sends a statement that changes data. The statement is in the URL, and its data is in the body. ClickHouse
    /// returns an empty response. After any other response it is unknown which server received the data.
    func change(
        _ statement: String, body: HTTPClientRequest.Body = .bytes(ByteBuffer()), bytes: Int = 0
    ) async throws {
        let answer = try await connection.send(.POST, Self.path(of: statement), body: body, bytes: bytes)
        guard answer.text.isEmpty else {
            throw RetryPolicy.Failure.lasting(
                .unexpectedAnswer(connection.place, answer: answer.summary + ", but ClickHouse sends an empty answer"))
        }
    }

    private static func path(of statement: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return "/?query=\(statement.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
    }
}

/// Chunks of text as the body of a request. Each chunk is copied to a network buffer only when it is sent.
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
