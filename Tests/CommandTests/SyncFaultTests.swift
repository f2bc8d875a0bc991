import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus sync` to servers and folders that fail in every way there is: one sentence, the right exit code, and the rows
/// arrive once in the end.
@Suite(.timeLimit(.minutes(5)))
struct SyncFaultTests {
    private let program: Program

    init() throws {
        program = try Program()
        try record(100)
    }

    private func record(_ count: Int) throws {
        let lines = (0..<count).map { #"{"command":"make all","duration_ms":\#($0),"success":true}"# }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    private func url(_ port: Int) -> String { "http://127.0.0.1:\(port)/store" }

    private func path(_ request: String) -> Substring { request.split(separator: " ")[1] }

    @Test("A server that fails and then works gets the file once it works")
    func passingFaults() throws {
        let server = try ScriptedServer([
            .answer(500), .answer(503, headers: ["Retry-After: 0"]), .cut(after: 100), .silence, .slow,
        ])
        let outcome = try program.run("sync", "--to", url(server.port), "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\"events\" : 100"))
        let requests = server.requests
        #expect(requests.count == 5)
        #expect(Set(requests.map(path)).count == 1, "a file is tried again under its own name")
        #expect(requests.allSatisfy { $0.lowercased().contains("if-none-match: *") })
        let again = try program.run("sync", "--to", url(server.port))
        #expect(again.status == 0)
        #expect(again.output.contains("Nothing new"))
        #expect(server.requests.count == 5, "a run with nothing new sends nothing")
    }

    @Test("A server that fails repeatedly ends the run with 'try again'")
    func busy() throws {
        let server = try ScriptedServer([], otherwise: .answer(503, body: "out to lunch"))
        let outcome = try program.run("sync", "--to", url(server.port))
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains("out to lunch"))
        #expect(server.requests.count == 6)
    }

    @Test("A server that asks for a long wait gets no further request")
    func longRetryAfter() throws {
        let server = try ScriptedServer([], otherwise: .answer(429, headers: ["Retry-After: 3600"]))
        #expect(try program.run("sync", "--to", url(server.port)).status == 75)
        #expect(server.requests.count == 1)
    }

    @Test(
        "A permanent failure is not retried",
        arguments: [(401, Int32(77)), (403, 77), (404, 78), (405, 78), (413, 78), (301, 78), (400, 78)])
    func lasting(status: Int, code: Int32) throws {
        let server = try ScriptedServer(
            [], otherwise: .answer(status, headers: ["Location: http://127.0.0.1:1/elsewhere"]))
        let outcome = try program.run("sync", "--to", url(server.port))
        #expect(outcome.status == code, "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(server.requests.count == 1)
    }

    @Test("A server's answer cannot move the cursor")
    func hostileAnswer() throws {
        let server = try ScriptedServer([], otherwise: .answer(400, body: "\u{1B}[2J\u{202E}gotcha"))
        let outcome = try program.run("sync", "--to", url(server.port))
        #expect(outcome.errors.contains("gotcha"))
        #expect(!outcome.errors.contains("\u{1B}") && !outcome.errors.contains("\u{202E}"))
    }

    @Test("A refused connection is an unavailable service")
    func refused() throws {
        let outcome = try program.run("sync", "--to", url(try TestServers.freePort()))
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("connection refused"))
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test("An existing file counts as sent when its bytes are equal")
    func alreadyThere() throws {
        // The first attempt arrives and its answer is lost.
        let server = try ScriptedServer([.keep, .answer(412), .kept()])
        let outcome = try program.run("sync", "--to", url(server.port))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(server.requests.map { $0.split(separator: " ")[0] } == ["PUT", "PUT", "GET"])
        #expect(Set(server.requests.map(path)).count == 1)
        #expect(try program.run("sync", "--to", url(server.port)).output.contains("Nothing new"))
    }

    @Test("An existing file with other bytes stays unchanged and is reported, even of the same length")
    func somethingElse() throws {
        let length = try program.run("sync", "--to", url(ScriptedServer([]).port), "--dry-run", "--json").output
            .split(separator: "\n").first { $0.contains("\"bytes\"") }
            .flatMap { Int($0.filter(\.isNumber)) }
        let others: [ScriptedServer.Step] = [
            .answer(200, body: String(repeating: "x", count: try #require(length))), .answer(200, body: "other"),
            .kept(more: "and more"),
        ]
        for other in others {
            let server = try ScriptedServer([.keep, .answer(412), other], otherwise: .answer(412))
            let outcome = try program.run("sync", "--to", url(server.port))
            #expect(outcome.status == 74, "\(outcome.errors)")
            #expect(outcome.errors.contains("another file has this name"))
            #expect(server.requests.count == 3)
        }
    }

    @Test("An existing file that may not be read does not count as sent")
    func unreadable() throws {
        let server = try ScriptedServer([.keep, .answer(412)], otherwise: .answer(403))
        let outcome = try program.run("sync", "--to", url(server.port))
        #expect(outcome.status == 77, "\(outcome.errors)")
    }

    @Test(
        "A run killed at the first, a middle or the last byte of a file is repeated by the next",
        arguments: [0, 2000, Int.max])
    func killed(after bytes: Int) throws {
        let server = try ScriptedServer([.stall(after: bytes)])
        let process = program.process(["sync", "--to", url(server.port)])
        try process.run()
        #expect(RunningService.poll { server.stalled == 1 })
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let log = try program.run("sync", "log")
        #expect(log.output.contains("unconfirmed"))
        try record(10)
        let outcome = try program.run("sync", "--to", url(server.port), "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\"events\" : 110"))
        let paths = server.requests.map(path)
        #expect(paths.count == 3)
        #expect(paths[0] == paths[1], "the range that was begun goes again as it was")
        #expect(paths[2].hasSuffix("-101-110.db.lz4"))
        #expect(try program.run("sync", "log").status == 0)
    }

    @Test("Ctrl-C ends a sync cleanly, and nothing is lost", arguments: [SIGINT, SIGTERM])
    func stopped(signal: Int32) throws {
        let server = try ScriptedServer([.stall(after: 100)])
        let process = program.process(["sync", "--to", url(server.port)])
        process.standardError = FileHandle.nullDevice
        try process.run()
        #expect(RunningService.poll { server.stalled == 1 })
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == 128 + signal)
        #expect(try program.run("sync", "--to", url(server.port)).status == 0)
    }

    @Test("Two syncs at once exclude each other")
    func exclusive() throws {
        let server = try ScriptedServer([.stall(after: 0)])
        let process = program.process(["sync", "--to", url(server.port)])
        try process.run()
        #expect(RunningService.poll { server.stalled == 1 })
        let outcome = try program.run("sync", "--to", "file://\(program.folder.path)")
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains("another 'nexus sync' is running"))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    @Test("A dry run shows what would go, sends nothing and writes nothing")
    func dryRun() throws {
        let server = try ScriptedServer([])
        #expect(try program.run("flush").status == 0)
        func files() throws -> [String: Data] {
            let path = program.folder.data.folder.path
            return Dictionary(
                uniqueKeysWithValues: try FileManager.default.subpathsOfDirectory(atPath: path)
                    .filter { !$0.contains("nexus.db-") }
                    .map { ($0, FileManager.default.contents(atPath: path + "/" + $0) ?? Data()) })
        }
        let before = try files()
        let preview = try program.run("sync", "--to", url(server.port), "--dry-run", "--json")
        #expect(preview.status == 0, "\(preview.errors)")
        let isUnchanged = try files() == before
        #expect(isUnchanged)
        #expect(server.requests.isEmpty)
        let sent = try program.run("sync", "--to", url(server.port), "--json")
        func value(_ name: String, _ outcome: Program.Outcome) throws -> Int? {
            (try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])?[name] as? Int
        }
        #expect(try value("events", preview) == 100)
        #expect(try value("bytes", preview) == value("bytes", sent), "exactly what went then")
        #expect(try program.run("sync", "--to", url(server.port), "--dry-run").output.contains("Nothing new"))
    }

    @Test("A ledger that was changed stops the sending with a sentence")
    func changedLedger() throws {
        let server = try ScriptedServer([])
        #expect(try program.run("sync", "--to", url(server.port)).status == 0)
        let path = program.folder.data.ledgerPath
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"rows\":100", with: "\"rows\":1").write(toFile: path, atomically: false, encoding: .utf8)
        for arguments in [["sync", "--to", url(server.port)], ["sync", "log"]] {
            let process = program.process(arguments)
            process.standardOutput = FileHandle.nullDevice
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 74)
            #expect(said.contains("a line was altered"))
        }
        #expect(server.requests.count == 1)
    }

    @Test("Names lead to destinations; one is enough to leave it out")
    func names() throws {
        let server = try ScriptedServer([])
        #expect(try program.run("sync").status == 64)
        #expect(try program.run("sync", "add", "home", url(server.port)).status == 0)
        #expect(try program.run("sync", "add", "home", "file:///elsewhere").status == 64)
        #expect(try program.run("sync", "add", "../x", "file:///elsewhere").status == 64)
        #expect(try program.run("sync", "add", "x", "https://me:secret@host/").status == 64)
        #expect(try program.run("sync", "list").output.contains("home  http://127.0.0.1:\(server.port)/store"))
        #expect(try program.run("sync", "--to", "away").status == 64)
        #expect(try program.run("sync").status == 0)
        #expect(server.requests.count == 1)
        #expect(try program.run("sync", "remove", "home").status == 0)
        #expect(try program.run("sync", "remove", "home").status == 64)
        #expect(try program.run("sync").status == 64)
    }

    @Test("A sync sends, and writes its ledger, while recording is off")
    func off() throws {
        var program = self.program
        #expect(try program.run("flush").status == 0)
        program.environment["NEXUS_TELEMETRY"] = "off"
        let server = try ScriptedServer([])
        #expect(try program.run("sync", "--to", url(server.port)).status == 0)
        #expect(server.requests.count == 1)
        #expect(try program.run("sync", "log").output.contains("sent"))
    }
}
