import Core
import Database
import DatabaseTesting
import Foundation
import NIOHTTP1
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Sync

/// What a server that is asked whether it is ClickHouse, and gets rows, answers.
final class ClickHouseServer: Sendable {
    private let server: RespondingServer

    /// - Parameter respond: gets each statement before the server does; nil lets the server answer.
    init(
        hasTable: Bool = false, _ respond: @escaping @Sendable (String) -> RespondingServer.Response? = { _ in nil }
    ) async throws {
        server = try await RespondingServer { request, _ in
            let statement = request.statement
            if let response = respond(statement) { return response }
            if statement.contains("intDiv") { return .answer(200, [:], Self.identity(statement)) }
            let isQuestion = request.method == "GET"
            return .answer(200, [:], isQuestion ? (hasTable ? "1\n" : "0\n") : "")
        }
    }

    private static func identity(_ statement: String) -> String {
        let numbers = statement.split { !$0.isNumber }.compactMap { UInt64($0) }
        // 64 of toUInt64, the number, the divisor.
        return "\(numbers[1] / numbers[2])\t\(String("\(numbers[1])".reversed()))\tUInt16\n"
    }

    var url: String { "clickhouse://127.0.0.1:\(server.port)/telemetry" }
    var requests: [RespondingServer.Request] { server.requests }
    /// The first words of the statements.
    var statements: [String] {
        requests.map { $0.statement.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ") }
    }
}

@Suite("Rows sent to ClickHouse")
struct ClickHouseTargetTests {
    @Test("Missing database and table are created, and the rows follow")
    func rows() async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer()
        let credentials = try Credentials(user: "me", password: "secret")
        #expect(try await harness.send(server.url, credentials: credentials).rows == 10)
        #expect(
            server.statements == [
                "SELECT intDiv(toUInt64(\(number(server))),", "SELECT count()", "CREATE DATABASE", "EXISTS TABLE",
                "CREATE TABLE", "SELECT count()", "INSERT INTO",
            ])
        #expect(server.requests.map(\.method) == ["GET", "GET", "POST", "GET", "POST", "GET", "POST"])
        for request in server.requests {
            #expect(request.headers["X-ClickHouse-User"] == ["me"] && request.headers["X-ClickHouse-Key"] == ["secret"])
        }
        let insert = try #require(server.requests.last)
        #expect(insert.statement.hasPrefix("INSERT INTO telemetry.nexus_events (installation_id, id, timestamp,"))
        #expect(insert.statement.hasSuffix(") FORMAT TabSeparated"))
        let lines = String(decoding: insert.body, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 10)
        #expect(lines.allSatisfy { $0.split(separator: "\t", omittingEmptySubsequences: false).count == 14 })
        #expect(lines[0].hasPrefix(try harness.installation + "\t1\t"))
        #expect(try harness.sent() == [1...10])
    }

    @Test("A server that has the types gets a typed table, and a view that fills it, with the table of rows")
    func typed() async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer { $0.contains("toDateTime64'") ? .answer(200, [:], "1\n") : nil }
        #expect(try await harness.send(server.url).rows == 10)
        #expect(
            server.statements.suffix(4) == ["SELECT count()", "CREATE TABLE", "CREATE MATERIALIZED", "INSERT INTO"])
        let old = try await ClickHouseServer(hasTable: true)
        try await harness.record(1)
        #expect(try await harness.send(old.url).rows == 11)
        #expect(!old.statements.contains { $0.hasPrefix("CREATE") }, "a table that is there is used as it is")
    }

    private func number(_ server: ClickHouseServer) -> String {
        let digits = server.requests.first?.statement.split { !$0.isNumber } ?? []
        return digits.count > 1 ? String(digits[1]) : ""
    }

    @Test("An existing table is used unchanged, and the next run sends only new rows")
    func existing() async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer(hasTable: true)
        try await harness.send(server.url)
        #expect(server.statements.dropFirst() == ["SELECT count()", "EXISTS TABLE", "INSERT INTO"])
        let before = server.requests.count
        #expect(try await harness.send(server.url).transfers == 0)
        #expect(server.requests.count == before)
        try await harness.record(3)
        #expect(try await harness.send(server.url).rows == 3)
        #expect(try harness.sent() == [1...10, 11...13])
    }

    @Test(
        "A server that is not ClickHouse gets no rows",
        arguments: ["<html>Log in</html>", "Ok.\n", "", "1\t2\tUInt16\n"])
    func notClickHouse(answer: String) async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer { _ in .answer(200, [:], answer) }
        let error = try await harness.failure(server.url)
        let first = answer.split(whereSeparator: \.isNewline).first.map { ": \($0)" } ?? " with an empty body"
        #expect(error == .notClickHouse(server.url, answer: "HTTP 200" + first))
        #expect(server.requests.count == 1 && harness.waits.all.isEmpty)
        #expect(try harness.begun().isEmpty && harness.sent().isEmpty)
    }

    @Test("An answer other than 0 or 1 to the question for the table is not from ClickHouse")
    func neitherYesNorNo() async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer { $0.hasPrefix("EXISTS") ? .answer(200, [:], "maybe\n") : nil }
        #expect(try await harness.failure(server.url) == .notClickHouse(server.url, answer: "HTTP 200: maybe"))
        #expect(!server.statements.contains("INSERT INTO"))
    }

    /// How an exception of ClickHouse's arrives: with its status or with 200, its code in a header or in the text.
    private static let exceptions: [RespondingServer.Response] = [
        .answer(404, ["X-ClickHouse-Exception-Code": "60"], "Code: 60. DB::Exception: no such table"),
        .answer(500, [:], "Code: 60, e.displayText() = DB::Exception: no such table"),
        .answer(200, ["X-ClickHouse-Exception-Code": "60"], "Code: 60. DB::Exception: no such table"),
        .answer(200, [:], "Code: 60. DB::Exception: no such table"),
    ]

    @Test("An exception ends the run, also one that comes with status 200", arguments: exceptions)
    func exception(response: RespondingServer.Response) async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer(hasTable: true) { $0.hasPrefix("INSERT") ? response : nil }
        let error = try await harness.failure(server.url)
        #expect(error.description.contains("refuses: HTTP ") && error.description.contains("no such table"))
        #expect(server.statements.filter { $0 == "INSERT INTO" }.count == 1)
        #expect(try harness.begun() == [1...10] && harness.sent().isEmpty)
    }

    @Test("A temporary exception is retried, and a wrong password is not")
    func codes() async throws {
        let harness = try await SendingHarness()
        let inserts = Mutex(0)
        let server = try await ClickHouseServer(hasTable: true) { statement in
            guard statement.hasPrefix("INSERT") else { return nil }
            let number = inserts.withLock { count in
                count += 1
                return count
            }
            return number < 3 ? .answer(500, ["X-ClickHouse-Exception-Code": "252"], "too many parts") : nil
        }
        try await harness.send(server.url)
        #expect(server.statements.filter { $0 == "INSERT INTO" }.count == 3 && harness.waits.all.count == 2)
        #expect(try harness.sent() == [1...10] && harness.begun() == [1...10])
        let other = try await SendingHarness()
        let closed = try await ClickHouseServer { _ in
            .answer(403, ["X-ClickHouse-Exception-Code": "516"], "Authentication failed")
        }
        #expect(
            try await other.failure(closed.url)
                == .notPermitted(closed.url, reason: "HTTP 403: Authentication failed"))
    }

    @Test("An answer to rows that ClickHouse does not give leaves them unconfirmed", arguments: ["<html>", "Ok.\n"])
    func unexpected(text: String) async throws {
        let harness = try await SendingHarness()
        let server = try await ClickHouseServer(hasTable: true) {
            $0.hasPrefix("INSERT") ? .answer(200, [:], text) : nil
        }
        let error = try await harness.failure(server.url)
        guard case .unexpectedAnswer(server.url, let answer) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(answer.hasSuffix(", but ClickHouse sends an empty answer"))
        #expect(try harness.begun() == [1...10] && harness.sent().isEmpty)
    }

    @Test("Rows whose answer got lost go again in the same batch")
    func answerLost() async throws {
        let harness = try await SendingHarness()
        let first = Mutex(true)
        let server = try await ClickHouseServer(hasTable: true) { statement in
            guard statement.hasPrefix("INSERT") else { return nil }
            let isFirst = first.withLock { value in
                defer { value = false }
                return value
            }
            return isFirst ? .cut : nil
        }
        try await harness.send(server.url)
        let bodies = server.requests.filter { $0.statement.hasPrefix("INSERT") }.map(\.body)
        #expect(bodies.count == 2 && bodies[0] == bodies[1])
        #expect(try harness.sent() == [1...10])
    }

    @Test("Rows purged after the start of their batch are not sent")
    func purged() async throws {
        let harness = try await SendingHarness()
        let refusing = try await ClickHouseServer(hasTable: true) {
            $0.hasPrefix("INSERT") ? .answer(400, [:], "no") : nil
        }
        let port = refusing.url
        _ = try await harness.failure(port)
        try harness.stored.tables().execute("DELETE FROM events WHERE id <= 8")
        let source = try #require(try ClickHouseRowEncoder(data: harness.data))
        let identity = try #require(try source.identity())
        let encoder = RowBatchEncoder(
            source, destination: port, store: identity.store, installation: identity.installation)
        var begun: Transfer?
        try LedgerReader.read(harness.data) { begun = $0.transfer }
        let batch = try await encoder.reencode(try #require(begun))
        #expect(batch?.transfer.rows == 2 && batch?.transfer.range == 9...10)
        try harness.stored.tables().execute("DELETE FROM events")
        let none = try await encoder.reencode(try #require(begun))
        #expect(none == nil)
    }
}
