import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What the system saw: with recording off nothing is written, and no command but `sync` ever has a network socket.
struct TraceTests {
    private typealias Call = (program: String, arguments: [String], input: String)

    /// Everything that records: the lean program, the whole one, a stream, `exec`, sessions, the service, a Swift program.
    private static let recorders: [Call] = [
        ("nexus-record", ["--command", "make", "--workspace", "acme"], ""),
        ("nexus-record", ["--command", "make", "--durable"], ""),
        ("nexus", ["record", "--command", "make"], ""),
        ("nexus", ["record", "--stdin"], "{\"command\":\"make\"}\n"),
        ("nexus", ["exec", "--", "true"], ""),
        ("nexus", ["session", "start"], ""), ("nexus", ["session", "end"], ""),
        ("nexus", ["serve"], ""),
        ("TelemetryProbe", ["DATA", "10", "--end"], ""),
    ]

    /// What stores or reads, and writes nothing while recording is off.
    private static let readers: [Call] = [
        ("nexus", ["flush"], ""), ("nexus", ["telemetry", "status"], ""),
        ("nexus", ["telemetry", "explain", "{\"command\":\"make\"}"], ""), ("nexus", ["stats"], ""),
        ("nexus", ["insights"], ""), ("nexus", ["runs"], ""), ("nexus", ["compare", "7d"], ""),
        ("nexus", ["report", "-o", "REPORT"], ""), ("nexus", ["doctor"], ""),
        ("nexus", ["session", "list"], ""),
        ("nexus", ["session", "show"], ""), ("nexus", ["export", "-o", "-"], ""), ("nexus", ["sync", "list"], ""),
        ("nexus", ["sync", "log"], ""), ("nexus", ["telemetry", "purge", "--all", "--dry-run"], ""),
        ("nexus", ["init", "bash"], ""),
    ]

    private static func trace(_ call: Call, _ program: Program, in folder: String? = nil) throws -> SystemCalls {
        let places = ["DATA": program.folder.data.folder.path, "REPORT": program.folder.path + "/report.html"]
        let arguments = call.arguments.map { places[$0] ?? $0 }
        return try SystemCalls(of: call.program, arguments, program, input: call.input, in: folder)
    }

    enum Switch: CaseIterable {
        case setting, variable, doNotTrack, marker
    }

    /// What stands in the data folder when recording is switched off.
    enum Before: CaseIterable {
        case nothing, stored, leftByAKilledService
    }

    private func prepare(_ before: Before, _ program: Program) throws {
        guard before != .nothing else { return }
        #expect(try program.run("record", "--command", "before").status == 0)
        #expect(try program.run("flush").status == 0)
        guard before == .leftByAKilledService else { return }
        let service = try RunningService(program)
        #expect(try service.client().exchange([#"{"command":"stored"}"#], total: 1).accepted == 1)
        #expect(try program.run("flush").status == 0)
        service.kill()
        #expect(try program.run("record", "--command", "waiting").status == 0)
        #expect(program.folder.data.hasWAL)
    }

    @Test(
        "No file of the data folder is opened for writing with recording off",
        arguments: Switch.allCases, Before.allCases)
    func off(how: Switch, before: Before) throws {
        var program = try Program()
        try prepare(before, program)
        let work = program.folder.path + "/work"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        switch how {
        case .setting: #expect(try program.run("telemetry", "off").status == 0)
        case .variable: program.environment["NEXUS_TELEMETRY"] = "off"
        case .doNotTrack: program.environment["DO_NOT_TRACK"] = "1"
        case .marker: try Data().write(to: URL(filePath: work + "/.nexus-telemetry-off"))
        }
        let files = program.dataFiles()
        for call in Self.recorders + Self.readers {
            let calls = try Self.trace(call, program, in: work)
            // SQLite reads a log that it finds only by a descriptor that could write; who records does not open it.
            let writes = calls.writes.filter { !$0.contains("nexus.db-wal\", O_RDWR|O_CREAT|O_NOFOLLOW") }
            #expect(writes == [], "\(call.program) \(call.arguments)")
            #expect(writes == calls.writes || before == .leftByAKilledService && Self.readers.contains { $0 == call })
            #expect(calls.networkSockets == [], "\(call.program) \(call.arguments)")
        }
        #expect(program.changedFiles(since: files) == [])
        if before == .nothing, how != .setting {
            #expect(!FileManager.default.fileExists(atPath: program.folder.data.folder.path))
        }
    }

