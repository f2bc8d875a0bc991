import Core
import Crypto
import DatabaseTesting
import Foundation
import NIOHTTP1
import Snapshots
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("Files sent to a server")
struct WebTargetTests {
    private func url(_ server: RespondingServer) -> String { "http://127.0.0.1:\(server.port)/store" }

    @Test("A confirmed file is noted as sent, and the next run sends only new rows")
    func confirmed() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.answer(201))
        let credentials = try Credentials(user: "me", password: "secret")
        #expect(try await harness.send(url(server), credentials: credentials).rows == 10)
        let request = try #require(server.requests.first)
        #expect(request.method == "PUT")
        #expect(request.uri == "/store/nexus-\(try harness.installation)-1-10.db.lz4")
        #expect(request.headers["If-None-Match"] == ["*"])
        #expect(request.headers["Content-Type"] == ["application/x-lz4"])
        #expect(request.headers["Authorization"] == ["Basic " + Data("me:secret".utf8).base64EncodedString()])
        #expect(request.headers["User-Agent"] == ["nexus/\(Version.current)"])
        var entry: LedgerEntry?
        try LedgerReader.read(harness.data) { entry = $0 }
        #expect(entry?.bytes == request.body.count)
        #expect(entry?.sha256 == SHA256.hash(data: request.body).map { String(format: "%02x", $0) }.joined())
        #expect(entry?.destination == url(server))

        #expect(try await harness.send(url(server)).transfers == 0)
        try await harness.record(5)
        #expect(try await harness.send(url(server)).rows == 5)
        #expect(server.methods == ["PUT", "PUT"])
        #expect(try harness.sent() == [1...10, 11...15])
        #expect(harness.waits.all.isEmpty)
    }

    /// An answer that no other attempt changes, and a part of what the user is told.
    private static let refusals: [(Int, [String: String], String, String)] = [
        (202, [:], "", "cannot confirm the transfer: PLACE answers HTTP 202 with an empty body"),
        (304, [:], "", "cannot confirm the transfer"),
        (
            307, ["Location": "https://new.example/dav"], "",
            "refuses: HTTP 307, a redirection to https://new.example/dav"
        ),
        (302, [:], "", "a redirection without a target; check the address"),
        (400, [:], "<html><title>Bad\u{1B}[2J</title>", #"refuses: HTTP 400: Bad\u{1b}[2J"#),
        (401, [:], #"{"detail":"who are you"}"#, "denies access: HTTP 401: who are you"),
        (403, [:], "", "check NEXUS_SYNC_USER and NEXUS_SYNC_PASSWORD"),
        (404, [:], "", "HTTP 404; create the folder on the server, or correct the address"),
        (407, [:], "", "cannot use the proxy"),
        (413, [:], "", "(the file is too large for the server)"),
        (505, [:], "", "this server cannot be a destination"),
        (511, [:], "", "log in to the network in a browser, and run again"),
    ]

    @Test("An answer that refuses the file ends the run at once, and nothing is noted as sent", arguments: refusals)
    func refused(status: Int, headers: [String: String], body: String, text: String) async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.answer(status, headers, body), .answer(201))
        let error = try await harness.failure(url(server))
        let expected = text.replacing("PLACE", with: url(server))
        #expect(error.description.contains(expected), "\(error.description)")
        #expect(server.methods == ["PUT"] && harness.waits.all.isEmpty)
        #expect(try harness.sent().isEmpty && harness.begun() == [1...10])
        // More has come; the range that was begun goes again as it was.
        try await harness.record(2)
        try await harness.send(url(server))
        #expect(server.requests.count == 3 && server.requests[1].uri == server.requests[0].uri)
        #expect(try harness.sent() == [1...10, 11...12])
    }

    /// Answers after which another attempt is made.
    private static let passing: [RespondingServer.Response] = [
        .answer(500), .answer(503), .answer(429), .answer(408), .cut,
        .answer(400, [:], "<Error><Code>SlowDown</Code></Error>"),
    ]

    @Test("A temporary failure is retried, and the file is sent once", arguments: passing)
    func triedAgain(response: RespondingServer.Response) async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(response, response, .answer(201))
        #expect(try await harness.send(url(server)).rows == 10)
        #expect(server.methods == ["PUT", "PUT", "PUT"] && harness.waits.all.count == 2)
        #expect(try harness.sent() == [1...10] && harness.begun() == [1...10])
    }

    @Test("A lasting failure ends the run after all attempts")
    func givesUp() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.answer(503, [:], "out of order"))
        let error = try await harness.failure(url(server))
        #expect(error == .busy(url(server), reason: "HTTP 503: out of order"))
        #expect(server.requests.count == Limits.syncAttempts)
        #expect(try harness.sent().isEmpty)
    }

    @Test("A run waits as long as the server asks, unless that is too long")
    func retryAfter() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.answer(429, ["Retry-After": "7"]), .answer(201))
        try await harness.send(url(server))
        #expect(harness.waits.all.count == 1 && harness.waits.all[0] >= .seconds(7))
        let other = try await SendingHarness()
        let long = try await RespondingServer(.answer(429, ["Retry-After": "3600"]))
        #expect(try await other.failure(url(long)) == .busy(url(long), reason: "HTTP 429"))
        #expect(long.requests.count == 1)
    }

    @Test("A file whose answer got lost is compared with what the server has, and not sent again")
    func answerLost() async throws {
        let harness = try await SendingHarness()
        let server = try await FileServer(faults: [0: .cutAfterKeeping])
        #expect(try await harness.send(server.url).rows == 10)
        #expect(server.methods == ["PUT", "PUT", "GET"])
        #expect(try harness.sent() == [1...10])
        #expect(server.files.count == 1)
    }

    @Test("A server without conditional requests gets a file after a check that nothing has its name")
    func withoutConditions() async throws {
        let harness = try await SendingHarness()
        let server = try await FileServer(knowsConditions: false)
        try await harness.send(server.url)
        #expect(server.methods == ["PUT", "GET", "PUT"])
        #expect(try harness.sent() == [1...10])
        // What is there already is not written again.
        try FileManager.default.removeItem(atPath: harness.data.ledgerPath)
        try FileManager.default.removeItem(atPath: harness.data.ledgerHeadPath)
        try await harness.send(server.url)
        #expect(server.methods == ["PUT", "GET", "PUT", "PUT", "GET"])
    }

    @Test("Another file of the same name is kept, and reported", arguments: [true, false])
    func occupied(knowsConditions: Bool) async throws {
        let harness = try await SendingHarness()
        let server = try await FileServer(knowsConditions: knowsConditions)
        let name = "/store/nexus-\(try harness.installation)-1-10.db.lz4"
        for other in ["short", String(repeating: "long ", count: 20_000)] {
            server.put(name, Array(other.utf8))
            let error = try await harness.failure(server.url)
            #expect(error.description.hasSuffix("another file has this name; move it away and run again"))
            #expect(server.files[name] == Array(other.utf8))
            #expect(try harness.sent().isEmpty)
        }
    }

    @Test("A file that was removed after its name was reported as taken is sent again")
    func removedMeanwhile() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.answer(412), .answer(404), .answer(201))
        try await harness.send(url(server))
        #expect(server.methods == ["PUT", "GET", "PUT"])
    }

    @Test("A check that fails is tried again, and a refused check ends the run")
    func checkFails() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.answer(412), .answer(500), .answer(412), .cutBody, .answer(201))
        try await harness.send(url(server))
        #expect(server.methods == ["PUT", "GET", "PUT", "GET", "PUT"])
        let other = try await SendingHarness()
        let refusing = try await RespondingServer(.answer(412), .answer(403))
        #expect(try await other.failure(url(refusing)) == .notPermitted(url(refusing), reason: "HTTP 403"))
    }

    @Test("A request that is not answered ends at its deadline")
    func deadline() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(.silence)
        let error = try await harness.failure(url(server), requestTime: .milliseconds(50))
        #expect(error == .busy(url(server), reason: "the request took longer than 1 seconds"))
        #expect(try harness.sent().isEmpty)
    }

    @Test("A port without a server is reported after several attempts")
    func unreachable() async throws {
        let harness = try await SendingHarness()
        var server: RespondingServer? = try await RespondingServer(.answer(201))
        let place = url(try #require(server))
        try await server?.stop()
        server = nil
        let error = try await harness.failure(place)
        #expect(error == .unreachable(place, reason: "connection refused"))
        #expect(harness.waits.all.count == Limits.syncAttempts - 1)
    }
}
