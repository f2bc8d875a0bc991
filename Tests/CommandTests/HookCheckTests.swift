import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("nexus doctor --hook")
struct HookCheckTests {
    /// A user's start files, and what the check has to say of them.
    struct SetUp: CustomTestStringConvertible, Sendable {
        let name: String
        var shell = "bash"
        /// Start files by name.
        let files: [String: String]
        var environment: [String: String] = [:]
        /// A part of the text; nil where the hook works and there is nothing to note.
        var problem: String?
        /// Whether the hook works though there is something to note.
        var isNoted = false

        var testDescription: String { name }
    }

    private static let bash = "eval \"$(nexus init bash)\"\n"
    private static let zsh = "eval \"$(nexus init zsh)\"\n"
    private static let fish = "nexus init fish | source\n"
    private static let plainPath = "/usr/bin:/bin"

    static let working: [SetUp] = [
        SetUp(name: "bash", files: [".bashrc": bash]),
        SetUp(name: "bash that prints much", files: [".bashrc": "for i in {1..3000}; do echo line $i; done\n" + bash]),
        SetUp(
            name: "bash with the history written at each prompt",
            files: [".bashrc": "PROMPT_COMMAND='history -a'\nHISTCONTROL=ignoreboth\n" + bash]),
        SetUp(
            name: "bash whose prompt another tool sets after the hook",
            files: [".bashrc": bash + "other() { :; }\nPROMPT_COMMAND=other\n"]),
        SetUp(
            name: "bash with a start file that reads the terminal",
            files: [".bashrc": "read -t 0.5 answer </dev/tty\n" + bash]),
        SetUp(
            name: "bash that is slow to start", files: [".bashrc": "echo begin; sleep 1\n" + bash + "set -u\n"]),
        SetUp(
            name: "bash whose start file runs the check",
            files: [".bashrc": bash + "nexus doctor --hook --shell bash\n"]),
        SetUp(name: "zsh", shell: "zsh", files: [".zshrc": zsh]),
        SetUp(
            name: "zsh with ZDOTDIR", shell: "zsh", files: [".zshenv": "ZDOTDIR=$HOME/z\n", "z/.zshrc": zsh]),
        SetUp(
            name: "zsh with other options", shell: "zsh",
            files: [".zshrc": "setopt sh_glob ksh_arrays no_clobber hist_ignore_space\n" + zsh]),
        SetUp(name: "fish", shell: "fish", files: [".config/fish/config.fish": fish]),
        SetUp(name: "fish with conf.d", shell: "fish", files: [".config/fish/conf.d/n.fish": fish]),
        SetUp(
            name: "a data folder in the start files",
            files: [".bashrc": "export NEXUS_DATA_DIR=$HOME/elsewhere\n" + bash], problem: "/home/elsewhere",
            isNoted: true),
    ]

