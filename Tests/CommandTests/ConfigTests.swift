import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("nexus config")
struct ConfigTests {
    private let program: Program

    init() throws {
        program = try Program()
    }

    private func commands() throws -> [String] {
        _ = try program.run("flush")
        guard program.folder.data.hasDatabase else { return [] }
        return try program.query("SELECT coalesce(command, event_type) FROM events ORDER BY id").split(separator: "\n")
            .map(
                String.init)
    }

    @Test("'config' prints every setting with value and default, and creates no file")
    func show() throws {
        let text = try program.run("config").output
        for name in SettingName.allCases { #expect(text.contains("\n\(name.rawValue) "), "\(name)") }
        #expect(text.contains("built in"))
        #expect(!program.folder.data.folder.exists)
        #expect(try program.run("config", "subcommands").output.contains("cargo (built in)\n"))
        try program.run("config", "add", "ignore", "ls")
        let json = try program.run("config", "--json").output
        #expect(json.contains("\"name\" : \"ignore\"") && json.contains("\"ls\""))
    }

    @Test("Lists and values are set, unset, and refused with what to do")
    func change() throws {
        #expect(try program.run("config", "add", "ignore", "ls", "git status", "ls").status == 0)
        #expect(try program.run("config", "ignore").output == "ls\ngit status\n")
        #expect(try program.run("config", "remove", "ignore", "ls").status == 0)
        #expect(try program.run("config", "ignore").output == "git status\n")
        #expect(try program.run("config", "set", "git-workspace", "off").status == 0)
        #expect(try program.run("config", "git-workspace").output == "off\n")
        #expect(try program.run("config", "unset", "git-workspace").status == 0)
        #expect(try program.run("config", "git-workspace").output == "on\n")
        #expect(try program.run("config", "set", "recording", "off").status == 0)
        #expect(try program.run("telemetry", "status").output.contains("off ('nexus telemetry off' was called)"))
        #expect(try program.run("config", "unset", "recording").status == 0)
        for (arguments, part) in [
            (["add", "ignore", "/x"], "first words"), (["remove", "ignore", "zz"], "is not in ignore"),
            (["set", "recording", "maybe"], "on or off"), (["set", "ignore", "ls"], "it is a list"),
            (["add", "recording", "on"], "not a list"), (["set", "retention-days", "3"], "nexus telemetry retain"),
            (["set", "destinations", "x"], "nexus sync add"), (["set", "nonsense", "x"], "nonsense"),
        ] {
            let outcome = try program.run(["config"] + arguments)
            #expect(outcome.status == 64 && outcome.errors.contains(part), "\(arguments): \(outcome.errors)")
        }
    }

    @Test("'edit' replaces the settings by the edited file, and refuses an invalid one")
    func edit() throws {
        func edit(_ editor: String) throws -> Program.Outcome {
            var program = program
            program.environment["EDITOR"] = editor
            program.environment["PATH"] = "/usr/bin:/bin"
            return try program.run("config", "edit")
        }
        try program.run("config", "add", "ignore", "ls")
        #expect(try edit("sed -i s/ls/cd/").status == 0)
        #expect(try program.run("config", "ignore").output == "cd\n")
        #expect(try edit("printf '{' >").status == 78)
        #expect(try edit("false").status == 64)
        #expect(try program.run("config", "ignore").output == "cd\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: program.folder.data.folder.path)
        #expect(!names.contains { $0.hasPrefix(ScratchFolder.prefix) })
    }

    @Test("An ignored command leaves no event on any path, is counted, and is no failure")
    func ignored() throws {
        try program.run("config", "add", "ignore", "ls", "git status")
        #expect(try program.run("record", "--command", "ls -l").status == 0)
        #expect(try program.run("record", "--line", "git status", "--exit-status", "0").status == 0)
        #expect(try program.run("exec", "--", "ls", "/").status == 0)
        let lean = program.process(["--command", "ls"])
        lean.executableURL = URL(filePath: Program.path(of: "nexus-record"))
        try lean.run()
        lean.waitUntilExit()
        #expect(lean.terminationStatus == 0)
        let stream = try program.run(
            "record", "--stdin", "--json", input: "{\"command\":\"ls\"}\n{\"shell_line\":\"make\",\"exit_status\":0}\n")
        #expect(stream.status == 0 && stream.output.contains("\"rejected\" : 1") && stream.errors.isEmpty)
        #expect(try commands() == ["make"])
        #expect(try program.run("telemetry", "status").output.contains("5 ignored"))
    }

    @Test("A service follows a change of the lists at once")
    func running() async throws {
        let service = try RunningService(program)
        let client = try service.client()
        #expect(try client.exchange([#"{"command":"ls"}"#], total: 1).accepted == 1)
        try program.run("config", "add", "ignore", "ls")
        try program.run("config", "add", "subcommands", "mytool")
        let counts = try service.client().exchange(
            [#"{"command":"ls"}"#, #"{"shell_line":"mytool build x","exit_status":0}"#], total: 2)
        #expect(counts.accepted == 1 && counts.rejected == 1)
        let pipe = try FileHandle(forWritingTo: URL(filePath: service.runtime.pipePath))
        try pipe.write(contentsOf: Data("{\"command\":\"ls\"}\n{\"command\":\"last\"}\n".utf8))
        try pipe.close()
        try service.stop()
        #expect(try commands() == ["ls", "mytool build", "last"])
    }

    @Test("'exec' derives no workspace from a repository when the setting is off")
    func gitWorkspace() throws {
        let root = program.folder.path + "/acme"
        try FileManager.default.createDirectory(atPath: root + "/.git", withIntermediateDirectories: true)
        func run() throws {
            let process = program.process(["exec", "--", "/bin/true"])
            process.currentDirectoryURL = URL(filePath: root)
            try process.run()
            process.waitUntilExit()
        }
        try run()
        try program.run("config", "set", "git-workspace", "off")
        try run()
        _ = try program.run("flush")
        #expect(try program.query("SELECT workspace_hash IS NULL FROM events ORDER BY id") == "0\n1")
    }
}
