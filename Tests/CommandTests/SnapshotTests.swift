import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Snapshots as a person takes, checks and brings them back, and what a `kill -9` may not do to them.
struct SnapshotTests {
    /// A program with events stored; their number.
    private func filled(_ events: Int) throws -> Program {
        let program = try Program()
        let lines = (0..<events).map { #"{"command":"make all","duration_ms":\#($0),"success":\#($0 % 3 != 0)}"# }
        try program.run("record", "--stdin", input: lines.joined(separator: "\n") + "\n")
        return program
    }

    private func path(_ program: Program, _ name: String) -> String { program.folder.path + "/" + name }

    @Test("An exported snapshot is sound, is imported elsewhere once, and gives the same report")
    func roundTrip() throws {
        let here = try filled(500)
        let there = try Program()
        let file = path(here, "week.lz4")
        let export = try here.run("export", "-o", file, "--json")
        #expect(export.status == 0 && export.output.contains(#""events" : 500"#), "\(export)")
        let verify = try there.run("verify", file)
        #expect(verify.status == 0 && verify.output.contains("is sound: 500 events from "), "\(verify)")
        #expect(try there.run("import", file).output == "500 events imported, 0 already present\n")
        #expect(try there.run("import", file).output == "0 events imported, 500 already present\n")
        let stats = try here.run("stats", "--json").output
        #expect(try there.run("stats", "--json").output == stats)
        let elsewhere = try Program()
        #expect(try elsewhere.run("stats", "--from", file, "--json").output == stats)
        #expect(!FileManager.default.fileExists(atPath: elsewhere.folder.data.folder.path))
        let status = try there.run("telemetry", "status").output
        #expect(status.contains("Events:     500 in ") && status.contains("Stored:     0\n"), "\(status)")
        #expect(status.contains("Imported:   500") && status.contains("0 lost: received"), "\(status)")
    }

    @Test("'-o -' writes the same into a pipe, and an export while a service runs has its stored events")
    func piped() throws {
        let program = try filled(50)
        let file = path(program, "a.lz4")
        #expect(try program.run("export", "-o", file).status == 0)
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.environment = program.environment
        shell.arguments = ["-c", "'\(Program.url.path)' export -o - | cmp - '\(file)'"]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
    }

    @Test("A window of days has those days and no others", arguments: ["sqlite", "ndjson", "csv"])
    func window(format: String) throws {
        let program = try Program()
        let lines = (1...9).map { #"{"command":"make","timestamp":"2026-03-0\#($0)T12:00:00Z"}"# }
        try program.run("record", "--stdin", input: lines.joined(separator: "\n"))
        let file = path(program, "some")
        func events(_ window: String...) throws -> Int? {
            let export = program.process(["export", "--format", format, "-o", file, "--json"] + window)
            let output = Pipe()
            export.standardOutput = output
            try export.run()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            export.waitUntilExit()
            #expect(try program.run("verify", file).status == 0)
            return (try JSONSerialization.jsonObject(with: text) as? [String: Any])?["events"] as? Int
        }
        #expect(try events("--since", "2026-03-03", "--until", "2026-03-05") == 3)
        #expect(try events("--since", "2026-03-08") == 2)
        #expect(try events("--until", "2026-03-01") == 1)
        #expect(try events("--since", "2027-01-01") == 0)
    }

    @Test("A file that is no snapshot gives one sentence and 65")
    func refused() throws {
        let program = try filled(5)
        let file = path(program, "text")
        try Data("not a snapshot, but long enough to be looked at".utf8).write(to: URL(filePath: file))
        for command in [["verify", file], ["import", file], ["stats", "--from", file]] {
            let process = program.process(command)
            let errors = Pipe()
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 65, "\(command)")
            #expect(text == "nexus: \(file) is not a Nexus snapshot\n")
        }
        #expect(try program.run("export", "-o", program.folder.path).status == 64)
        #expect(try Program().run("export", "-o", file).status == 65)
    }

    @Test("The name of a file decides what is written, and name and size are printed")
    func byName() throws {
        let program = try filled(20)
        let names = ["x.csv", "x.ndjson", "x.db", "x.csv.lz4", "x"]
        for name in names {
            let export = try program.run("export", "-o", path(program, name))
            #expect(export.status == 0 && export.output.hasPrefix(path(program, name) + ": 20 events, "), "\(export)")
            #expect(try program.run("verify", path(program, name)).status == 0)
        }
        func start(_ name: String) -> Data {
            (FileManager.default.contents(atPath: path(program, name)) ?? Data()).prefix(4)
        }
        let magic = Data([0x04, 0x22, 0x4D, 0x18])
        #expect(names.map(start) == [Data("id,t".utf8), Data("{\"ti".utf8), Data("SQLi".utf8), magic, magic])
        #expect(try Program().run("import", path(program, "x.db")).output.hasPrefix("20 events imported"))
        #expect(try program.run("export", "-o", path(program, "y.csv"), "--format", "ndjson").status == 64)
        #expect(try program.run("export", "-o", path(program, "y.db.lz4"), "--plain").status == 64)
        let plain = try program.run("export", "-o", "-", "--format", "csv", "--plain")
        #expect(
            plain.output
                == String(
                    decoding: FileManager.default.contents(atPath: path(program, "x.csv")) ?? Data(), as: UTF8.self))
    }

