import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What a user without permissions sees.
struct ReadOnlyFolderTests {
    /// Runs `nexus` as a user who owns nothing else, because root may read and write everything.
    private func runPowerless(_ program: Program, _ arguments: [String]) throws -> Program.Outcome {
        guard geteuid() == 0 else { return try run(program.process(arguments)) }
        let process = program.process(
            ["--reuid=65534", "--clear-groups", "--inh-caps=-all", Program.url.path] + arguments)
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        return try run(process)
    }

    private func run(_ process: Process) throws -> Program.Outcome {
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Program.Outcome(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: complaint, as: UTF8.self))
    }

    @Test("Reports work in a folder that may not be written, and leave it as it is")
    func reports() throws {
        let program = try Program()
        try program.run("record", "--command", "make", "--duration-ms", "1200", "--success", "--workspace", "w")
        try program.run("flush")
        let path = program.folder.data.folder.path
        if geteuid() == 0 {
            for name in try FileManager.default.subpathsOfDirectory(atPath: path) + [""] {
                unsafe chown(path + "/" + name, 65534, 65534)
            }
        }
        unsafe chmod(path, 0o500)
        defer { unsafe chmod(path, 0o700) }
        let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
        for arguments in [
            ["stats", "--json"], ["insights"], ["runs"], ["session", "list"], ["telemetry", "status"], ["doctor"],
            ["stats", "--workspace", "w"],
        ] {
            let outcome = try runPowerless(program, arguments)
            #expect(outcome.status == 0, "\(arguments): \(outcome.output)\(outcome.errors)")
            #expect(outcome.errors == "")
        }
        #expect(try runPowerless(program, ["stats"]).output.contains("make"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: path).sorted() == names)
    }

    @Test("A service does not start, and removes nothing, if lines in a plain file at the pipe's path cannot be read")
    func unreadableLines() throws {
        let program = try Program()
        try program.run("record", "--command", "make")
        let folder = program.folder.data.folder
        let pipe = RuntimeFolder(for: program.folder.data, environment: { program.environment[$0] }).pipePath
        try File(opening: pipe, [.write, .create]).write(#"{"command":"waiting"}"#)
        if geteuid() == 0 {
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) + [""] {
                unsafe chown(folder.path + "/" + name, 65534, 65534)
            }
        }
        unsafe chmod(pipe, 0)
        let outcome = try runPowerless(program, ["serve"])
        #expect(outcome.status != 0 && outcome.errors.contains("cannot open \(pipe): permission denied"), "\(outcome)")
        #expect(try Data(contentsOf: URL(filePath: pipe)).count == 21)
    }
}
