import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Programs at the limits of their process: open files, threads, memory, closed pipes, full disks, and pipes in the place of
/// files. Each ends in bounded time, with an exit code and one sentence.
@Suite(.timeLimit(.minutes(5)))
struct ProcessLimitTests {
    private let program: Program

    init() throws {
        program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(try program.run("flush").status == 0)
    }

    /// What is left of a program that a shell ran with `setup` before it. One that takes longer than 20 seconds ends with 124.
    private func run(
        _ setup: String, _ arguments: [String], of name: String = "nexus", as user: [String] = []
    ) throws -> Program.Outcome {
        let process = program.process([])
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["--default-signal=PIPE", "timeout", "--kill-after=1", "20"] + user
            + ["bash", "-c", setup + "\nexec \"$0\" \"$@\"", Program.path(of: name)] + arguments
        let (output, errors) = (program.folder.path + "/output", program.folder.path + "/errors")
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
        return Program.Outcome(status: process.terminationStatus, output: text(output), errors: text(errors))
    }

    // MARK: Limits

    @Test(
        "A command with few open files works, or ends with one sentence that names the limit",
        arguments: ["flush", "stats", "record --stdin", "doctor", "serve"])
    func files(command: String) throws {
        let arguments = command.split(separator: " ").map(String.init)
        for limit in 3...(command == "serve" ? 48 : 30) {
            let outcome = try run("ulimit -n \(limit)", arguments)
            // 127 is the dynamic loader's, which could open no library.
            if [0, 127].contains(outcome.status) { continue }
            #expect(outcome.status == 75, "\(command) at \(limit): \(outcome)")
            #expect(outcome.errors.contains("files can be opened"), "\(command) at \(limit): \(outcome.errors)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(command) at \(limit): \(outcome.errors)")
        }
        if command != "serve" { #expect(try run("ulimit -n 64", arguments).status == 0) }
    }

    @Test(
        "A command ends with one sentence if no thread can be created", .enabled(if: getuid() == 0),
        arguments: ["flush", "stats", "record --stdin", "record --command make", "serve"])
    func threads(command: String) throws {
        let folder = program.folder.path + "/other"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for path in [program.folder.path, folder] {
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        }
        // A user of no other process, to whom the limit applies.
        let user = ["setpriv", "--reuid=61234", "--clear-groups", "--inh-caps=-all"]
        for limit in 1...(command == "serve" ? 4 : 8) {
            let outcome = try run(
                "export NEXUS_DATA_DIR='\(folder)/data'; ulimit -u \(limit)",
                command.split(separator: " ").map(String.init), as: user)
            if limit > 4, outcome.status == 0 { continue }
            #expect(outcome.status == 75, "\(command) at \(limit): \(outcome)")
            let names = outcome.errors.hasPrefix("nexus: cannot start") && outcome.errors.contains("thread")
            #expect(names, "\(command) at \(limit): \(outcome.errors)")
            #expect(outcome.errors.split(separator: "\n").count == 1)
        }
    }

    @Test(
        "A command with little memory works, or ends in bounded time with one sentence",
        arguments: ["flush", "stats", "record --stdin", "record --command make"])
    func memory(command: String) throws {
        for limit in stride(from: 160_000, through: 400_000, by: 20_000) {
            let outcome = try run("ulimit -v \(limit)", command.split(separator: " ").map(String.init))
            // 127 is the dynamic loader's, which had no memory for the program.
            guard ![0, 127].contains(outcome.status) else { continue }
            #expect(outcome.status == 75, "\(command) at \(limit): \(outcome)")
            #expect(outcome.errors.hasPrefix("nexus: cannot start"), "\(command) at \(limit): \(outcome.errors)")
        }
    }

    // MARK: Output

    private static let printing: [(String, [String])] = [
        ("nexus", ["--version"]), ("nexus", ["help"]), ("nexus", ["stats", "--help"]), ("nexus", ["stats"]),
        ("nexus", ["doctor"]), ("nexus", ["telemetry", "status"]), ("nexus", ["sync", "log"]),
        ("nexus", ["export", "-o", "-"]), ("nexus-record", ["--version"]), ("nexus-record", ["--help"]),
    ]

    @Test("Output to a full disk is an error with a sentence", arguments: printing)
    func fullDisk(name: String, arguments: [String]) throws {
        let outcome = try run("exec >/dev/full", arguments, of: name)
        #expect(outcome.status == 74, "\(outcome)")
        #expect(outcome.errors.contains("no space left on device"))
    }

    @Test(
        "A program whose reader has ended ends with an exit code and no message, never by SIGPIPE", arguments: printing)
    func closedPipe(name: String, arguments: [String]) throws {
        // The substitution's reader has ended before the program starts.
        let setup = "exec 3> >(exec true); wait $!; exec >&3"
        let outcome = try run(setup, arguments, of: name)
        #expect(outcome.status == 74, "\(outcome)")
        if name == "nexus", arguments != ["export", "-o", "-"] { #expect(outcome.errors.isEmpty, "\(outcome.errors)") }
    }

    @Test("A message without a reader does not end a program by SIGPIPE")
    func closedErrors() throws {
        let setup = "exec 3> >(exec true); wait $!; exec 2>&3"
        #expect(try run(setup, ["stats", "--nonsense"]).status == 64)
        #expect(try run(setup, ["--nonsense"], of: "nexus-record").status == 64)
        #expect(try run(setup, ["record", "--stdin", "--json"]).status == 0)
        #expect(try run(setup, ["exec", "--", "no-such-program"]).status == 127)
    }

    @Test("The service and a stream ignore SIGPIPE, and a command that 'exec' runs does not")
    func ignored() throws {
        func ignores(_ process: Process) throws -> Bool {
            let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
            let mask = try #require(line.flatMap { UInt64($0.split(separator: "\t")[1], radix: 16) })
            return mask & 1 << (UInt64(SIGPIPE) - 1) != 0
        }
        for arguments in [["serve"], ["record", "--stdin"]] {
            let process = program.process([])
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["--default-signal=PIPE", Program.url.path] + arguments
            let input = Pipe()
            process.standardInput = input
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            #expect(RunningService.poll { (try? ignores(process)) == true })
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
        }
        let outcome = try run("", ["exec", "--", "grep", "SigIgn", "/proc/self/status"])
        let mask = outcome.output.split(separator: "\t").last.flatMap {
            UInt64($0.trimmingCharacters(in: .newlines), radix: 16)
        }
        #expect(try #require(mask) & 1 << (UInt64(SIGPIPE) - 1) == 0)
    }

    // MARK: Pipes in the place of files

    @Test(
        "A pipe in place of a file of the data folder blocks no command",
        arguments: ["ledger.ndjson", "ledger.head", "nexus.db", "nexus.db-wal", "costs", "writer.lock", "writer.turn"])
    func pipes(name: String) throws {
        let path = program.folder.data.folder.path + "/" + name
        try? FileManager.default.removeItem(atPath: path)
        let isMade = unsafe mkfifo(path, 0o600) == 0
        #expect(isMade)
        let stick = program.folder.path + "/stick"
        try FileManager.default.createDirectory(atPath: stick, withIntermediateDirectories: true)
        let doctor = try run("", ["doctor", "--quick"])
        #expect(doctor.status == 65 && doctor.output.contains("\(name) is not a regular file"), "\(doctor)")
        for arguments in [
            ["sync", "--to", "file://" + stick], ["sync", "log"], ["stats"], ["flush"],
            ["telemetry", "status"], ["record", "--command", "make"], ["export", "-o", stick + "/x"],
            ["telemetry", "off"], ["telemetry", "on"], ["telemetry", "purge", "--all", "--yes"],
        ] {
            let outcome = try run("", arguments)
            #expect(outcome.status != 124, "\(arguments)")
            if ![0, 65].contains(outcome.status) {
                #expect(outcome.errors.contains("not a regular file"), "\(arguments): \(outcome)")
            }
        }
        if name == "costs" { #expect(try run("", ["telemetry", "off"]).status == 0) }
        guard name.hasPrefix("writer.") else { return }
        let off = try run("", ["telemetry", "off"])
        #expect(off.status == 74 && off.errors.contains("recording is off, but"), "\(off)")
        #expect(off.errors.contains("\(name): it is not a regular file; move it away and run again"), "\(off)")
        #expect(try run("", ["telemetry", "status"]).output.contains("Recording:  off"))
        try FileManager.default.removeItem(atPath: path)
        #expect(try run("", ["telemetry", "off"]).status == 0)
    }
}
