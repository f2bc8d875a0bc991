import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Lines that are typed into real shells, and the events that the user would agree with.
@Suite(.serialized)
struct ShellLineHookTests {
    private static let columns =
        "event_type, coalesce(command, '-'), coalesce(success, '-'), coalesce(error_category, '-'), duration_ms IS NOT NULL"

    /// A line, and the event that it makes; nil for none.
    private static func lines(_ kind: InteractiveShell.Kind) -> [(line: String, event: String?)] {
        let common: [(String, String?)] = [
            ("true one", "command|true|1|-|1"), ("true one", "command|true|1|-|1"),
            ("cd /tmp && sleep 0.1", "command|sleep|1|-|1"), ("cd /nowhere && sleep 9", "command|cd|0|exit_1|1"),
            ("sleep 0.1; false", "command_line|sleep|0|exit_1|1"), ("sh -c 'exit 3' | cat", "command|sh|0|exit_3|1"),
            ("grep x /dev/null", "command|grep|1|-|1"), ("sh -c 'kill -INT $$'", "command|sh|-|interrupted|1"),
            ("sleep 0.1 &", "command|sleep|-|-|0"), ("/bin/echo \"a\\\"b; c\" 'é'", "command|echo|1|-|1"),
            ("env A=1 timeout 0.05 sleep 1", "command|sleep|0|timeout|1"), ("hunter2", "command|-|0|not_found|1"),
            (" true hidden", nil),
        ]
        guard kind != .fish else { return common + [("for i in 1 2; true; end", "command_line|true|1|-|1")] }
        return common + [
            ("for i in 1 2; do true; done", "command_line|true|1|-|1"), ("X=1", nil), ("f() { sleep 1; }", nil),
            ("! true", "command|true|1|-|1"), ("(cd /; sleep 0.1)", "command|sleep|1|-|1"),
            ("test -f / && true", "command_line|test|-|-|1"),
        ]
    }

    @Test(
        "Each line makes the event that its user would agree with", arguments: InteractiveShell.Kind.allCases,
        [true, false])
    func table(kind: InteractiveShell.Kind, service: Bool) throws {
        let program = try Program()
        let running = service ? try RunningService(program) : nil
        defer { withExtendedLifetime(running) {} }
        let before = [
            InteractiveShell.Kind.bash: "HISTCONTROL=ignoreboth", .zsh: "setopt histignorespace", .fish: "",
        ]
        let shell = try InteractiveShell(kind, program, before: before[kind] ?? "", recorder: !service)
        let lines = Self.lines(kind)
        for (line, _) in lines { try shell.type(line) }
        let expected = lines.compactMap(\.event)
        let rows = try shell.rows(Self.columns, count: expected.count)
        // Recorders overtake each other.
        #expect(service && kind != .fish ? rows == expected : rows.sorted() == expected.sorted())
    }

    @Test("The time of an event is its start", arguments: InteractiveShell.Kind.allCases)
    func start(kind: InteractiveShell.Kind) throws {
        let shell = try InteractiveShell(kind, try Program(), recorder: true)
        let before = Date().timeIntervalSince1970
        try shell.type("sleep 1.5")
        let row = try shell.rows("(julianday(timestamp) - 2440587.5) * 86400, duration_ms", count: 1)[0].split(
            separator: "|")
        let start = try #require(Double(row[0]))
        #expect(start > before - 0.1 && start < before + 1.2)
        #expect((1500..<5000).contains(try #require(Int(row[1]))))
    }

