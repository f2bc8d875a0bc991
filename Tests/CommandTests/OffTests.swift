import Foundation
import Platform
import TestSupport
import Testing

/// `nexus telemetry off` with everything running that records.
struct OffTests {
    /// Every file of the data folder with its content.
    private func contents(_ program: Program) throws -> [String: Data] {
        let root = program.folder.data.folder.path
        var result: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let path = root + "/" + name
            guard try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeRegular
            else { continue }
            result[name] = FileManager.default.contents(atPath: path)
        }
        return result
    }

    /// The files that are not as they were.
    private func changes(_ program: Program, since before: [String: Data]) throws -> [String] {
        let after = try contents(program)
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }

    @Test("Once 'telemetry off' has returned, no stream, service or Swift program writes another byte")
    func stopsWhatRuns() throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        let service = try RunningService(program)
        let client = try service.client()
        #expect(try client.exchange([#"{"command":"before"}"#], total: 1).accepted == 1)

        let stream = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        stream.standardInput = input
        stream.standardOutput = output
        try stream.run()
        let lines = Data(String(repeating: "{\"command\":\"streamed\"}\n", count: 500).utf8)
        try input.fileHandleForWriting.write(contentsOf: lines)
        _ = output.fileHandleForReading.availableData

        let probe = program.process([program.folder.data.folder.path, "10"])
        probe.executableURL = Program.url.deletingLastPathComponent().appending(path: "TelemetryProbe")
        let flushed = Pipe()
        probe.standardOutput = flushed
        try probe.run()
        defer { if probe.isRunning { probe.terminate() } }
        #expect(flushed.fileHandleForReading.availableData == Data("flushed\n".utf8))

        let start = ContinuousClock.now
        #expect(try program.run("telemetry", "off").status == 0)
        #expect(ContinuousClock.now - start < .seconds(5))
        let before = try contents(program)
        // All of them go on; the probe records without end, and has its worker woken every 20 ms.
        try input.fileHandleForWriting.write(contentsOf: lines)
        #expect(try client.exchange([#"{"command":"after"}"#], total: 1) == Acknowledgement(accepted: 1, rejected: 0))
        #expect(NamedPipe.offer("{\"command\":\"after\"}\n", to: service.runtime.pipePath))
        #expect(try program.run("record", "--command", "after").status == 0)
        #expect(try program.run("exec", "--", "true").status == 0)
        #expect(try program.run("session", "start").status == 0)
        #expect(try program.run("stats").status == 0)
        #expect(try program.run("telemetry", "status").output.contains("off ('nexus telemetry off' was called)"))
        usleep(200_000)
        try input.fileHandleForWriting.close()
        stream.waitUntilExit()
        #expect(stream.terminationStatus == 0)
        let changed = try changes(program, since: before)
        #expect(changed == [])

        // Switched on again, what runs records again.
        #expect(try program.run("telemetry", "on").output == "Recording is on.\n")
        let answer = try client.exchange([#"{"command":"again"}"#], total: 2)
        #expect(answer.accepted == 2)
        probe.terminate()
        probe.waitUntilExit()
        #expect(try service.stop() == 0)
        #expect(try program.run("flush").status == 0)
        let commands = try program.query("SELECT DISTINCT command FROM events ORDER BY 1")
        #expect(commands.split(separator: "\n") == ["again", "before", "make all", "streamed"])
        try program.checkTables()
    }

    @Test("A service that is stopped while recording is off leaves the data as it is")
    func stopWhileOff() throws {
        let program = try Program()
        let service = try RunningService(program)
        #expect(try service.client().exchange([#"{"command":"before"}"#], total: 1).accepted == 1)
        #expect(try program.run("telemetry", "off").status == 0)
        let before = try contents(program)
        #expect(try service.stop() == 0)
        #expect(try changes(program, since: before) == ["pid"])
        #expect(try program.run("serve").status == 78)
    }

    @Test("With damaged settings nothing is recorded, and every command says why")
    func damagedSettings() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "before").status == 0)
        try "{".write(toFile: program.folder.data.settingsPath, atomically: false, encoding: .utf8)
        let before = try contents(program)
        for arguments in [["record", "--command", "x"], ["record", "--stdin"], ["telemetry", "status"], ["serve"]] {
            let process = program.process(arguments)
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 78)
            #expect(said.contains("it is not a JSON object: nothing is recorded until you mend or remove it"))
        }
        #expect(try program.run("record", "--soft", "--command", "x").status == 0)
        #expect(try program.run("exec", "--", "sh", "-c", "exit 7").status == 7)
        #expect(try changes(program, since: before) == [])
    }

    @Test("A folder with .nexus-telemetry-off, and what is below it, is left out")
    func marker() throws {
        let program = try Program()
        let inner = program.folder.path + "/client/project"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: program.folder.path + "/client/.nexus-telemetry-off"))
        for (name, folder) in [("inside", inner), ("outside", program.folder.path)] {
            for recorder in ["nexus", "nexus-record"] {
                let process = program.process(
                    (recorder == "nexus" ? ["record"] : []) + ["--command", "\(name)-\(recorder)"])
                process.executableURL = Program.url.deletingLastPathComponent().appending(path: recorder)
                process.currentDirectoryURL = URL(filePath: folder)
                try process.run()
                process.waitUntilExit()
                #expect(process.terminationStatus == 0)
            }
        }
        #expect(try program.run("flush").status == 0)
        #expect(
            try program.query("SELECT command FROM events ORDER BY id") == "outside-nexus\noutside-nexus-record")
    }

    @Test("A shell's hook leaves out a folder with .nexus-telemetry-off", arguments: InteractiveShell.Kind.allCases)
    func markerInHook(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let inner = program.folder.path + "/client/project"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: program.folder.path + "/client/.nexus-telemetry-off"))
        let service = try RunningService(program)
        let shell = try InteractiveShell(kind, program)
        // The line that goes into the folder ends in it, and is left out as well.
        try shell.type("cd '\(inner)'", "true inside", "git --version >/dev/null", "cd /", "test 1")
        try shell.leave()
        let commands = try shell.rows("command", count: 2)
        #expect(commands.contains("test"))
        #expect(!commands.contains("true") && !commands.contains("git"))
        _ = service
    }
}
