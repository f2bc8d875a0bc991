import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import nexus

@Suite(.serialized)
struct ShellHookTests {
    private static let columns = "coalesce(command, '-'), success, coalesce(error_category, '')"

    @Test(
        "Events go through the pipe while the service runs", arguments: [InteractiveShell.Kind.bash, .zsh])
    func throughThePipe(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        // The recorder is not on the PATH: only the pipe is left.
        let shell = try InteractiveShell(kind, program)
        try shell.type("git --version hidden", "sleep 0.2", "sh -c 'exit 3'", "sh -c 'kill -9 $$'", "", "true | cat")
        #expect(
            try shell.rows(Self.columns, count: 5) == [
                "git|1|", "sleep|1|", "sh|0|exit_3", "sh|0|signal_9", "true|1|",
            ])
        let took = Int(try program.query("SELECT duration_ms FROM events WHERE command = 'sleep'")) ?? 0
        #expect((200..<5000).contains(took))
    }

    @Test("Events go through the recorder without the service", arguments: InteractiveShell.Kind.allCases)
    func throughTheRecorder(kind: InteractiveShell.Kind) throws {
        let shell = try InteractiveShell(kind, try Program(), recorder: true)
        try shell.type("sh -c 'exit 3'")
        #expect(try shell.rows(Self.columns, count: 1) == ["sh|0|exit_3"])
        try shell.type("cat /dev/null")
        #expect(try shell.rows(Self.columns, count: 2).last == "cat|1|")
    }

    @Test("A stopped service is bypassed", arguments: [InteractiveShell.Kind.bash, .fish])
    func stopped(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        let shell = try InteractiveShell(kind, program, recorder: true)
        kill(service.process.processIdentifier, SIGSTOP)
        let state = "/proc/\(service.process.processIdentifier)/stat"
        try waitUntil("the stop") {
            String(decoding: FileManager.default.contents(atPath: state) ?? Data(), as: UTF8.self).contains(") T ")
        }
        try shell.type("true")
        let buffer = program.folder.data.bufferFolder.path
        try waitUntil("the recorder's event") {
            ((try? FileManager.default.subpathsOfDirectory(atPath: buffer)) ?? []).contains { name in
                let bytes = FileManager.default.contents(atPath: buffer + "/" + name) ?? Data()
                return bytes.range(of: Data("true".utf8)) != nil
            }
        }
    }

    @Test("A killed service delays no prompt", arguments: InteractiveShell.Kind.allCases)
    func killed(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        let shell = try InteractiveShell(kind, program, recorder: true)
        service.kill()
        try shell.type("true", "cat /dev/null")
        #expect(try shell.rows(Self.columns, count: 2).sorted() == ["cat|1|", "true|1|"])
    }

    @Test(
        "The hook can be read under options that change the language",
        arguments: [
            (InteractiveShell.Kind.zsh, "setopt sh_glob ksh_arrays"), (.zsh, "setopt ksh_glob"),
            (.bash, "set -o posix"),
            (.bash, "set -T"), (.bash, "shopt -s extdebug"),
        ])
    func otherLanguages(kind: InteractiveShell.Kind, before: String) throws {
        let complaint = "command_not_found_handle() { echo \"$1\" >>\"$HOME/complaints\"; }"
        let program = try Program()
        let shell = try InteractiveShell(
            kind, program, before: kind == .bash ? before + "\n" + complaint : before, recorder: true)
        try shell.type("f() { true; }", "sh -c 'exit 3'", "cat /dev/null")
        let rows = try shell.rows(Self.columns, count: 2)
        #expect(rows.contains("sh|0|exit_3") && rows.contains("cat|1|"), "\(rows)")
        #expect(!rows.contains { $0.hasPrefix("local") }, "\(rows)")
        #expect(!FileManager.default.fileExists(atPath: program.folder.path + "/complaints"))
    }

    @Test("Hook and recorder share the shell's session", arguments: InteractiveShell.Kind.allCases)
    func session(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(kind, program)
        let named = kind == .fish ? "set -gx NEXUS_SESSION mine" : "export NEXUS_SESSION=mine"
        try shell.type("\(Program.url.path) record --command typed", "true", named)
        let rows = try shell.rows("session_id, command", count: 4)
        let ids = Set(rows.filter { !$0.hasPrefix("mine") }.map { String($0.split(separator: "|")[0]) })
        #expect(ids.count == 1 && ids.first?.hasPrefix("shell-") == true, "\(rows)")
        #expect(rows.count(where: { $0.hasPrefix("mine|") }) == 1, "\(rows)")
    }

    @Test("The status is intact for the prompt and the next command", arguments: InteractiveShell.Kind.allCases)
    func status(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(kind, program)
        let next = kind == .fish ? "sh -c \"exit $status\"" : "sh -c \"exit $?\""
        #expect(try shell.type("sh -c 'exit 7'", next, "true") == ["7", "7", "0"])
        guard kind == .bash else { return }
        // What a shell knows of the line before, besides its status.
        #expect(
            try shell.type("echo last >/dev/null", "[[ $_ == last ]]", "false | true", "[[ ${PIPESTATUS[0]} == 1 ]]")
                == ["0", "0", "0", "0"])
    }

    @Test("A command's name is all that is recorded, whatever is typed", arguments: InteractiveShell.Kind.allCases)
    func names(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(kind, program)
        try FileManager.default.createDirectory(
            atPath: program.folder.path + "/hunter-folder", withIntermediateDirectories: true)
        try shell.type(
            "hunter2", "HUNTER=\"hunter two\" true hunter", "HUNTER='hunter two' env HUNTER=1 cat /dev/null",
            "/usr/bin/git hunter-/x", "env -u hunter true", "git version", "git 'hunter'", "~/hunter-folder/",
            "echo hunter; true", "command git version | cat", "HUNTER=hunter\\ true true")
        let rows = try shell.rows("coalesce(command, '-')", count: 11)
        let expected = [
            "-", "true", "cat", "git", "true", "git version", "git", "-", "echo", "git version", "true",
        ]
        // The recorders that the hook of fish starts overtake each other.
        #expect(kind == .fish ? rows.sorted() == expected.sorted() : rows == expected, "\(rows)")
        if kind != .fish {
            // The words of an array are no commands.
            try shell.type("words=(git hunter)", "HUNTER=1 words+=(npm hunter) true")
            #expect(try shell.rows("coalesce(command, '-')", count: 12).last == "true")
        }
        let bytes = try FileManager.default.subpathsOfDirectory(atPath: program.folder.data.folder.path).reduce(Data())
        {
            $0 + (FileManager.default.contents(atPath: program.folder.data.folder.path + "/" + $1) ?? Data())
        }
        #expect(bytes.range(of: Data("hunter".utf8)) == nil)
    }

    @Test("Off means that nothing is written", arguments: InteractiveShell.Kind.allCases)
    func off(kind: InteractiveShell.Kind) throws {
        let shell = try InteractiveShell(kind, try Program(), recorder: true)
        let set = kind == .fish ? "set -gx" : "export"
        let separator = kind == .fish ? " " : "="
        try shell.type("\(set) NEXUS_TELEMETRY\(separator)Off", "true", "\(set) DO_NOT_TRACK\(separator)1")
        try shell.type("\(set) NEXUS_TELEMETRY\(separator)on", "true")
        #expect(!FileManager.default.fileExists(atPath: shell.program.folder.data.folder.path))
        // It counts at each prompt, so the next command is recorded, and only that.
        try shell.type("\(set) DO_NOT_TRACK\(separator)0")
        #expect(try shell.rows("success", count: 1) == ["1"])
    }

    @Test("A command stopped with Ctrl-Z has not failed", arguments: [InteractiveShell.Kind.bash, .zsh])
    func stoppedCommand(kind: InteractiveShell.Kind) throws {
        let shell = try InteractiveShell(kind, try Program(), recorder: true)
        #expect(try shell.type("sh -c 'kill -TSTP $$'", "kill -KILL %1", "false") == ["148", "0", "1"])
        #expect(try shell.rows(Self.columns, count: 2).sorted() == ["false|0|exit_1", "kill|1|"])
    }

    @Test("A command before the hook's in bash hides no failure")
    func bashCommandBefore() throws {
        let shell = try InteractiveShell(
            .bash, try Program(), after: #"PROMPT_COMMAND="history -a; $PROMPT_COMMAND""#, recorder: true)
        // What follows the command in the same text gets the command's status, with the hook and without it.
        #expect(try shell.type("false", "true") == ["0", "0"])
        #expect(try shell.rows(Self.columns, count: 2).sorted() == ["false|0|exit_1", "true|1|"])
    }

    @Test("Other hooks, strict options and a changed IFS survive in bash")
    func bashSurvival() throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(
            .bash, program,
            before: """
                PROMPT_COMMAND=("$PROMPT_COMMAND" 'second=$?')
                trap 'traced=$BASH_COMMAND' DEBUG
                PS0='started '
                set -u -o noclobber
                shopt -s extdebug
                IFS=:
                """)
        #expect(
            try shell.type(
                "(exit 5)", "[[ $second == 5 ]]",
                "[[ $traced == \"[[ \"* ]]", "[[ $PS0 == *'started '* && $IFS == : ]]", "false | true",
                "[[ ${PIPESTATUS[0]} == 1 ]]", "set -e", "true && false || true", "true")
                == ["5", "0", "0", "0", "0", "0", "0", "0", "0"])
        let leaks = "[[ -z $(compgen -v | grep -i nexus | grep -v -e ^__nexus_ -e ^NEXUS_ || true) ]]"
        #expect(try shell.type(leaks, "[[ -z $(jobs) ]]") == ["0", "0"])
        #expect(try shell.rows("1", count: 11).count == 11)
    }

    @Test("The bash hook works together with bash-preexec")
    func bashPreexec() throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        // What bash-preexec does, cut to the bone: its arrays, called with the line and with $?.
        let shell = try InteractiveShell(
            .bash, program,
            before: """
                bash_preexec_imported=defined preexec_functions=(theirs) precmd_functions=()
                theirs() { seen=$1; }
                restore() { return "$1"; }
                before_prompt() {
                    local code=$? each
                    for each in "${precmd_functions[@]}"; do restore "$code"; "$each"; done
                    waiting=1
                    return "$code"
                }
                before_command() {
                    local each
                    [[ ${waiting-} && $BASH_COMMAND != before_prompt ]] || return 0
                    waiting=
                    for each in "${preexec_functions[@]}"; do "$each" "$BASH_COMMAND"; done
                }
                trap before_command DEBUG
                PROMPT_COMMAND=("$PROMPT_COMMAND" before_prompt)
                """)
        #expect(try shell.type("sh -c 'exit 4'", "[[ $seen == '[[ '* ]]") == ["4", "0"])
        #expect(try shell.rows(Self.columns, count: 2).first == "sh|0|exit_4")
    }

    @Test("Other hooks and strict options survive in zsh")
    func zshSurvival() throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(
            .zsh, program,
            before: """
                theirs() { seen=$1; }
                after() { code=$?; }
                preexec_functions=(theirs) precmd_functions=(after)
                setopt nounset noclobber ksharrays shwordsplit warncreateglobal
                IFS=:
                """)
        #expect(
            try shell.type(
                "(exit 5)", "[[ $code == 5 ]]", "[[ $seen == *seen* ]]", "[[ $IFS == : && -o ksharrays ]]",
                "[[ -z $(typeset +m '*nexus*' | grep -v -e __nexus_ -e NEXUS_ -e functions) ]]") == [
                    "5", "0", "0", "0", "0",
                ])
        #expect(try shell.rows("1", count: 5).count == 5)
    }

    @Test(
        "No process is started for a prompt while the service runs", arguments: [InteractiveShell.Kind.bash, .zsh])
    func noProcess(kind: InteractiveShell.Kind) throws {
        let tracer = "/usr/bin/strace"
        try #require(FileManager.default.isExecutableFile(atPath: tracer), "strace is not installed")
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let trace = program.folder.path + "/trace"
        let shell = try InteractiveShell(
            kind, program, recorder: true,
            wrapper: "\(tracer) -f -o \(trace) -e trace=clone,clone3,fork,vfork")
        /// Processes that the shell started; its threads are none.
        func started() -> Int {
            let text = String(decoding: FileManager.default.contents(atPath: trace) ?? Data(), as: UTF8.self)
            let lines = text.split(separator: "\n")
            // The shell's own number begins the first line.
            guard let own = lines.first?.prefix(while: { $0 != " " }) else { return 0 }
            return lines.count {
                $0.hasPrefix(own + " ") && ($0.contains("fork(") || $0.contains("clone"))
                    && !$0.contains("CLONE_THREAD") && !$0.contains("resumed")
            }
        }
        try shell.type("true")
        let before = started()
        for _ in 0..<10 { try shell.type("true") }
        #expect(started() == before)
        try shell.type("/bin/true")
        #expect(started() > before, "the count does count")
        #expect(try shell.rows("1", count: 12).count == 12)
    }

    @Test("The hook does nothing in a shell that is not interactive", arguments: InteractiveShell.Kind.allCases)
    func notInteractive(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let process = program.process([])
        process.executableURL = URL(filePath: "/usr/bin/" + kind.rawValue)
        let hook = "\(Program.url.path) init \(kind)"
        let evaluate =
            kind == .fish
            ? "\(hook) | source; functions -q __nexus_postexec" : "eval \"$(\(hook))\"; echo \"${__nexus_line-none}\""
        process.arguments = ["-c", evaluate]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text == (kind == .fish ? "" : "none\n") && process.terminationStatus == (kind == .fish ? 1 : 0))
    }

    @Test("An unknown shell is a usage error")
    func unknownShell() throws {
        #expect(try Program().run("init", "ksh").status == 64)
    }
}
