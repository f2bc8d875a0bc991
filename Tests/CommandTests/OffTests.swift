import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What is left alone while recording is off, and what switches it off.
struct OffTests {
    @Test("A service that is stopped while recording is off leaves the data as it is")
    func stopWhileOff() throws {
        let program = try Program()
        let service = try RunningService(program)
        #expect(try service.client().exchange([#"{"command":"before"}"#], total: 1).accepted == 1)
        #expect(try program.run("telemetry", "off").status == 0)
        let before = program.dataFiles()
        #expect(try service.stop() == 0)
        #expect(program.changedFiles(since: before) == ["pid", "run/pid"])
        #expect(try program.run("serve").status == 78)
    }

    @Test("Events pending when recording is switched off are kept, and every command that omits them says so")
    func waiting() throws {
        let program = try Program()
        try program.run("record", "--command", "stored")
        try program.run("flush")
        try program.run("record", "--command", "waiting")
        try program.run("telemetry", "off")
        let snapshot = program.folder.path + "/a.lz4"
        for command in [["stats"], ["insights"], ["runs"], ["session", "list"], ["export", "-o", snapshot]] {
            let outcome = try program.run(command)
            #expect(outcome.status == 0)
            #expect(
                outcome.errors
                    == "nexus: recording is off: events that were pending when it was switched off are not included\n"
            )
        }
        let flush = try program.run("flush")
        #expect(flush.status == 78 && flush.errors.contains("cannot store 1 event: recording"), "\(flush.errors)")
        let status = try program.run("telemetry", "status").output
        #expect(status.contains("Pending:    1 (in the buffer, until recording is on again)"))
        try program.run("telemetry", "on")
        let report = try program.run("stats")
        #expect(report.errors.isEmpty && report.output.contains("2 events"))
    }

    @Test("A large database with an empty WAL of a reader is exported while recording is off")
    func exportBesideEmptyLog() throws {
        let program = try Program()
        let line = #"{"command":"make all","duration_ms":1,"success":true}"# + "\n"
        try program.run("record", "--stdin", input: String(repeating: line, count: 400_000))
        try program.run("stats")
        try program.run("telemetry", "off")
        let data = program.folder.data
        #expect(
            data.folder.size(of: "nexus.db-wal") == 0 && data.folder.has("nexus.db-shm"), "no reader has left a log")
        #expect(try #require(data.folder.size(of: "nexus.db")) > 1024 * 16_384)
        for format in ["sqlite", "csv"] {
            let snapshot = program.folder.path + "/" + format
            #expect(try program.run("export", "--format", format, "-o", snapshot).status == 0)
            #expect(try program.run("verify", snapshot).status == 0)
        }
    }

    @Test("Nothing is imported while recording is off")
    func noImport() throws {
        let program = try Program()
        let snapshot = program.folder.path + "/a.lz4"
        try program.run("record", "--command", "make")
        try program.run("export", "-o", snapshot)
        try program.run("telemetry", "off")
        let before = program.dataFiles()
        let outcome = try program.run("import", snapshot)
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("nothing was imported: recording is off"))
        #expect(program.changedFiles(since: before) == [])
    }

    @Test("An empty WAL of another program blocks nothing, and stays, while recording is off")
    func emptyLog() throws {
        let program = try Program()
        try program.run("record", "--command", "make")
        try program.run("flush")
        try program.run("telemetry", "off")
        let path = program.folder.data.databasePath
        try? FileManager.default.removeItem(atPath: path + "-shm")
        #expect(FileManager.default.createFile(atPath: path + "-wal", contents: nil))
        let before = program.dataFiles()
        #expect(try program.run("stats").output.contains("make"))
        #expect(program.changedFiles(since: before) == [])
    }

    @Test("Nothing is recorded with damaged settings, and every command reports why")
    func damagedSettings() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "before").status == 0)
        try "{".write(toFile: program.folder.data.settingsPath, atomically: false, encoding: .utf8)
        let before = program.dataFiles()
        for arguments in [["record", "--command", "x"], ["record", "--stdin"], ["telemetry", "status"], ["serve"]] {
            let process = program.process(arguments)
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 78)
            #expect(said.contains("it is not a JSON object; nothing is recorded until you repair or remove it"))
        }
        #expect(try program.run("record", "--soft", "--command", "x").status == 0)
        #expect(try program.run("exec", "--", "sh", "-c", "exit 7").status == 7)
        #expect(program.changedFiles(since: before) == [])
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