    @Test("A service writes nothing after recording is switched off, whatever it receives")
    func serviceThatRuns() throws {
        let program = try Program()
        let calls = try SystemCalls(of: "nexus", ["serve"], program) { tracing in
            let service = try TracedService(program)
            #expect(try service.client.exchange([#"{"command":"before"}"#], total: 1).accepted == 1)
            #expect(try program.run("telemetry", "off").status == 0)
            try tracing.begin()
            #expect(try service.client.exchange([#"{"command":"after"}"#], total: 1).accepted == 1)
            for _ in 0..<100 { #expect(NamedPipe.offer("{\"command\":\"after\"}\n", to: service.runtime.pipePath)) }
            try waitUntil("the pipe to be read") { NamedPipe.waitingBytes(in: service.runtime.pipePath) == 0 }
            try service.kill()
        }
        #expect(calls.writes == [])
        #expect(calls.networkSockets == [])
    }

    @Test("A shell's hook writes nothing while recording is off", arguments: InteractiveShell.Kind.allCases)
    func hook(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "before").status == 0)
        #expect(try program.run("telemetry", "off").status == 0)
        let log = program.folder.path + "/trace"
        let strace = (["strace"] + SystemCalls.options(log: log)).joined(separator: " ")
        let shell = try InteractiveShell(kind, program, recorder: true, wrapper: strace)
        // Meanwhile the recorders of the lines before come to their end. The shell itself does not: strace would wait for
        // the helpers that fish leaves behind.
        try shell.type("true one", "git --version", "true two", "sleep 1")
        let calls = try SystemCalls(log: log, root: program.folder.data.folder.path)
        #expect(calls.writes == [])
        #expect(calls.networkSockets == [])
    }

    // MARK: The network

    /// Everything else there is, in an order in which each has something to do.
    private static func others(snapshot: String, folder: String) -> [Call] {
        let lines: [[String]] = [
            ["init", "zsh"], ["init", "fish"], ["stats", "--json"], ["export", "-o", snapshot],
            ["export", "--format", "ndjson", "-o", snapshot + "2"],
            ["export", "--format", "csv", "-o", snapshot + "3"],
            ["verify", snapshot], ["import", snapshot], ["stats", "--from", snapshot],
            ["compare", "--from", snapshot], ["man-pages", folder],
            ["doctor", "--rebuild", "--yes"],
            ["sync", "add", "mine", "https://127.0.0.1:1/x"], ["sync", "remove", "mine"],
            ["sync", "send", "--to", "https://127.0.0.1:1/x", "--dry-run"],
            ["sync", "send", "--to", "file://" + folder],
            ["import-history"], ["config", "show"], ["config", "add", "ignore", "x"],
            ["config", "remove", "ignore", "x"],
            ["config", "set", "git-workspace", "off"], ["config", "unset", "git-workspace"], ["config", "edit"],
            ["setup", "--shell", "bash", "--undo"],
            ["telemetry", "retain", "90d", "--yes"], ["telemetry", "purge", "--yes", "--command", "make"],
            ["telemetry", "purge", "--yes", "--all"], ["telemetry", "rekey", "--yes"], ["telemetry", "off"],
            ["telemetry", "on"],
        ]
        return lines.map { ("nexus", $0, "") }
    }

    @Test("No command but sync creates a network socket with recording on")
    func on() throws {
        var program = try Program()
        program.environment.merge(["EDITOR": "true", "HOME": program.folder.path]) { $1 }
        let calls =
            Self.recorders.filter { $0.arguments != ["serve"] } + Self.readers
            + Self.others(snapshot: program.folder.path + "/mine.db.lz4", folder: program.folder.path)
        for call in calls {
            #expect(try Self.trace(call, program).networkSockets == [], "\(call.program) \(call.arguments)")
        }
        // There is no command that was forgotten here.
        let traced = Set(calls.filter { $0.program == "nexus" }.map(\.arguments)).union([["serve"]])
        for command in try Self.commands(program) {
            #expect(traced.contains { $0.starts(with: command) }, "\(command)")
        }
    }

    @Test("A service that accepts and stores events of socket and pipe creates no network socket")
    func service() throws {
        let program = try Program()
        let calls = try SystemCalls(of: "nexus", ["serve"], program) { _ in
            let service = try TracedService(program)
            #expect(try service.client.exchange([#"{"command":"make"}"#], total: 1).accepted == 1)
            #expect(NamedPipe.offer("{\"command\":\"make\"}\n", to: service.runtime.pipePath))
            try waitUntil("both events") {
                _ = try program.run("flush")
                return (try? program.query("SELECT count(*) FROM events")) == "2"
            }
            try service.kill(with: SIGTERM)
        }
        #expect(calls.networkSockets == [])
        #expect(!calls.writes.isEmpty)
    }

    @Test("A sync to a server creates a network socket, which strace sees")
    func sync() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        let server = try ScriptedServer([])
        let calls = try SystemCalls(
            of: "nexus", ["sync", "send", "--to", "http://127.0.0.1:\(server.port)/x"], program)
        #expect(!calls.networkSockets.isEmpty)
        #expect(server.requests.count == 1)
    }

    /// Every command of the program that has none below it, as its own help lists them.
    private static func commands(_ program: Program) throws -> [[String]] {
        struct Help: Decodable {
            let command: Command
        }
        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?

            func leaves(below path: [String]) -> [[String]] {
                let subcommands = (subcommands ?? []).filter { $0.commandName != "help" }
                if subcommands.isEmpty { return [path] }
                return subcommands.flatMap { $0.leaves(below: path + [$0.commandName]) }
            }
        }
        let text = try program.run("--experimental-dump-help").output
        let commands = try JSONDecoder().decode(Help.self, from: Data(text.utf8)).command.leaves(below: [])
        #expect(commands.count > 20)
        return commands
    }
}

/// A service under strace, reached by its names in the data folder.
private struct TracedService {
    let runtime: RuntimeFolder
    let client: UnixClient

    init(_ program: Program) throws {
        let runtime = RuntimeFolder(for: program.folder.data, environment: { program.environment[$0] })
        try waitUntil("the service") { (try? UnixClient(runtime.socketPath)) != nil }
        client = try UnixClient(runtime.socketPath)
        self.runtime = runtime
    }

    /// Ends the service, and so what traces it.
    func kill(with number: Int32 = SIGKILL) throws {
        let text = try String(contentsOfFile: runtime.processPath, encoding: .utf8)
        Glibc.kill(try #require(text.split(separator: " ").first.flatMap { Int32($0) }), number)
    }
}
