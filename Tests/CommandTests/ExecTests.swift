import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

struct ExecTests {
    @Test(
        "The child's exit code is returned, and how it ended is recorded",
        arguments: [
            ("exit 0", 0, "sh|1|"), ("exit 3", 3, "sh|0|exit_3"), ("kill -9 $$", 137, "sh|0|signal_9"),
            ("kill -TERM $$", 143, "sh|0|signal_15"),
        ])
    func codes(script: String, code: Int32, row: String) throws {
        let program = try Program()
        let outcome = try program.run("exec", "--", "sh", "-c", script)
        #expect(outcome.status == code, "\(outcome)")
        try program.run("flush")
        #expect(try program.query("SELECT command, success, error_category FROM events") == row)
    }

    @Test("A missing program gives 127, one that cannot be run 126")
    func notRunnable() throws {
        let program = try Program()
        let missing = try program.run("exec", "--", "no-such-program-anywhere")
        #expect(missing.status == 127)
        #expect(missing.errors == "nexus: cannot run no-such-program-anywhere: no such file or directory\n")
        #expect(try program.run("exec", "--", "/etc/passwd").status == 126)
        try program.run("flush")
        #expect(
            try program.query("SELECT group_concat(error_category) FROM events") == "not_found,not_executable")
    }

    /// Runs a line of the shell that finds the program as `$0`.
    private func shell(_ program: Program, _ line: String) throws -> (status: Int32, output: String) {
        let process = program.process(["-c", line, Program.url.path])
        process.executableURL = URL(filePath: "/bin/sh")
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test("Arguments reach the command byte for byte; where they name a file of ours they have to be UTF-8")
    func bytes() throws {
        let program = try Program()
        let named = "F=$(printf 'caf\\351'); "
        for call in ["exec -- printf %s", "exec printf %s", "exec --workspace w -- printf %s"] {
            let outcome = try shell(program, named + "\"$0\" \(call) \"$F\" | od -An -tx1")
            #expect(outcome.output == " 63 61 66 e9\n", "\(call)")
        }
        let refused = try shell(program, named + "\"$0\" verify \"$F\"")
        #expect(refused.status == 64)
        #expect(refused.output.contains("is not valid UTF-8"))
    }

    @Test("A script without a #! line is run by the shell")
    func plainScript() throws {
        let program = try Program()
        let path = program.folder.path + "/plain"
        try "echo hello \"$1\"\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        #expect(try program.run("exec", "--", path, "you").output == "hello you\n")
        let onPath = try shell(program, "PATH=\"\(program.folder.path):$PATH\" \"$0\" exec -- plain me")
        #expect(onPath.status == 0 && onPath.output == "hello me\n")
    }

    @Test("The parent process may ignore SIGCHLD")
    func ignoredChildren() throws {
        let program = try Program()
        let outcome = try shell(program, "timeout 20 env --ignore-signal=CHLD \"$0\" exec -- sh -c 'sleep 0.1; exit 3'")
        #expect(outcome.status == 3, "\(outcome.output)")
        try program.run("flush")
        #expect(try program.query("SELECT error_category FROM events") == "exit_3")
    }

    @Test("Input, output and errors pass through")
    func streams() throws {
        let outcome = try Program().run("exec", "--", "sh", "-c", "cat; echo wrong >&2", input: "hello")
        #expect(outcome.output == "hello")
        #expect(outcome.errors == "wrong\n")
    }

    @Test(
        "A subcommand is the only kept argument, and only of programs known to have them",
        arguments: [
            (["git", "status", "secret.txt"], "git status"), (["git", "-C", "/tmp", "status"], "git status"),
            (["ls", "confidential"], "ls"), (["/usr/bin/ls", "/"], "ls"), (["sort", "MyFile.txt"], "sort"),
            (["nowhere", "x"], ""),
        ])
    func names(arguments: [String], name: String) throws {
        let program = try Program()
        let process = program.process(["exec", "--workspace", "w", "--"] + arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try program.run("flush")
        #expect(try program.query("SELECT command FROM events") == name)
        #expect(try program.query("SELECT length(workspace_hash) FROM events") == "32")
    }

    @Test("A signal sent to the recorder reaches the child, and the child decides")
    func signals() throws {
        let program = try Program()
        let script = "trap 'echo caught; exit 7' TERM; echo ready; while :; do read -t 1 line; done"
        let process = program.process(["exec", "--", "bash", "-c", script])
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = Pipe()
        try process.run()
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "ready\n")
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 7)
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "caught\n")
    }

    @Test("Files of the command have the same permissions as without the recorder")
    func newFiles() throws {
        let program = try Program()
        for call in ["exec -- sh -c umask", "exec sh -c umask", "exec --workspace=w -- sh -c umask"] {
            let outcome = try shell(program, "umask 022; \"$0\" \(call)")
            #expect(outcome.output == "0022\n", "\(call)")
        }
    }

    @Test("The command's exit code is returned if files may not grow")
    func fileLimit() throws {
        let program = try Program()
        #expect(try shell(program, "ulimit -f 0; \"$0\" exec -- sh -c 'exit 3'").status == 3)
        let recorder = Program.url.deletingLastPathComponent().path + "/nexus-record"
        let soft = try shell(program, "ulimit -f 0; \(recorder) --command x --soft")
        #expect(soft.status == 0 && soft.output.hasPrefix("nexus-record: cannot"), "\(soft)")
        #expect(try shell(program, "ulimit -f 0; \(recorder) --command x").status == 74)
    }

    @Test("A command that is ended by a signal to its whole group is recorded")
    func signalToTheGroup() throws {
        let program = try Program()
        let outcome = try shell(
            program, "for i in 1 2 3 4 5 6 7 8 9 10; do timeout 0.3 \"$0\" exec -- sleep 20 & done; wait")
        try program.run("flush")
        let rows = "SELECT count(*) FROM events WHERE error_category = 'signal_15'"
        #expect(try program.query(rows) == "10", "\(outcome)")
    }

    @Test("A stopped command returns the terminal, and continues when the user resumes it")
    func stoppedCommand() throws {
        let shell = try InteractiveShell(.bash, Program())
        let done = shell.program.folder.path + "/done"
        let statuses = try shell.type(
            "\(Program.url.path) exec -- bash -c 'kill -STOP $$; echo >\(done); exit 5'", "test -e \(done)", "fg")
        #expect(statuses == ["147", "1", "5"])
        #expect(FileManager.default.fileExists(atPath: done))
        try shell.leave()
    }

    @Test("The child runs if nothing can be recorded, with one message, or none with --quiet")
    func unrecordable() throws {
        var program = try Program()
        for folder in ["/proc/nowhere", "relative", nil] {
            program.environment["NEXUS_DATA_DIR"] = folder
            let outcome = try program.run("exec", "--", "sh", "-c", "echo fine; exit 4")
            #expect(outcome.status == 4 && outcome.output == "fine\n", "\(outcome)")
            #expect(
                outcome.errors.hasPrefix("nexus: the command was not recorded: ")
                    && outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
            let quiet = try program.run("exec", "--quiet", "--", "sh", "-c", "exit 4")
            #expect(quiet.status == 4 && quiet.errors == "", "\(quiet)")
        }
    }

    @Test("The workspace is the folder of the git repository, unless another one is named")
    func workspace() throws {
        let program = try Program()
        let root = program.folder.path + "/client-site"
        try FileManager.default.createDirectory(atPath: root + "/.git", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: root + "/src", withIntermediateDirectories: true)
        func run(in folder: String, _ named: String? = nil, _ arguments: String...) throws {
            let process = program.process(["exec"] + arguments + ["--", "true"])
            process.currentDirectoryURL = URL(filePath: folder)
            process.environment?["NEXUS_WORKSPACE"] = named
            try process.run()
            process.waitUntilExit()
        }
        #expect(try program.run("record", "--command", "true", "--workspace", "client-site").status == 0)
        try run(in: root)
        try run(in: root + "/src")
        try run(in: program.folder.path, "client-site")
        try run(in: program.folder.path, nil, "--workspace", "client-site")
        try run(in: root, "")
        #expect(try program.run("flush").status == 0)
        #expect(
            try program.query(
                "SELECT count(DISTINCT workspace_hash), count(workspace_hash), count(*) FROM events") == "1|5|6")
    }

    /// Runs a shell command in namespaces of its own, which only root may make; nil for another user.
    private func isolated(_ program: Program, _ namespaces: [String], _ script: String) throws -> (Int32, String)? {
        guard geteuid() == 0 else { return nil }
        let process = program.process(namespaces + ["sh", "-c", script])
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.environment?["PATH"] = Program.url.deletingLastPathComponent().path + ":/usr/bin:/bin"
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test("Both programs read their arguments, run and record without /proc and with SWIFT_ROOT set")
    func withoutProc() throws {
        let program = try Program()
        let script = """
            umount -l /proc && nexus-record --command first && nexus exec -- sh -c 'echo "ran$SWIFT_ROOT"' && \
            SWIFT_ROOT=/nowhere nexus-record --command second && SWIFT_ROOT=/nowhere nexus exec -- sh -c 'exit 3'
            """
        guard let (status, output) = try isolated(program, ["--mount"], script) else { return }
        #expect(status == 3 && output == "ran\n")
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT command FROM events ORDER BY id") == "first\nsh\nsecond\nsh")
    }

    private static let staticRecorder = Repository.root.path + "/.build/static/release/nexus-record"

    @Test(
        "The recorder that is linked statically records without /proc, in a chroot and as process 1",
        .enabled(
            if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: staticRecorder),
            "it was not built (Scripts/bench record builds it), or this is not root"))
    func linkedStatically() throws {
        let program = try Program()
        let root = program.folder.path + "/root"
        try FileManager.default.createDirectory(atPath: root + "/data", withIntermediateDirectories: true)
        for name in ["nexus", "nexus-record"] {
            try FileManager.default.copyItem(atPath: Self.staticRecorder, toPath: root + "/" + name)
        }
        // Under the name `nexus` it runs commands: here itself, and as process 1.
        let script = """
            umount -l /proc && \(root)/nexus-record --command first && SWIFT_ROOT=/nowhere \(root)/nexus-record --command second && \
            \(root)/nexus exec -- sh -c 'echo "ran$SWIFT_ROOT"' && export NEXUS_DATA_DIR=/data && \
            /usr/sbin/chroot \(root) /nexus-record --command third && \
            unshare --pid --fork /usr/sbin/chroot \(root) /nexus exec -- /nexus-record --command fourth && \
            unshare --pid --fork /usr/sbin/chroot \(root) /nexus exec -- /nexus-record --nonsense
            """
        let result = try isolated(program, ["--mount"], script)
        #expect(result?.0 == 64 && result?.1 == "ran\n")
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT command FROM events ORDER BY id") == "first\nsecond\nsh")
        var inside = program
        inside.environment["NEXUS_DATA_DIR"] = root + "/data"
        #expect(try inside.run("flush").status == 0)
        let stats = try inside.run("stats", "--json").output
        #expect(stats.contains("\"commands\" : 4,"), "\(stats)")
    }

    @Test("'exec' as process 1 reaps other processes, and returns its command's exit code")
    func processOne() throws {
        let program = try Program()
        let script = """
            exec nexus exec -- sh -c '(sleep 0.1 & sleep 0.2 &); sleep 0.6; grep -l "State:.Z" /proc/[0-9]*/status | wc -l; exit 3'
            """
        guard let (status, output) = try isolated(program, ["--pid", "--fork", "--mount-proc"], script) else { return }
        #expect(status == 3 && output == "0\n")
    }
}