    @Test("An export killed at 200 instants leaves the old snapshot or a whole new one, and the next removes leftovers")
    func killedExports() throws {
        let program = try filled(3000)
        let file = path(program, "snapshot.lz4")
        try program.run("export", "-o", file)
        let old = try #require(FileManager.default.contents(atPath: file))
        try program.run("record", "--command", "later")
        try program.run("flush")
        let whole = path(program, "whole.lz4")
        try program.run("export", "-o", whole)
        let new = try #require(FileManager.default.contents(atPath: whole))
        try FileManager.default.removeItem(atPath: whole)

        // How long an undisturbed export takes, so that the kills fall all over it.
        let start = ContinuousClock.now
        try program.run("export", "-o", whole)
        let length = ContinuousClock.now - start
        try FileManager.default.removeItem(atPath: whole)
        var random = SeededGenerator(seed: 200)
        var interrupted = 0
        for _ in 0..<200 {
            try old.write(to: URL(filePath: file))
            let process = program.process(["export", "-o", file])
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: length / .seconds(1) * Double.random(in: 0...1, using: &random))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let found = FileManager.default.contents(atPath: file)
            let isOld = found == old
            let isNew = found == new
            #expect(isOld || isNew)
            if isOld { interrupted += 1 }
        }
        #expect(interrupted > 0)
        try program.run("export", "-o", file)
        let isNew = FileManager.default.contents(atPath: file) == new
        #expect(isNew)
        let strays = try FileManager.default.contentsOfDirectory(atPath: program.folder.path)
            .filter { $0.hasPrefix(ScratchFolder.prefix) }
        #expect(strays.isEmpty)
    }

    @Test(
        "Ctrl-C ends an export immediately and leaves no file, and the earlier snapshot stays",
        arguments: [SIGINT, SIGTERM])
    func stopped(signal: Int32) throws {
        let program = try filled(3000)
        let file = path(program, "snapshot.lz4")
        try program.run("export", "-o", file)
        try program.run("record", "--command", "later")
        try program.run("flush")
        let old = try #require(FileManager.default.contents(atPath: file))
        func strays() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: program.folder.path)
                .filter { $0.hasPrefix(ScratchFolder.prefix) }
        }
        var stopped = 0
        for _ in 0..<20 {
            let process = program.process(["export", "-o", file])
            process.standardError = FileHandle.nullDevice
            try process.run()
            // From here on it has begun to write.
            while process.isRunning, try strays().isEmpty {}
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            #expect(try strays().isEmpty)
            let isStopped = process.terminationStatus == 128 + signal
            #expect(isStopped || process.terminationStatus == 0)
            guard isStopped else {
                try old.write(to: URL(filePath: file))
                continue
            }
            stopped += 1
            let isOld = FileManager.default.contents(atPath: file) == old
            #expect(isOld)
        }
        #expect(stopped > 0)
    }

    @Test("An export into a pipe without a reader ends with Ctrl-C, and leaves no temporary file")
    func stoppedPipe() throws {
        var program = try filled(20_000)
        let scratch = path(program, "scratch")
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        program.environment["TMPDIR"] = scratch
        let process = program.process(["export", "-o", "-"])
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // The first bytes come when the snapshot is complete.
        #expect(try output.fileHandleForReading.read(upToCount: 4)?.count == 4)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
    }

    @Test("A killed import adds no event, and the next one adds all")
    func killedImports() throws {
        let here = try filled(20_000)
        let file = path(here, "snapshot.lz4")
        try here.run("export", "-o", file)
        let there = try Program()
        try there.run("record", "--command", "mine")
        try there.run("flush")
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20 {
            let process = there.process(["import", file])
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: Double.random(in: 0...0.6, using: &random))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let count = try there.query("SELECT count(*) FROM events")
            #expect(count == "1" || count == "20001")
        }
        let last = try there.run("import", file)
        #expect(last.status == 0, "\(last.errors)")
        #expect(try there.query("SELECT count(*), count(DISTINCT duration_ms) FROM events") == "20001|20000")
        #expect(
            try there.query("SELECT sum(events) FROM activity_rollup")
                == there.query("SELECT count(*) FROM events"))
        let strays = try there.folder.data.folder.names().filter { $0.hasPrefix(ScratchFolder.prefix) }
        #expect(strays.isEmpty)
    }

    @Test("A killed import leaves none of its rows, and a second import adds all of them")
    func killedFirstImport() throws {
        let here = try filled(50_000)
        let file = path(here, "snapshot.lz4")
        try here.run("export", "-o", file)
        for isOff in [false, true] {
            let there = try Program()
            // The kill comes with a page that one thread writes, of some thousand.
            #expect(try TracedKill("pwrite64", at: 300, there, "import", file).isKilled)
            #expect((there.folder.data.folder.size(of: "nexus.db-wal") ?? 0) > 1_000_000, "it was killed too early")
            if isOff { try there.run("telemetry", "off") }
            let report = try there.run("stats", "--json")
            #expect(report.status == 0, "\(report.errors)")
            if isOff { try there.run("telemetry", "on") }
            #expect(try there.query("SELECT count(*) FROM events") == "0")
            let last = try there.run("import", file)
            #expect(last.status == 0, "\(last.errors)")
            #expect(try there.query("SELECT count(*), count(DISTINCT duration_ms) FROM events") == "50000|50000")
        }
    }

    @Test("A report on a database that another program keeps locked waits and then reports it")
    func locked() throws {
        let program = try Program()
        try program.run("record", "--command", "make")
        try program.run("flush")
        let holder = Process()
        holder.executableURL = URL(filePath: "/usr/bin/sqlite3")
        holder.arguments = [program.folder.data.databasePath]
        let (input, output) = (Pipe(), Pipe())
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        defer {
            try? input.fileHandleForWriting.close()
            holder.waitUntilExit()
        }
        input.fileHandleForWriting.write(
            Data("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; SELECT 'held';\n".utf8))
        var text = ""
        while !text.contains("held") {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { break }
            text += String(decoding: piece, as: UTF8.self)
        }
        #expect(text == "delete\nheld\n")
        let report = try program.run("stats")
        #expect(report.status == 75)
        #expect(report.errors.contains("another program keeps"), "\(report.errors)")
        #expect(report.errors.split(separator: "\n").count == 1)
    }
}
