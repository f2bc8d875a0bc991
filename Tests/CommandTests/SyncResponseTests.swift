import Application
import Core
import Foundation
import Sync
import SystemSupport
import TestSupport
import Testing

/// How `nexus sync` reads responses: what confirms a file, what ends the run, and what is printed.
@Suite(.timeLimit(.minutes(5)))
struct SyncResponseTests {
    private let program: Program

    init() throws {
        program = try Program()
        let lines = (0..<100).map { #"{"command":"make","duration_ms":\#($0)}"# }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    private func sync(_ server: ScriptedServer, _ path: String = "store") throws -> Program.Outcome {
        try program.run("sync", "--to", "http://127.0.0.1:\(server.port)/\(path)")
    }

    private func methods(_ server: ScriptedServer) -> [Substring] {
        server.requests.map { $0.split(separator: " ")[0] }
    }

    private func areConditional(_ server: ScriptedServer) -> [Bool] {
        server.requests.filter { $0.hasPrefix("PUT") }.map { $0.lowercased().contains("if-none-match") }
    }

    @Test("A server without conditional requests gets the file after a check that it is not there")
    func noConditions() throws {
        let server = try ScriptedServer([.answer(501), .answer(404), .answer(201)])
        let outcome = try sync(server)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(methods(server) == ["PUT", "GET", "PUT"])
        #expect(areConditional(server) == [true, false])
    }

    @Test("A server without conditional requests keeps what has the name already")
    func occupied() throws {
        let server = try ScriptedServer([.answer(501), .answer(200, body: "other")])
        let outcome = try sync(server)
        #expect(outcome.status == 74 && outcome.errors.contains("another file has this name"), "\(outcome)")
        #expect(methods(server) == ["PUT", "GET"])
    }

    @Test("A server without PUT is reported as one that cannot be a destination")
    func noPut() throws {
        let server = try ScriptedServer([.answer(501), .answer(404)], otherwise: .answer(501, body: "no PUT here"))
        let outcome = try sync(server)
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("HTTP 501: no PUT here; this server cannot be a destination"))
        #expect(methods(server) == ["PUT", "GET", "PUT"])
    }

    @Test("A response that does not confirm the file is no success", arguments: [202, 206, 207, 304])
    func unconfirmed(status: Int) throws {
        let server = try ScriptedServer([.answer(status)])
        let outcome = try sync(server)
        #expect(outcome.status == 78 && outcome.errors.contains("cannot confirm the transfer"), "\(outcome)")
        #expect(outcome.errors.contains("HTTP \(status)") && !outcome.errors.contains("moved"))
        #expect(try !program.run("sync", "log", "--json").output.contains("\"confirmed\" : true"))
        #expect(server.requests.count == 1)
    }

    @Test("A redirection suggests the address of the folder, not that of the file")
    func redirection() throws {
        let plan = try ScriptedServer([.answer(400)])
        _ = try sync(plan)
        let file = try #require(plan.requests.first?.split(separator: " ")[1].split(separator: "/").last)
        for (location, expected) in [
            ("https://me:secret@new.example/dav/\(file)?token=x", "its new address is https://new.example/dav\n"),
            ("/dav/\(file)", "/dav\n"),
            ("https://login.example/?next=%2Fstore", "a redirection to https://login.example/;"),
        ] {
            let server = try ScriptedServer([.answer(307, headers: ["Location: \(location)"])])
            let outcome = try sync(server)
            #expect(outcome.status == 78 && outcome.errors.contains(expected), "\(outcome.errors)")
            #expect(!outcome.errors.contains("secret") && !outcome.errors.contains("token"))
        }
    }

    @Test("A missing WebDAV folder is reported as such", arguments: [404, 409])
    func missingFolder(status: Int) throws {
        let body = "<d:error xmlns:d=\"DAV:\"><s:message>Parent node\u{1B}[2J does not exist</s:message></d:error>"
        let server = try ScriptedServer([], otherwise: .answer(status, body: body))
        let outcome = try sync(server)
        #expect(outcome.status == 78)
        #expect(
            outcome.errors.contains(
                "HTTP \(status): Parent node\\u{1b}[2J does not exist; create the folder on the server"))
        #expect(server.requests.count == 1)
    }

    @Test("A blank and an umlaut in the address are percent-encoded, and 'file:/FOLDER' is a folder")
    func addresses() throws {
        let server = try ScriptedServer([])
        #expect(try sync(server, "my stick/ü").status == 0)
        #expect(server.requests.first?.hasPrefix("PUT /my%20stick/%C3%BC/nexus-") == true)
        #expect(try program.run("sync", "--to", "file:\(program.folder.path)").status == 0)
        let wrong = try program.run("sync", "--to", program.folder.path)
        #expect(wrong.status == 64 && wrong.errors.contains("file://\(program.folder.path)"))
    }

    @Test(
        "A server that keeps a connection busy without an end is left at the deadline, after one attempt",
        arguments: [
            ("", "HTTP/1.1 102 Processing\r\n\r\n"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
            ("HTTP/1.1 200 OK\r\nX-Slow: ", "x"),
        ])
    func endless(head: String, piece: String) async throws {
        #expect(try program.run("flush").status == 0)
        let server = try ScriptedServer([], otherwise: .drip(head: head, piece: piece))
        let plan = try #require(
            try SyncPlan(
                Destination("http://127.0.0.1:\(server.port)/store"), data: program.folder.data, parts: .standard))
        let deadline = TransferDeadline(base: .milliseconds(300), bytesPerSecond: 1_000_000)
        let error = await #expect(throws: SyncError.self) {
            try await plan.send(fromStart: false, credentials: nil, deadline: deadline) { _ in }
        }
        #expect(error?.exitCode == .tryAgain && error?.description.contains("took longer than") == true)
        #expect(server.requests.count == 1)
    }
}