struct SessionCommandTests {
    @Test("A session started and ended in a shell has the events between")
    func startAndEnd() throws {
        var program = try Program()
        program.environment["NEXUS_SESSION"] = nil
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.environment = program.environment
        let nexus = Program.url.path
        shell.arguments = [
            "-ec",
            """
            eval "$(\(nexus) session start --id work)"
            test "$NEXUS_SESSION" = work
            \(nexus) record --command make --failure
            eval "$(\(nexus) session end)"
            test -z "${NEXUS_SESSION:-}"
            """,
        ]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        let list = try program.run("session", "list", "--json").output
        #expect(list.contains(#""session_id" : "work""#))
        let row =
            "SELECT commands_executed, errors_encountered, ended_at NOT NULL FROM sessions WHERE session_id = 'work'"
        #expect(try program.query(row) == "1|1|1")
    }

    @Test("The default session is the calling shell, and ends with the shell")
    func shell() throws {
        var program = try Program()
        program.environment["NEXUS_SESSION"] = nil
        for _ in 0..<2 {
            let shell = Process()
            shell.executableURL = URL(filePath: "/bin/bash")
            shell.environment = program.environment
            shell.arguments = [
                "-c", "\(Program.url.path) record --command a; \(Program.url.path) record --command b; :",
            ]
            try shell.run()
            shell.waitUntilExit()
        }
        try program.run("flush")
        #expect(try program.query("SELECT group_concat(commands_executed), count(ended_at) FROM sessions") == "2,2|2")
        #expect(try program.query("SELECT count(*) FROM sessions WHERE session_id GLOB 'shell-*-*-*'") == "2")
    }

