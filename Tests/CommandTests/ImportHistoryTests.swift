import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus import-history` with files that the real shells wrote.
struct ImportHistoryTests {
    private var program: Program

    init() throws {
        program = try Program()
        program.environment["HOME"] = program.folder.path
        program.environment["PATH"] = "/usr/bin:/bin"
    }

    /// Runs a shell of the system, which writes its history.
    private func shell(_ path: String, _ arguments: String...) throws {
        try #require(FileManager.default.isExecutableFile(atPath: path), "apt-get install \(path)")
        let process = program.process(arguments)
        process.executableURL = URL(filePath: path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func json(_ arguments: String...) throws -> JSONNode {
        let outcome = try program.run(["import-history"] + arguments + ["--json"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONNode(outcome.output)
    }

    private var commands: [String] {
        get throws {
            try program.query("SELECT coalesce(command, '-') FROM events ORDER BY id").split(separator: "\n").map(
                String.init)
        }
    }

    private func zshHistory(_ lines: String, extended: Bool = true) throws {
        let script =
            "HISTSIZE=1000 SAVEHIST=1000; setopt \(extended ? "" : "no_")extended_history; HISTFILE=$HOME/.zsh_history; \(lines); fc -W"
        try shell("/usr/bin/zsh", "-fic", script)
    }

    @Test("zsh's own file gives every entry: metafied bytes, several lines, a backslash at the end")
    func zsh() throws {
        try zshHistory(
            "print -rs -- 'make -j8 test'; print -rs -- 'echo \u{103} \u{4F60}'; print -rs -- $'for i in 1; do\\nmake\\ndone'; "
                + "print -rs -- 'ls \\'; print -rs -- hunter2; print -rs -- 'A=1'")
        let list = try program.run("import-history")
        #expect(list.output.contains("5 of 6 entries would be imported") && !program.folder.data.hasDatabase)
        let first = try program.run("import-history", "zsh")
        #expect(first.status == 0 && first.output.contains("5 of 6 entries imported"), "\(first.output)\(first.errors)")
        #expect(try commands == ["make test", "echo", "make", "ls", "-"])
        #expect(try json("zsh")["imported"] == .integer(0))
        #expect(try json("zsh")["skipped"]?["known"] == .integer(5))
        #expect(try program.run("doctor").status == 0)
        // A hash of a line would be in the table of marks; no line is anywhere.
        for name in try program.folder.data.folder.names() {
            let bytes = FileManager.default.contents(atPath: program.folder.data.folder.path(of: name)) ?? Data()
            #expect(bytes.range(of: Data("hunter2".utf8)) == nil, "\(name)")
        }
    }

    @Test("Histories of zsh and bash without times give nothing, and the command prints how to enable times")
    func undated() throws {
        try zshHistory("print -rs -- ls; print -rs -- make", extended: false)
        try shell(
            "/usr/bin/bash", "-c", "HISTFILE=$HOME/.bash_history; set -o history; history -s ls; history -w; HISTFILE=")
        let list = try program.run("import-history").output
        #expect(list.contains("2 skipped: without a time") && list.contains("EXTENDED_HISTORY"))
        #expect(list.contains("1 skipped: without a time") && list.contains("HISTTIMEFORMAT='%F %T '"))
    }

    @Test("bash's own file with times gives every entry, one of several lines as one")
    func bash() throws {
        try shell(
            "/usr/bin/bash", "-c",
            "HISTFILE=$HOME/.bash_history; HISTTIMEFORMAT='%F '; set -o history; history -s 'make test'; "
                + "history -s $'for i in 1; do\\nls\\ndone'; history -s 'git status'; history -w; HISTFILE=")
        #expect(try json("bash")["imported"] == .integer(3))
        #expect(
            try program.query("SELECT event_type, command FROM events ORDER BY id")
                == "command|make test\ncommand_line|ls\ncommand|git status")
    }

    @Test("An import of fish's own file skips entries that its hook recorded; without the hook all are lower bounds")
    func fish() throws {
        let shell = try InteractiveShell(.fish, program)
        try shell.type("true one", "echo two")
        try shell.leave()
        _ = try shell.rows("command", count: 2)
        let home = program.folder.path
        let path = home + "/.local/share/fish/fish_history"
        try waitUntil("the history") { FileManager.default.fileExists(atPath: path) }
        let recorded = try json("fish")
        #expect(recorded["imported"] == .integer(0))
        guard case .integer(let count)? = recorded["skipped"]?["recorded"] else { throw QueryFailure(text: "no count") }
        #expect(count >= 2)
        var other = try ImportHistoryTests()
        other.program.environment["HOME"] = home
        let summary = try other.json("fish")
        #expect(summary["imported"] == .integer(count) && summary["is_lower_bound"] == .bool(true))
        #expect(try other.commands.contains("echo"))
        #expect(try other.program.run("stats").output.replacing("\n  ", with: " ").contains("counts are lower bounds"))
        #expect(try other.program.run("stats", "--by", "command").output.contains("lower bounds"))
        let stats = try JSONNode(other.program.run("stats", "--json").output)
        #expect(stats["lower_bounds"] == .array([.string("fish")]))
        let schema = String(decoding: try Repository.fixture("stats.schema.json"), as: UTF8.self)
        #expect(try JSONSchema(schema).complaints(about: stats).isEmpty)
    }

    @Test("Every run is stored once on a day with the hook, zsh's file and atuin")
    func overlap() throws {
        let home = program.folder.path
        let now = Int(Date().timeIntervalSince1970)
        let old = [(now - 3600, "make old"), (now - 1800, "git status"), (now - 900, "ls old")]
        try Data(old.map { ": \($0.0):0;\($0.1)\n" }.joined().utf8).write(to: URL(filePath: home + "/.zsh_history"))
        let shell = try InteractiveShell(
            .zsh, program,
            before: "HISTFILE=$HOME/.zsh_history HISTSIZE=100 SAVEHIST=100; setopt extended_history inc_append_history",
            recorder: true)
        try shell.type("true typed", "echo typed")
        try shell.leave()
        _ = try shell.rows("command", count: 2)
        let history = try String(contentsOfFile: home + "/.zsh_history", encoding: .utf8)
        #expect(history.contains("typed"))
        try FileManager.default.createDirectory(atPath: home + "/.atuin/data", withIntermediateDirectories: true)
        // atuin noted one of the old runs, and one of those that the hook recorded.
        let typed = try program.query("SELECT strftime('%s', timestamp) FROM events WHERE command = 'echo'")
        let rows = [(now - 1800, "git status"), (try #require(Int(typed)), "echo typed")].enumerated().map {
            index, run in
            "INSERT INTO history VALUES ('\(index)', \(run.0)250000000, 40000000, 0, '\(run.1)', '/', 's', 'h', NULL);"
        }.joined()
        let table = """
            CREATE TABLE history (id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, duration INTEGER NOT NULL,
                exit INTEGER NOT NULL, command TEXT NOT NULL, cwd TEXT NOT NULL, session TEXT NOT NULL,
                hostname TEXT NOT NULL, deleted_at INTEGER);
            """
        try self.shell("/usr/bin/sqlite3", home + "/.atuin/data/history.db", table + rows)
        let before = try program.query("SELECT count(*) FROM events")
        #expect(try json("atuin")["imported"] == .integer(1))
        let zsh = try json("zsh")
        #expect(zsh["imported"] == .integer(2) && zsh["skipped"]?["elsewhere"] == .integer(1), "\(zsh)")
        #expect(
            try program.query("SELECT command FROM events WHERE session_id GLOB 'imported-*' ORDER BY timestamp")
                == "make old\ngit status\nls")
        #expect(try program.query("SELECT count(*) FROM events") == "\((Int(before) ?? 0) + 3)")
    }

    @Test("An import that is killed at many instants is completed by the next")
    func killed() throws {
        let count = 30_000
        let text = (0..<count).map { ": \(1_600_000_000 + $0 * 40):\($0 % 3);make target\($0 % 11)\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: program.folder.path + "/.zsh_history"))
        var random = SeededGenerator(seed: 11)
        var stored: Set<String> = []
        for _ in 0..<12 {
            let process = program.process(["import-history", "zsh"])
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: Double.random(in: 0...1.5, using: &random))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            guard program.folder.data.hasDatabase else { continue }
            stored.insert((try? program.query("SELECT count(*) FROM events")) ?? "")
        }
        #expect(
            try TracedKill("pwrite64", at: 40, program, "import-history", "zsh").isKilled || stored.contains("\(count)")
        )
        let last = try program.run("import-history", "zsh")
        #expect(last.status == 0, "\(last.errors)")
        #expect(try program.query("SELECT count(*), count(DISTINCT timestamp) FROM events") == "\(count)|\(count)")
        #expect(try program.query("SELECT sum(events) FROM activity_rollup") == "\(count)")
        #expect(try program.query("SELECT count(*) FROM history_marks") == "\(count)")
        #expect(try program.run("doctor").status == 0)
    }

    @Test("A line of 100 MB, broken lines and NUL are skipped in bounded memory, and the others are imported")
    func hostile() throws {
        let path = program.folder.path + "/.zsh_history"
        _ = FileManager.default.createFile(atPath: path, contents: Data(": 1700000000:0;ls\n: 1700000001:0;".utf8))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        let block = Data(repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<100 { try file.write(contentsOf: block) }
        try file.write(
            contentsOf: Data(
                "\n: 99999999999999999999:0;ls\n:\n\0\0\n: 1700000002:0;git st\0atus\n: 1700000003:0;make\n".utf8))
        try file.close()
        let process = program.process(["-c", "ulimit -v 4000000; exec \(Program.url.path) import-history zsh"])
        process.executableURL = URL(filePath: "/usr/bin/bash")
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let summary = try json("zsh")
        #expect(summary["skipped"]?["too_long"] == .integer(1) && summary["skipped"]?["undated"] == .integer(3))
        #expect(summary["entries"] == .integer(7))
        #expect(try commands.last == "make" && commands.count == 3)
    }

    @Test("A link to a file of another user, a pipe and a missing file are refused with what to do")
    func files() throws {
        let home = program.folder.path
        let missing = try program.run("import-history", "zsh")
        #expect(missing.status == 65 && missing.errors.contains("nexus import-history zsh FILE"))
        let made = unsafe mkfifo(home + "/pipe", 0o600)
        #expect(made == 0)
        let pipe = try program.run("import-history", "zsh", home + "/pipe")
        #expect(pipe.status != 0 && pipe.errors.contains("not a regular file"))
        #expect(try program.query("SELECT count(*) FROM events") == "0")
        guard geteuid() == 0 else { return }
        try Data(": 1700000000:0;ls\n".utf8).write(to: URL(filePath: home + "/other"))
        let given = unsafe chown(home + "/other", 12345, 12345)
        #expect(given == 0)
        try FileManager.default.createSymbolicLink(atPath: home + "/link", withDestinationPath: home + "/other")
        let link = try program.run("import-history", "zsh", home + "/link")
        #expect(link.status == 77 && link.errors.contains("another user's file"), "\(link.errors)")
    }

    @Test("A history that cannot be read is listed with the reason")
    func unreadable() throws {
        let home = program.folder.path
        try FileManager.default.createDirectory(atPath: home + "/.atuin/data", withIntermediateDirectories: true)
        try Data("no database".utf8).write(to: URL(filePath: home + "/.atuin/data/history.db"))
        try Data(": 1700000000:0;ls\n".utf8).write(to: URL(filePath: home + "/.zsh_history"))
        let list = try program.run("import-history")
        #expect(list.status == 0 && list.output.contains("1 of 1 entry would be imported"), "\(list.output)")
        #expect(list.output.contains("atuin: \(home)/.atuin/data/history.db\n  "))
        guard case .string? = try json()["histories"]?[0]?["problem"] else { throw QueryFailure(text: "no problem") }
        #expect(try program.run("import-history", "atuin").status != 0)
    }

    @Test("Nothing is imported and not a byte is written while recording is off")
    func off() throws {
        try Data(": 1700000000:0;ls\n".utf8).write(to: URL(filePath: program.folder.path + "/.zsh_history"))
        var quiet = program
        quiet.environment["DO_NOT_TRACK"] = "1"
        let outcome = try quiet.run("import-history", "zsh")
        #expect(outcome.status == 78 && outcome.errors.contains("recording is off"))
        #expect(!FileManager.default.fileExists(atPath: program.folder.data.folder.path))
    }
}
