import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus sync` to something that answers 200 on ClickHouse's port and is not ClickHouse.
struct ImpostorTests {
    private let program: Program

    init() throws {
        program = try Program()
        let lines = (0..<10).map { #"{"command":"make","duration_ms":\#($0)}"# }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    private func sync(_ server: ScriptedServer) throws -> Program.Outcome {
        try program.run("sync", "--to", "clickhouse://127.0.0.1:\(server.port)/nexus")
    }

    private static let page = "<!DOCTYPE html><html><title>Log in</title>\u{1B}[2J</html>"

    @Test(
        "Nothing is sent to a server that does not answer a question as ClickHouse does",
        arguments: ["", "OK", "1\n", "0\n", page, "Ok.\n"])
    func pages(body: String) throws {
        let server = try ScriptedServer([], otherwise: .answer(200, body: body))
        let outcome = try sync(server)
        #expect(outcome.status == 78)
        #expect(outcome.errors.hasPrefix("nexus: nothing was sent: clickhouse://127.0.0.1:\(server.port)/nexus is not"))
        #expect(body != Self.page || outcome.errors.contains("HTTP 200: <!DOCTYPE html>"))
        #expect(!outcome.errors.contains("\u{1B}"))
        #expect(server.requests.count == 1 && server.requests[0].hasPrefix("GET "))
        #expect(try program.run("sync", "log").output.contains("Nothing was ever sent") == true)
    }

    @Test("A server that echoes requests is not ClickHouse")
    func echo() throws {
        let server = try ScriptedServer([], otherwise: .echo)
        #expect(try sync(server).status == 78)
        #expect(server.requests.count == 1)
    }

    @Test("A later answer that ClickHouse would not give ends the run, and nothing is noted as sent")
    func later() throws {
        let (yes, no, page) = (
            ScriptedServer.Step.answer(200, body: "1\n"), ScriptedServer.Step.answer(200, body: "0\n"),
            ScriptedServer.Step.answer(200, body: Self.page)
        )
        let created = ScriptedServer.Step.answer(200)
        for (steps, sentence) in [
            ([.isClickHouse, page], "nothing was sent"), ([.isClickHouse, yes, page], "nothing was sent"),
            ([.isClickHouse, no, page], "cannot confirm"), ([.isClickHouse, yes, no, page], "cannot confirm"),
            ([.isClickHouse, yes, yes, page], "cannot confirm the transfer"),
            ([.isClickHouse, no, created, no, created, no, page], "cannot confirm the transfer"),
        ] as [([ScriptedServer.Step], String)] {
            let server = try ScriptedServer(steps)
            let outcome = try sync(server)
            #expect(outcome.status == 78 && outcome.errors.contains(sentence), "\(outcome.errors)")
            #expect(server.requests.count == steps.count)
            #expect(try !program.run("sync", "log", "--json").output.contains("\"confirmed\" : true"))
        }
        // The range that was begun goes again.
        let server = try ScriptedServer([.isClickHouse, yes, yes, created])
        let outcome = try sync(server)
        #expect(outcome.status == 0 && outcome.output.contains("Sent 10 events"), "\(outcome)")
    }
}