    @Test("Ending a session that was not started is a usage error")
    func endWithoutStart() throws {
        var program = try Program()
        program.environment["NEXUS_SESSION"] = nil
        let outcome = try program.run("session", "end")
        #expect(outcome.status == 64)
        #expect(outcome.errors == "nexus: no session to end: NEXUS_SESSION is not set\n")
    }
}

struct LeanRecorderTests {
    /// What both programs make of the same flags.
    private func rows(_ program: String, _ arguments: [String]) throws -> (status: Int32, row: String) {
        let test = try Program()
        let process = test.process(arguments)
        process.executableURL = Program.url.deletingLastPathComponent().appending(path: program)
        if program == "nexus" { process.arguments = ["record"] + arguments }
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try test.run("flush")
        let columns = """
            event_type, command, duration_ms, success, error_category, template_used, services_count, ports_used,
            session_id, length(workspace_hash), length(task_hash)
            """
        // Wrong use leaves no database.
        guard test.folder.data.hasDatabase else { return (process.terminationStatus, "") }
        return (process.terminationStatus, try test.query("SELECT \(columns) FROM events"))
    }

    @Test(
        "nexus-record and nexus record understand the same flags in the same way",
        arguments: [
            ["--command", "git push --force", "--duration-ms", "12", "--success"],
            ["--type", "deploy", "--failure", "--error-category", "timeout", "--workspace=w", "--task", "t"],
            [
                "--command=make all", "--template", "web", "--services", "3", "--ports", "2", "--session", "s",
                "--durable",
            ],
            ["--command", "x", "--timestamp", "2026-11-23T10:00:00Z"], ["--command", "x", "--timestamp", "12"],
            ["--success"], ["--type", "not a type"], ["--success", "--failure"], ["--duration-ms", "many"],
            ["--no-such-flag"], ["--command"], [],
        ])
    func sameFlags(arguments: [String]) throws {
        let (lean, full) = (try rows("nexus-record", arguments), try rows("nexus", arguments))
        #expect(lean.status == full.status)
        #expect(lean.row == full.row)
    }