    @Test("Each line of a block pasted into bash is an event with its own status and time")
    func pasted() throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(.bash, program)
        try shell.type("\u{1B}[200~false\nsleep 0.2\n(exit 3)\ntrue && sleep 0.1\u{1B}[201~")
        #expect(
            try shell.rows(Self.columns, count: 4) == [
                "command|false|0|exit_1|1", "command|sleep|1|-|1", "command|exit|0|exit_3|1", "command|sleep|1|-|1",
            ])
        let took = Int(try program.query("SELECT duration_ms FROM events ORDER BY id LIMIT 1 OFFSET 1")) ?? 0
        #expect((200..<2000).contains(took))
    }

    @Test(
        "No process has the line in its arguments or environment, with and without the service",
        arguments: InteractiveShell.Kind.allCases, [true, false])
    func privacy(kind: InteractiveShell.Kind, service: Bool) throws {
        let tracer = "/usr/bin/strace"
        try #require(FileManager.default.isExecutableFile(atPath: tracer), "strace is not installed")
        let program = try Program()
        let running = service ? try RunningService(program) : nil
        defer { withExtendedLifetime(running) {} }
        let trace = program.folder.path + "/trace"
        let shell = try InteractiveShell(
            kind, program, before: kind == .fish ? "" : "HISTFILE=; set -a", recorder: true,
            wrapper: "\(tracer) -f -v -s 100000 -o \(trace) -e trace=execve")
        try shell.type("true hunter-one", ": hunter-two | cat", "cat /dev/null")
        _ = try shell.rows("1", count: 3)
        let text = String(decoding: FileManager.default.contents(atPath: trace) ?? Data(), as: UTF8.self)
        #expect(text.contains("execve(") && !text.contains("hunter-one"))
        #expect(text.components(separatedBy: "hunter-two").count == 1)
        for path in try FileManager.default.subpathsOfDirectory(atPath: program.folder.data.folder.path) {
            let bytes = FileManager.default.contents(atPath: program.folder.data.folder.path + "/" + path) ?? Data()
            #expect(bytes.range(of: Data("hunter-".utf8)) == nil, "\(path)")
        }
    }

    /// What start files have before and after the hook, and what they may check at the end.
    struct Setup: CustomStringConvertible {
        let description: String
        var before = ""
        var after = ""
        /// A line that succeeds where the other tool was not harmed.
        var check = "true"
    }

    private static let debugTool = """
        in_command=1 seen= original=${PROMPT_COMMAND:-}
        tool_preexec() { if [ "$in_command" = 0 ]; then in_command=1; seen="$seen,$BASH_COMMAND"; fi; }
        give() { return "$1"; }
        tool_prompt() { local code=$? each; for each in "${original[@]}"; do give "$code"; eval "${each:-}"; done; in_command=0; }
        trap 'tool_preexec "$_"' DEBUG
        PROMPT_COMMAND=tool_prompt
        """
    private static let prompts = "echo \"$?\" >>\"$HOME/prompts\""
    private static let debugCheck = #"mark=__nex; [[ $seen == *",true a,false,"* && $seen != *"${mark}us_"* ]]"#

    static let allSetups: [Setup] = [
        Setup(
            description: "PROMPT_COMMAND before", before: #"PROMPT_COMMAND="$PROMPT_COMMAND; pc=1""#,
            check: "[[ $pc == 1 ]]"),
        Setup(description: "PROMPT_COMMAND after", after: "PROMPT_COMMAND='\(prompts)'"),
        Setup(description: "PROMPT_COMMAND prepended", after: "PROMPT_COMMAND=\"history -a; $PROMPT_COMMAND\""),
        Setup(
            description: "PROMPT_COMMAND appended", after: "PROMPT_COMMAND=\"$PROMPT_COMMAND; pd=1\"",
            check: "[[ $pd == 1 ]]"),
        Setup(
            description: "PROMPT_COMMAND array after",
            after: "PROMPT_COMMAND=('\(prompts)' 'pd=1')", check: "[[ $pd == 1 ]]"),
        Setup(description: "PS0 after", after: "PS0='$(:)'", check: "[[ $PS0 == *'$(:)'* ]]"),
        Setup(description: "DEBUG tool before", before: debugTool, check: debugCheck),
        Setup(description: "DEBUG tool after", after: debugTool, check: debugCheck),
        Setup(description: "DEBUG trap", before: "trap 'traced=$BASH_COMMAND' DEBUG", check: "[[ $traced == '[['* ]]"),
        Setup(description: "ERR trap", before: "trap 'failed=$BASH_COMMAND' ERR", check: "[[ $failed != *nexus* ]]"),
        Setup(
            description: "allexport before", before: "set -a",
            check: "[[ $- == *a* ]] && ! env | grep -q '__nexus_line\\|__nexus_prev\\|true a'"),
        Setup(
            description: "allexport after", after: "set -a",
            check: "! env | grep -q '__nexus_line\\|__nexus_prev\\|true a'"),
        Setup(description: "nounset", before: "set -u"), Setup(description: "POSIX mode", before: "set -o posix"),
        Setup(description: "functrace", before: "set -T"), Setup(description: "extdebug", before: "shopt -s extdebug"),
        Setup(description: "compat41", before: "shopt -s compat41; BASH_COMPAT=4.1"),
        Setup(description: "IFS", before: "IFS=:", check: "[[ $IFS == : ]]"),
        Setup(description: "noclobber", before: "set -o noclobber"),
        Setup(
            description: "HISTTIMEFORMAT", before: "HISTTIMEFORMAT='%F %T '", check: "[[ $HISTTIMEFORMAT == '%F %T ' ]]"
        ),
        Setup(description: "erasedups", before: "HISTCONTROL=ignoreboth:erasedups"),
        Setup(description: "direnv before", before: "eval \"$(direnv hook bash 2>/dev/null)\""),
        Setup(description: "direnv after", after: "eval \"$(direnv hook bash 2>/dev/null)\""),
        Setup(
            description: "liquidprompt",
            before: "! [ -f /usr/share/liquidprompt/liquidprompt ] || . /usr/share/liquidprompt/liquidprompt"),
        Setup(
            description: "sourced again",
            after: "if [ -z \"$again\" ]; then again=1; . \"$HOME/start.bash\"; . \"$HOME/start.bash\"; fi",
            check: "[[ ${PROMPT_COMMAND[*]} != *prompts*prompts* ]]"),
    ]

    @Test(
        "Every bash line is recorded once with any other tool, and the other tool works",
        arguments: allSetups + toolSetups)
    func setups(setup: Setup) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(.bash, program, before: setup.before, after: setup.after)
        let statuses = try shell.type("true a", "false", "(exit 3) | cat", "sleep 0.1", setup.check)
        #expect(statuses.last == "0")
        let rows = try shell.rows("coalesce(command, '-'), success", count: 5)
        #expect(rows.count == 5 && Array(rows.prefix(4)) == ["true|1", "false|0", "exit|0", "sleep|1"])
        #expect(!shell.terminal.contains("bash: ") && !shell.terminal.contains("nexus: "), "\(shell.terminal)")
    }

    @Test(
        "The bash hook reports once that it cannot work",
        arguments: ["readonly PS0=x", "readonly PROMPT_COMMAND", "readonly HISTTIMEFORMAT=%F", "set -r"])
    func impossible(before: String) throws {
        let program = try Program()
        let hook = try program.run("init", "bash").output
        let path = program.folder.path + "/hook"
        try hook.write(toFile: path, atomically: true, encoding: .utf8)
        let process = program.process([
            "--norc", "-ic", "hook=$(<\(path)); \(before); eval \"$hook\"; eval \"$hook\"; true",
        ])
        process.executableURL = URL(filePath: "/usr/bin/bash")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text.components(separatedBy: "nexus: this shell is not recorded: ").count == 2, "\(text)")
    }
}
