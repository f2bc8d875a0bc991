import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// A real shell on a pseudo-terminal, with start files of the test's own that end in the hook.
///
/// What has been run is told by the shell's own hook, a line a prompt with the status in it: it also says that a
/// user's hook is still called and finds `$?` as it was.
final class InteractiveShell {
    enum Kind: String, CaseIterable {
        case bash, zsh, fish
    }

    let program: Program
    private let process = Process()
    private let keyboard = Pipe()
    private let promptsPath: String
    private let terminalPath: String

    /// Makes the tests' user an ordinary one where that is root, for whom the hooks never use the pipe: in a user namespace
    /// with another number, and without root's rights. Files of the tests still belong to it.
    private static let ordinaryUser =
        geteuid() == 0 ? "/usr/bin/unshare --user --map-user=1000 --map-group=1000 --" : ""

    /// Starts a shell; `before` and `after` are put around the hook in its start file, and with `recorder` the programs of the build
    /// can be found; to fish they always can, as its hook needs the recorder. `wrapper` goes before the shell's own command
    /// line. With `asRoot` the shell stays root's where the tests are.
    init(
        _ kind: Kind, _ program: Program, before: String = "", after: String = "", recorder: Bool = false,
        wrapper: String = "", asRoot: Bool = false
    ) throws {
        let path = "/usr/bin/" + kind.rawValue
        try #require(
            FileManager.default.isExecutableFile(atPath: path), "\(kind) is not installed: apt-get install \(kind)")
        self.program = program
        promptsPath = program.folder.path + "/prompts"
        terminalPath = program.folder.path + "/terminal"
        for path in [promptsPath, terminalPath] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        let home = program.folder.path
        let hook = "\(Program.url.path) init \(kind)"
        let (file, words, command): (String, String, String) =
            switch kind {
            case .bash:
                (
                    "start.bash", "PROMPT_COMMAND='echo \"$?\" >>\"$HOME/prompts\"'",
                    "bash --rcfile \(home)/start.bash -i"
                )
            case .zsh: (".zshrc", "precmd() { echo \"$?\" >>\"$HOME/prompts\" }", "zsh -d -i")
            case .fish:
                (
                    ".config/fish/config.fish",
                    "function tell --on-event fish_prompt; echo $status >>$HOME/prompts; end", "fish -i"
                )
            }
        let evaluate = kind == .fish ? "\(hook) | source" : "eval \"$(\(hook))\""
        let url = URL(filePath: home).appending(path: file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        // Twice: the second time must change nothing.
        let text = [words, before, evaluate, evaluate, after, ""].joined(separator: "\n")
        try text.write(to: url, atomically: true, encoding: .utf8)

        var environment = program.environment
        environment["NEXUS_SESSION"] = nil
        environment["HOME"] = home
        environment["TERM"] = "xterm"
        environment["LANG"] = "C.UTF-8"
        environment["SHELL"] = "/bin/sh"
        let folder = Program.url.deletingLastPathComponent().path
        environment["PATH"] = (recorder || kind == .fish ? folder + ":" : "") + "/usr/bin:/bin"
        // The start of the process is a program's, as Program has it: no signal is blocked.
        _ = program.process([])
        process.executableURL = URL(filePath: "/usr/bin/script")
        process.arguments = [
            "-qec", "stty cols 200 rows 50; exec \(asRoot ? "" : Self.ordinaryUser) \(wrapper) \(command)", "/dev/null",
        ]
        process.environment = environment
        process.standardInput = keyboard
        process.standardOutput = FileHandle(forWritingAtPath: terminalPath)
        process.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try process.run()
        try waitUntil("the first prompt") { !self.prompts.isEmpty }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// The statuses that the shell's own hook saw, the first of them before anything was typed.
    var prompts: [String] {
        let text = FileManager.default.contents(atPath: promptsPath) ?? Data()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// What was written to the terminal so far, what was typed among it.
    var terminal: String {
        String(decoding: FileManager.default.contents(atPath: terminalPath) ?? Data(), as: UTF8.self)
    }

    /// Pastes text as a terminal does, and Enter; returns what the prompt after it notes.
    func paste(_ text: String) throws -> String { try type("\u{1B}[200~\(text)\u{1B}[201~")[0] }

    /// Types lines, each at a prompt of its own, and returns the statuses that they left.
    @discardableResult
    func type(_ lines: String...) throws -> [String] {
        var statuses: [String] = []
        for line in lines {
            let count = prompts.count
            try keyboard.fileHandleForWriting.write(contentsOf: Data((line + "\r").utf8))
            try waitUntil("the prompt after '\(line)'") { self.prompts.count > count }
            statuses.append(prompts[count])
        }
        return statuses
    }

    /// Types lines without waiting for the prompt before each, as many at once as a terminal surely holds.
    func typeAhead(_ lines: [String]) throws {
        let room = 1024
        var rest = lines[...]
        while !rest.isEmpty {
            let before = prompts.count
            var text = ""
            var count = 0
            while let line = rest.first, text.isEmpty || text.utf8.count + line.utf8.count < room {
                text += line + "\r"
                count += 1
                rest = rest.dropFirst()
            }
            try keyboard.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try waitUntil("the prompts after '\(text)'") { self.prompts.count >= before + count }
        }
    }

    /// Types `exit` and waits until the shell is gone.
    func leave() throws {
        try keyboard.fileHandleForWriting.write(contentsOf: Data("exit\r".utf8))
        try waitUntil("the end of the shell") { !self.process.isRunning }
    }

    /// The rows in the database once there are at least `count`.
    func rows(_ columns: String, count: Int) throws -> [String] {
        var rows: [String] = []
        try waitUntil("\(count) events") {
            _ = try? self.program.run("flush")
            guard self.program.folder.data.hasDatabase else { return false }
            let text = (try? self.program.query("SELECT \(columns) FROM events ORDER BY id")) ?? ""
            rows = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            return rows.count >= count && rows != [""]
        }
        return rows
    }
}

/// Waits until `condition` holds, and throws after half a minute.
func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "\(what) did not come")
        usleep(5000)
    }
}