    @Test("The recorder prints one message and returns 74 if nothing can be recorded, and 0 with --soft")
    func soft() throws {
        var test = try Program()
        test.environment["NEXUS_DATA_DIR"] = "/dev/null/nowhere"
        for (arguments, status) in [(["--command", "x"], Int32(74)), (["--command", "x", "--soft"], 0)] {
            for program in ["nexus-record", "nexus"] {
                let process = test.process(program == "nexus" ? ["record"] + arguments : arguments)
                process.executableURL = Program.url.deletingLastPathComponent().appending(path: program)
                let errors = Pipe()
                process.standardError = errors
                try process.run()
                let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                process.waitUntilExit()
                #expect(process.terminationStatus == status)
                #expect(text == "\(program): cannot open /dev/null/nowhere/key: not a directory\n")
            }
        }
    }
}

/// The installed `nexus`: the lean program under that name, with the whole one in `libexec`.
struct FrontProgramTests {
    private let program: Program
    private let path: String

    init() throws {
        program = try Program()
        let built = Program.url.deletingLastPathComponent()
        let prefix = URL(filePath: program.folder.path).appending(path: "prefix")
        let files = FileManager.default
        for folder in ["bin", "libexec/nexus"] {
            try files.createDirectory(at: prefix.appending(path: folder), withIntermediateDirectories: true)
        }
        try files.copyItem(at: built.appending(path: "nexus-record"), to: prefix.appending(path: "bin/nexus"))
        try files.createSymbolicLink(at: prefix.appending(path: "libexec/nexus/nexus"), withDestinationURL: Program.url)
        path = prefix.appending(path: "bin/nexus").path
    }

    private func run(_ arguments: String...) throws -> Program.Outcome {
        let process = program.process(arguments)
        process.executableURL = URL(filePath: path)
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        func text(_ pipe: Pipe) throws -> String {
            String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        return Program.Outcome(status: process.terminationStatus, output: try text(output), errors: try text(errors))
    }

    @Test("The launcher runs commands and records single events itself, and starts the whole program for the rest")
    func divides() throws {
        #expect(try run("exec", "--workspace", "w", "--", "sh", "-c", "umask; exit 3").status == 3)
        #expect(try run("record", "--command", "make all", "--success").status == 0)
        #expect(try run("flush").status == 0)
        #expect(
            try program.query("SELECT command, success, error_category FROM events ORDER BY id")
                == "sh|0|exit_3\nmake all|1|")
        #expect(try run("stats", "--json").output.hasPrefix("{"))
        #expect(try run("--version").output.hasPrefix("nexus "))
    }

    @Test("The whole program explains arguments that the launcher does not understand")
    func explains() throws {
        let wrong = try run("record", "--no-such-flag")
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("Unknown option '--no-such-flag'"))
        #expect(try run("record", "--help").output.contains("--stdin"))
        #expect(try run("exec", "--", "no-such-program-anywhere").errors.hasPrefix("nexus: cannot run"))
    }

    @Test("The launcher reports a missing whole program")
    func missing() throws {
        try FileManager.default.removeItem(
            at: URL(filePath: path).deletingLastPathComponent().appending(path: "../libexec/nexus/nexus"))
        let outcome = try run("stats")
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("libexec/nexus/nexus"))
        #expect(try run("record", "--type", "task_completed").status == 0)
    }
}
