import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What a person sees when something is wrong: one sentence and the right exit code.
struct FailureTests {
    @Test("Help on a subcommand that does not exist is an error", arguments: [["nosuch"], ["telemetry", "nosuch"]])
    func unknownHelp(names: [String]) throws {
        let program = try Program()
        let outcome = try program.run(["help"] + names)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("no help for 'nosuch'"))
        for known in [[], ["record"], ["telemetry", "purge"]] {
            let help = try program.run(["help"] + known)
            #expect(help.status == 0 && help.output.contains("USAGE"))
        }
    }

    private func expect(
        _ outcome: Program.Outcome, _ status: Int32, _ sentence: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.errors.contains(sentence), "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    }

    @Test("A bad value of a single event is rejected and counted")
    func rejectedEvent() throws {
        let program = try Program()
        expect(try program.run("record", "--type", "no spaces please"), 65, "event not recorded: event_type must be")
        expect(try program.run("record", "--success"), 65, "event_type and command are both missing")
        #expect(try program.run("telemetry", "status").output.contains("Rejected:   2"))
    }

    @Test(
        "Wrong flags and windows are usage errors",
        arguments: [
            ["record", "--frobnicate"], ["record", "--stdin", "--command", "x"], ["record", "--success", "--failure"],
            ["record", "--strict", "--command", "x"], ["stats", "--day", "--week"], ["stats", "--since", "2026-02-30"],
            ["stats", "--since", "2026-02-02", "--until", "2026-02-01"], ["frobnicate"],
        ])
    func usage(arguments: [String]) throws {
        let program = try Program()
        let process = program.process(arguments)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }

    @Test("A data folder that cannot be made is an I/O error")
    func unwritable() throws {
        var program = try Program()
        _ = FileManager.default.createFile(atPath: program.folder.path + "/file", contents: nil)
        program.environment["NEXUS_DATA_DIR"] = program.folder.path + "/file/data"
        expect(try program.run("record", "--command", "x"), 74, "not a directory")
    }

    @Test(
        "A data folder of another user is not used", .enabled(if: geteuid() == 0, "it takes root to give a folder away")
    )
    func foreign() throws {
        let program = try Program()
        let path = program.folder.data.folder.path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        unsafe chown(path, 12345, 12345)
        expect(try program.run("record", "--command", "x"), 77, "another user's")
    }

    @Test("A file that is not a database stays unchanged, and accepted events wait")
    func notADatabase() throws {
        let program = try Program()
        try program.run("record", "--command", "x")
        try Data("this is not a database, and long enough to be read as one".utf8)
            .write(to: URL(filePath: program.folder.data.databasePath))
        expect(try program.run("flush"), 74, "is not a SQLite database")
        expect(try program.run("stats"), 74, "is not a SQLite database")
        try program.folder.data.folder.remove("nexus.db")
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "1")
    }

    @Test("A flush waits while another process creates the tables, and does not treat them as old ones")
    func tablesInTheMaking() throws {
        let program = try Program()
        try program.run("record", "--command", "x")
        let writer = try File(opening: program.folder.data.writerLockPath, [.readWrite, .create])
        try writer.lock()
        _ = try program.query("CREATE TABLE the_first_of_many (id)")

        expect(
            try program.run("flush"), 75,
            "another nexus process is storing events, and will store the pending events too")

        writer.unlock()
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "1")
    }

    @Test("No process waits forever for a recorder that stopped during an append, and each reports it")
    func stoppedRecorder() throws {
        let program = try Program()
        try program.run("record", "--command", "make")
        let folder = program.folder.data.bufferFolder
        let segment = folder.path(of: try #require(try folder.names().first))
        let stopped = try File(opening: segment, [.readWrite])
        #expect(try stopped.tryLock())
        let stream = try program.run("record", "--stdin", input: #"{"command":"make"}"# + "\n")
        #expect(stream.status == 0, "\(stream.errors)")

        let report = try program.run("stats")
        #expect(report.status == 0)
        #expect(report.errors == "nexus: some events are pending and not included yet\n")
        #expect(try program.query("SELECT count(*) FROM events") == "1")
        let flush = try program.run("flush")
        #expect(flush.status == 75)
        #expect(flush.errors.contains("cannot use \(segment): another process was stopped while writing to it"))
        #expect(try program.run("telemetry", "purge", "--all", "--yes").status == 75)
        #expect(try program.run("doctor").status == 0)
        let off = try program.run("telemetry", "off")
        #expect(off.status == 75)
        #expect(off.errors.contains("recording is off, but a stopped process may still finish a write to \(segment)"))

        stopped.unlock()
        #expect(try program.run("telemetry", "off").status == 0)
        try program.run("telemetry", "on")
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "2")
    }

    @Test("A damaged key is reported, not replaced")
    func damagedKey() throws {
        let program = try Program()
        try program.run("record", "--command", "x")
        try Data("short".utf8).write(to: URL(filePath: program.folder.data.keyPath))
        expect(try program.run("record", "--command", "x"), 78, "is not a key of 32 bytes")
    }

    @Test("The error without a data folder names the variables to set")
    func noHome() throws {
        var program = try Program()
        program.environment["NEXUS_DATA_DIR"] = nil
        expect(try program.run("record", "--command", "x"), 74, "neither NEXUS_DATA_DIR nor HOME")
    }

    @Test(
        "A read-only home is an I/O error to a recorder",
        .enabled(if: geteuid() == 0, "it takes root to mount"))
    func unwritableHome() throws {
        var program = try Program()
        program.environment["NEXUS_DATA_DIR"] = nil
        program.environment["HOME"] = program.folder.path
        let process = program.process([
            "--mount", "--propagation", "private", "sh", "-c",
            "mount -t tmpfs -o ro none \"$HOME\" && exec \(Program.url.path) record --command x",
        ])
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 74 && text.contains("read-only file system"), "\(text)")
    }

    @Test("A full disk loses no acknowledged event, and recording continues when there is space")
    func fullDisk() throws {
        let program = try Program()
        let line = #"{"command":"make","workspace":"w","task":"t","session_id":"s"}"# + "\n"
        // A limit on the size of files stands in for the disk: 2 MiB of them, in 512-byte blocks.
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.environment = program.environment
        shell.arguments = [
            "-c",
            "trap '' XFSZ; ulimit -f 2048; yes '\(line.dropLast())' | head -n 40000 | "
                + "\(Program.url.path) record --stdin --ack 2>\(program.folder.path)/err | tail -n 1",
        ]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let last = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        let acknowledged = try #require(Int(last.split(separator: ",")[0].dropFirst(#"{"accepted":"#.count)))
        #expect(acknowledged < 40000)
        let errors = try String(contentsOfFile: program.folder.path + "/err", encoding: .utf8)
        #expect(errors.hasPrefix("nexus: ") && errors.split(separator: "\n").count == 1, "\(errors)")

        #expect(try program.run("flush").status == 0)
        let stored = try #require(Int(try program.query("SELECT count(*) FROM events")))
        #expect(stored >= acknowledged)
        #expect(try program.query("PRAGMA integrity_check") == "ok")
        #expect(try program.run("record", "--command", "x").status == 0)
    }
}
