import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Values that are none of Nexus's business: every one of them, in every text field, by every way in. None reaches the
/// disk, a snapshot, what a sync sends, or what a recorder says.
struct HostileTests {
    @Test("The corpus has more than 200 values, and tokens of more than 25 kinds")
    func corpus() {
        #expect(HostileValue.byKind.allSatisfy { $0.values.count >= 10 })
        #expect(Set(HostileValue.all.map(\.text)).count == HostileValue.all.count)
        #expect(HostileValue.all.count >= 200 && HostileValue.tokenKinds.count >= 25)
        for value in HostileValue.all {
            #expect(value.text.contains(value.secret))
            #expect(!LeakSearch.forms(of: value.secret).isEmpty, "\(value.secret) could stand anywhere by chance")
            let quoted = Array("{\"x\":\"".utf8) + Array(value.secret.utf8) + [0]
            #expect(LeakSearch.ofAllValues.values(in: quoted).contains(value.secret))
        }
    }

    // MARK: By flags and by exec

    /// Hands each value to a recorder, the script's arguments, in every field: alone, behind plain words, as the session
    /// of the environment, and to one that is killed at once.
    private static let flagsScript = #"""
        patience=$1; shift
        while IFS= read -r -d '' value; do
            "$@" "--command=$value"
            "$@" --command "make now $value"
            for flag in --type --workspace --task --error-category --template --session --timestamp; do
                "$@" --command make "$flag=$value"
            done
            NEXUS_SESSION=$value "$@" --command make
            timeout -s KILL "$patience" "$@" --command make --workspace "$value" --task "$value" --success
        done
        """#

    /// The same with the whole program, which takes longer to start: each value in one of the fields, in turn.
    private static let wholeScript = #"""
        flags=(--command --type --workspace --task --error-category --template --session --timestamp)
        number=0
        while IFS= read -r -d '' value; do
            "$@" "${flags[number++ % ${#flags[@]}]}=$value" --success
        done
        """#

    /// Runs programs by `exec`: with each value as names, argument and session, as the program itself, behind a program
    /// that has subcommands, and with a recorder that is killed while the program runs.
    private static let execScript = #"""
        while IFS= read -r -d '' value; do
            NEXUS_SESSION=$value "$1" exec --workspace "$value" --task "$value" -- true "$value"
            "$1" exec -- "/nowhere/$value"
            "$1" exec -- git "$value"
            "$1" exec --workspace "$value" -- sh -c 'kill -9 "$PPID"' "$value"
        done
        """#

    /// Starts a script with all values that can be arguments on its standard input.
    private static func start(_ script: String, _ arguments: [String], _ program: Program, as name: String) throws
        -> Process
    {
        let values = program.folder.path + "/values-" + name
        let text = HostileValue.all.filter(\.canBeArgument).map { $0.text + "\0" }.joined()
        try Data(text.utf8).write(to: URL(filePath: values))
        let process = program.process(["-c", script, "bash"] + arguments)
        process.executableURL = URL(filePath: "/bin/bash")
        process.environment?["PATH"] = program.folder.path + "/bin:/usr/bin:/bin"
        process.standardInput = FileHandle(forReadingAtPath: values)
        process.standardOutput = FileHandle.nullDevice
        let said = program.folder.path + "/said-" + name
        _ = FileManager.default.createFile(atPath: said, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: said)
        try process.run()
        return process
    }

    /// The lean program under the name `nexus`, as an installation has it in front of the whole one.
    private static func frontProgram(_ program: Program) throws -> String {
        let bin = program.folder.path + "/bin"
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Program.path(of: "nexus-record"), toPath: bin + "/nexus")
        try FileManager.default.createSymbolicLink(atPath: bin + "/git", withDestinationPath: "/bin/true")
        return bin + "/nexus"
    }

    @Test("No hostile value reaches the disk, a snapshot or a sync through flags and exec, also after a kill")
    func flagsAndExec() throws {
        let program = try Program()
        let front = try Self.frontProgram(program)
        let lean = Program.path(of: "nexus-record")
        let scripts = [
            try Self.start(Self.flagsScript, ["0.003", lean], program, as: "lean"),
            try Self.start(Self.flagsScript, ["0.003", front, "record"], program, as: "front"),
            try Self.start(Self.wholeScript, [Program.url.path, "record"], program, as: "whole"),
            try Self.start(Self.execScript, [front], program, as: "exec"),
        ]
        for script in scripts { script.waitUntilExit() }
        let places = WhereItCouldLeak(program: program)
        let straightAfter = try places.valuesInDataFolder()
        #expect(straightAfter == [])
        let found = try places.valuesAnywhere()
        #expect(found == [])
        #expect(try program.query("SELECT count(*) > 2000 FROM events") == "1")
        // `exec` names the program that it cannot run to its caller; a recorder quotes nothing.
        for name in ["lean", "front", "whole"] {
            let said = try Data(contentsOf: URL(filePath: program.folder.path + "/said-" + name))
            #expect(!said.isEmpty)
            #expect(LeakSearch.ofAllValues.values(in: Array(said)) == [])
        }
    }

    // MARK: By stream, socket and pipe

    @Test(
        "No hostile value reaches the disk, a snapshot or a sync through stream, socket and pipe, also after kill -9"
    )
    func streamSocketPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        let places = WhereItCouldLeak(program: program)
        // Killed in the middle at first, and then to the end.
        for isKilled in [true, false] {
            let service = try RunningService(program, "--verbose")
            let stream = program.process(["record", "--stdin", "--ack"])
            let input = Pipe()
            stream.standardInput = input
            stream.standardOutput = FileHandle.nullDevice
            let said = program.folder.path + "/said"
            _ = FileManager.default.createFile(atPath: said, contents: nil)
            stream.standardError = FileHandle(forWritingAtPath: said)
            try stream.run()
            try input.fileHandleForWriting.write(contentsOf: Data(HostileLines.all.map { $0 + "\n" }.joined().utf8))
            let answered = try Self.sendByPipeAndSocket(service)
            if isKilled {
                kill(stream.processIdentifier, SIGKILL)
                service.kill()
                stream.waitUntilExit()
                #expect(try places.valuesInDataFolder() == [])
            } else {
                try input.fileHandleForWriting.close()
                stream.waitUntilExit()
                #expect(stream.terminationStatus == 65)
                #expect(answered > HostileLines.all.count)
                #expect(try service.stop() == 0)
            }
            #expect(LeakSearch.ofAllValues.values(in: Array(service.errors.utf8)) == [])
            #expect(LeakSearch.ofAllValues.values(in: Array(try Data(contentsOf: URL(filePath: said)))) == [])
        }
        #expect(try places.valuesAnywhere() == [])
        #expect(try program.query("SELECT count(*) > 10000 FROM events") == "1")
    }

    /// Sends all lines to the service both ways, and returns how many lines it has answered for on the socket.
    private static func sendByPipeAndSocket(_ service: RunningService) throws -> Int {
        let client = try service.client()
        var total = 0
        // In pieces, as a client that reads no answers is not read from.
        for start in stride(from: 0, to: HostileLines.all.count, by: 200) {
            let lines = HostileLines.all[start..<min(start + 200, HostileLines.all.count)]
                .flatMap { $0.split(separator: "\n") }.filter { !$0.allSatisfy(\.isWhitespace) }
            try client.send(lines.map { $0 + "\n" }.joined())
            total += lines.count
            let counts = try client.acknowledgement(of: total).counts
            #expect(counts.accepted + counts.rejected == total)
            for line in lines {
                #expect(line.utf8.count < 4096)
                try waitUntil("room in the pipe") { NamedPipe.offer(line + "\n", to: service.runtime.pipePath) }
            }
        }
        return total
    }

    // MARK: By hook and by a Swift program

    @Test(
        "No hostile value reaches the disk, a snapshot or a sync through the shell's hook",
        arguments: InteractiveShell.Kind.allCases)
    func hook(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        let typist = HostileShell(kind: kind)
        let shell = try InteractiveShell(kind, program, before: try typist.preparation(program))
        let lines = typist.lines()
        #expect(lines.count > 1000)
        try shell.typeAhead(lines)
        try shell.leave()
        // The hook of fish leaves recorders behind that may not have come to their end.
        if kind == .fish { _ = try shell.rows("1", count: 701) }
        service.kill()
        let places = WhereItCouldLeak(program: program)
        #expect(try places.valuesInDataFolder() == [])
        #expect(try places.valuesAnywhere() == [])
        #expect(try program.query("SELECT count(*) > 700 FROM events") == "1")
        #expect(LeakSearch.ofAllValues.values(in: Array(service.errors.utf8)) == [])
    }

    @Test("No hostile value reaches the disk, a snapshot or a sync through a Swift program, also after kill -9")
    func swift() throws {
        let program = try Program()
        let values = program.folder.path + "/values"
        try JSONEncoder().encode(HostileValue.all.map(\.text)).write(to: URL(filePath: values))
        let probe = program.process([program.folder.data.folder.path, "1", values])
        probe.executableURL = URL(filePath: Program.path(of: "TelemetryProbe"))
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        #expect(output.fileHandleForReading.availableData == Data("flushed\n".utf8))
        kill(probe.processIdentifier, SIGKILL)
        probe.waitUntilExit()
        let places = WhereItCouldLeak(program: program)
        #expect(try places.valuesInDataFolder() == [])
        #expect(try places.valuesAnywhere() == [])
        #expect(try program.query("SELECT count(*) > 500 FROM events") == "1")
    }
}