    static let broken: [SetUp] = [
        SetUp(name: "no hook", files: [".bashrc": "X=1\n"], problem: "the start files of bash have no hook"),
        SetUp(
            name: "no start file", shell: "zsh", files: [".zshenv": ""], problem: "the start files of zsh have no hook"),
        SetUp(name: "a hook that is a comment", files: [".bashrc": "# " + bash], problem: "have no hook"),
        SetUp(
            name: "no nexus on the PATH", files: [".bashrc": "PATH=\(plainPath)\n" + bash],
            problem: "line 2 of"),
        SetUp(
            name: "nexus on the PATH too late",
            files: [".bashrc": "P=$PATH PATH=\(plainPath)\ncommand -v nexus >/dev/null && \(bash)PATH=$P\n"],
            problem: "does not run it"),
        SetUp(name: "a return before the hook", files: [".bashrc": "return\n" + bash], problem: "does not run it"),
        SetUp(
            name: "no recorder on the PATH",
            files: [
                ".bashrc": "mkdir -p bin; ln -sf \"$(type -P nexus)\" bin/nexus\n" + "PATH=$HOME/bin:\(plainPath)\n"
                    + bash
            ],
            problem: "'nexus-record' is not on the PATH"),
        SetUp(
            name: "switched off in the start file", files: [".bashrc": bash + "export NEXUS_TELEMETRY=off\n"],
            problem: "NEXUS_TELEMETRY switches recording off"),
        SetUp(
            name: "switched off for every program", shell: "zsh", files: [".zshrc": zsh],
            environment: ["DO_NOT_TRACK": "1"],
            problem: "DO_NOT_TRACK switches recording off"),
        SetUp(
            name: "a folder that is left out", shell: "fish",
            files: [".config/fish/config.fish": fish, ".nexus-telemetry-off": ""], problem: "this folder is left out"),
        SetUp(
            name: "a prompt that is read-only", files: [".bashrc": "readonly PROMPT_COMMAND=:\n" + bash],
            problem: "PS0 or PROMPT_COMMAND is read-only"),
        SetUp(
            name: "a hook that another tool removes", files: [".bashrc": bash + "PS0= PROMPT_COMMAND=\n"],
            problem: "another tool removed it"),
        SetUp(
            name: "a hook that another tool removes in zsh", shell: "zsh",
            files: [".zshrc": zsh + "precmd_functions=() preexec_functions=()\n"],
            problem: "another tool removed it"),
        SetUp(
            name: "a hook that another tool removes in fish", shell: "fish",
            files: [".config/fish/config.fish": fish + "functions -e __nexus_postexec\n"], problem: "does not run it"),
        SetUp(name: "no history", files: [".bashrc": bash + "set +o history\n"], problem: "bash keeps no history"),
        SetUp(
            name: "a history of no lines", files: [".bashrc": bash + "HISTSIZE=0\n"], problem: "bash keeps no history"),
        SetUp(
            name: "a start file that waits", files: [".bashrc": bash + "sleep 1000\n"], problem: "a start file waits"),
        SetUp(
            name: "a start file that runs another program", files: [".bashrc": bash + "exec cat\n"],
            problem: "runs 'cat' instead"),
        SetUp(
            name: "a start file that ends the shell", files: [".bashrc": "echo goodbye\nexit 3\n"], problem: "goodbye"),
        SetUp(
            name: "a shell that is not installed", shell: "/nonexistent/zsh", files: [".zshrc": zsh],
            problem: "cannot run /nonexistent/zsh"),
    ]

    private func check(_ setUp: SetUp) throws -> (home: TestHome, outcome: Program.Outcome) {
        var home = try TestHome()
        for (name, content) in setUp.files { try home.put(name, content) }
        home.program.environment.merge(setUp.environment) { $1 }
        home.program.environment["SHELL"] = setUp.shell
        let deadline = setUp.problem == nil || setUp.isNoted ? "20" : "3"
        return (home, try home.run("doctor", "--hook", "--deadline", deadline))
    }

    @Test("The check reports a hook that works", arguments: working)
    func works(setUp: SetUp) throws {
        let (home, outcome) = try check(setUp)
        #expect(
            outcome.status == 0 && outcome.output.contains("records: the event of a command arrived after"),
            "\(outcome)")
        if let note = setUp.problem { #expect(outcome.output.contains(note), "\(outcome)") }
        #expect(!FileManager.default.fileExists(atPath: home.path + "/elsewhere"))
        #expect(!home.program.folder.data.folder.exists, "the user's data folder is not touched")
    }

    @Test("The check reports why a hook does not work", arguments: broken)
    func isBroken(setUp: SetUp) throws {
        let (home, outcome) = try check(setUp)
        #expect(outcome.status != 0, "\(outcome)")
        #expect((outcome.output + outcome.errors).contains(setUp.problem ?? "?"), "\(outcome)")
        #expect(!home.program.folder.data.folder.exists, "the user's data folder is not touched")
    }

    @Test("The check leaves no process and no folder, and reports a setting that is off")
    func tidy() throws {
        var home = try TestHome()
        let temporary = home.program.folder.path + "/tmp"
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        home.program.environment["TMPDIR"] = temporary
        home.program.environment["SHELL"] = "bash"
        let tag = "nexus-test-\(UUID().uuidString)"
        try home.put(".bashrc", "(exec -a \(tag) sleep 1000 &)\n" + Self.bash)
        #expect(try home.run("doctor", "--hook").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
        let names = processes.map { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") ?? Data() }
        #expect(!names.contains { $0.range(of: Data(tag.utf8)) != nil })
        try home.program.run("telemetry", "off")
        let off = try home.run("doctor", "--hook", "--json")
        #expect(off.status == 65 && off.output.contains("nexus telemetry on"), "\(off)")
    }
}
