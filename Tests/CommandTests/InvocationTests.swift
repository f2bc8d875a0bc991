import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What `nexus` does with the way it is called: arguments that the runtime lost, help that was not asked for, signals.
struct InvocationTests {
    private let program: Program

    init() throws {
        program = try Program()
    }

    @Test("The arguments that the system shows are those that the process was started with")
    func systemArguments() {
        let shown = FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()
        let expected = shown.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { Array($0) }
        #expect(!expected.isEmpty && RawArgument.ofThisProcess.map(\.bytes) == expected)
    }

    @Test("A preloaded library that adds an environment variable removes no arguments")
    func preloaded() throws {
        let (source, library) = (program.folder.path + "/preload.c", program.folder.path + "/preload.so")
        try """
        #include <stdlib.h>
        __attribute__((constructor)) static void add(void) { setenv("ADDED_BY_PRELOAD", "1", 1); }
        """.write(toFile: source, atomically: false, encoding: .utf8)
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/bin/sh")
        compiler.arguments = [
            "-c", "exec $(command -v cc || command -v clang) -shared -fPIC -o \"$0\" \"$1\"", library, source,
        ]
        try compiler.run()
        compiler.waitUntilExit()
        #expect(compiler.terminationStatus == 0)
        var preloaded = program
        preloaded.environment["LD_PRELOAD"] = library
        #expect(try preloaded.run("record", "--command", "make", "--duration-ms", "7").status == 0)
        #expect(try preloaded.run("record", "--stdin", input: "{\"command\":\"git status\"}\n").status == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT command FROM events ORDER BY id") == "make\ngit status")
        #expect(try preloaded.run("telemetry", "off").status == 0)
        #expect(try program.run("telemetry", "status").output.contains("off"))
    }

    @Test(
        "Help that was not requested is a usage error without a terminal",
        arguments: [[], ["session"]] as [[String]])
    func unrequestedHelp(arguments: [String]) throws {
        let outcome = try program.run(arguments)
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.output.isEmpty && outcome.errors.contains("USAGE"))
    }

    @Test(
        "Help and the version that were asked for are on standard output, with 0",
        arguments: [["help"], ["--help"], ["-h"], ["--version"], ["help", "stats"], ["stats", "--help"]])
    func requestedHelp(arguments: [String]) throws {
        let outcome = try program.run(arguments)
        #expect(outcome.status == 0 && !outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
    }

    @Test(
        "A subcommand that does not exist is refused with the one that was probably meant",
        arguments: [
            (["stast"], "did you mean 'stats'?"), (["insight"], "did you mean 'insights'?"),
            (["Stats"], "did you mean 'stats'?"), (["exprot", "-o", "x"], "did you mean 'export'?"),
            (["telemetry", "stauts"], "did you mean 'status'?"), (["session", "lst"], "did you mean 'list'?"),
            (["help", "stast"], "did you mean 'stats'?"), (["help", "telemetry", "purg"], "did you mean 'purge'?"),
            (["zzzzzz"], "no such subcommand; 'nexus help' lists them"),
            (["session", "zzz"], "no such subcommand; 'nexus help session' lists them"),
        ])
    func suggestions(arguments: [String], message: String) throws {
        let outcome = try program.run(arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains(message) && outcome.errors.hasPrefix("nexus: "), "\(outcome)")
    }

    @Test("SIGHUP stops the service gracefully: everything that was written into its pipe is stored")
    func hangup() throws {
        let service = try RunningService(program)
        let lines = 40_000
        let writer = try #require(FileHandle(forWritingAtPath: program.folder.data.folder.path + "/pipe"))
        let line = Data("{\"command\":\"make\",\"duration_ms\":7}\n".utf8)
        for _ in 0..<lines { try writer.write(contentsOf: line) }
        #expect(try service.stop(with: SIGHUP) == 0)
        #expect(service.process.terminationReason == .exit)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "\(lines)")
    }

    @Test("A stream that gets SIGHUP records what it has read and ends as interrupted")
    func hangupOfStream() throws {
        let process = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data("{\"command\":\"make\"}\n".utf8))
        #expect(!output.fileHandleForReading.availableData.isEmpty)
        kill(process.processIdentifier, SIGHUP)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 128 + SIGHUP)
        #expect(try program.query("SELECT count(*) FROM events") == "1")
    }

    @Test("A service started with nohup continues after SIGHUP")
    func nohup() throws {
        let process = program.process([])
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["--ignore-signal=HUP", Program.url.path, "serve"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        #expect(
            RunningService.poll { FileManager.default.fileExists(atPath: program.folder.data.folder.path + "/pid") })
        kill(process.processIdentifier, SIGHUP)
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(RunningService.poll { (try? program.query("SELECT count(*) FROM events")) == "1" })
        #expect(process.isRunning)
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
