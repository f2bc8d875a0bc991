import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Streams that are interrupted, and streams whose database is not to be had.
struct StreamTests {
    @Test("A byte-order mark is skipped only at the beginning")
    func byteOrderMark() throws {
        let program = try Program()
        let line = #"{"command":"make"}"#
        let outcome = try program.run("record", "--stdin", input: "\u{FEFF}\(line)\n\(line)\n\u{FEFF}\(line)\n")
        #expect(outcome.status == 65 && outcome.errors.contains("line 3"))
        #expect(try program.run("record", "--stdin", input: "\u{FEFF}\n\u{FEFF}").status == 65)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "2")
    }

    @Test("An interrupted stream stores accepted events and reports so", arguments: [SIGINT, SIGTERM])
    func interrupted(number: Int32) throws {
        let program = try Program()
        let process = program.process(["record", "--stdin", "--ack", "--json"])
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data((#"{"command":"a"}"# + "\n{\"half").utf8))
        let first = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        #expect(first == #"{"accepted":1,"rejected":0}"# + "\n")
        kill(process.processIdentifier, number)
        let rest = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 128 + number)
        #expect(rest.contains(#""accepted" : 1"#) && rest.contains(#""stored" : 1"#))
        #expect(try program.query("SELECT group_concat(command) FROM events") == "a")
    }

    @Test("A stream is accepted whole though there is no usable database, and is stored once there is one")
    func noDatabase() throws {
        let program = try Program()
        try program.folder.data.folder.prepare()
        try Data("this is not a database, and long enough to be read as one".utf8)
            .write(to: URL(filePath: program.folder.data.databasePath))
        let lines = String(repeating: #"{"command":"a"}"# + "\n", count: 1000)
        let outcome = try program.run("record", "--stdin", "--json", input: lines)
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("is not a SQLite database") && outcome.errors.split(separator: "\n").count == 1)
        #expect(outcome.output.contains(#""accepted" : 1000"#) && outcome.output.contains(#""stored" : 0"#))
        try program.folder.data.folder.remove("nexus.db")
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "1000")
    }

    /// A stream that has had one event acknowledged and waits for more.
    private func openStream(_ program: Program) throws -> (process: Process, input: FileHandle, output: FileHandle) {
        let process = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data((#"{"command":"a"}"# + "\n").utf8))
        _ = output.fileHandleForReading.availableData
        return (process, input.fileHandleForWriting, output.fileHandleForReading)
    }

    @Test("A stream stores again after other writers release the lock")
    func kept() throws {
        let program = try Program()
        let (process, input, output) = try openStream(program)
        defer { process.terminate() }
        func stored(_ count: Int) -> Bool {
            RunningService.poll { (try? program.query("SELECT count(*) FROM events")) == "\(count)" }
        }
        #expect(stored(1))
        do {
            // An idle stream releases the database soon.
            let lock = try File(opening: program.folder.data.writerLockPath, [.readWrite, .create])
            #expect(try RunningService.poll { try lock.tryLock() })
            try input.write(contentsOf: Data((#"{"command":"b"}"# + "\n").utf8))
            _ = output.availableData
            #expect(try program.query("SELECT count(*) FROM events") == "1")
            lock.unlock()
        }
        #expect(stored(2))
        try input.write(contentsOf: Data((#"{"command":"c"}"# + "\n").utf8))
        #expect(stored(3))
    }

    @Test("Events recorded into a copied data folder do not count as stored")
    func copiedFolder() throws {
        let program = try Program()
        let (process, input, output) = try openStream(program)
        // A copy that catches the buffer early and the database late.
        let source = program.folder.data.folder.path
        var copy = program
        copy.environment["NEXUS_DATA_DIR"] = program.folder.path + "/copy"
        try FileManager.default.createDirectory(
            atPath: program.folder.path + "/copy", withIntermediateDirectories: true)
        for name in ["buffer", "key"] {
            try FileManager.default.copyItem(atPath: source + "/" + name, toPath: program.folder.path + "/copy/" + name)
        }
        let more = String(repeating: #"{"command":"b"}"# + "\n", count: 500)
        try input.write(contentsOf: Data(more.utf8))
        _ = output.availableData
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try program.run("telemetry", "status")
        for name in try FileManager.default.contentsOfDirectory(atPath: source) where name.hasPrefix("nexus.db") {
            try FileManager.default.copyItem(atPath: source + "/" + name, toPath: program.folder.path + "/copy/" + name)
        }
        for _ in 0..<20 { #expect(try copy.run("record", "--command", "after").status == 0) }
        #expect(try copy.run("flush").status == 0)
        #expect(try copy.run("stats", "--json").output.contains("\"commands\""))
        let database = Process()
        database.executableURL = URL(filePath: "/usr/bin/sqlite3")
        let count = "SELECT count(*) FROM events WHERE command = 'after'"
        database.arguments = [program.folder.path + "/copy/nexus.db", count]
        let pipe = Pipe()
        database.standardOutput = pipe
        try database.run()
        let rows = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        database.waitUntilExit()
        #expect(rows == "20\n")
    }

    @Test("Arguments quoted by the parser cannot move the cursor")
    func hostileUsage() throws {
        let program = try Program()
        for arguments in [
            ["\u{1B}[31mx\u{7}"], ["stats", "--\u{1B}[2J"], ["record", "--duration-ms", "\u{202E}\u{9B}1"],
        ] {
            let process = program.process(arguments)
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 64)
            #expect(!text.isEmpty)
            #expect(
                text.unicodeScalars.allSatisfy {
                    $0 == "\n" || !["\u{1B}", "\u{7}", "\u{202E}", "\u{9B}"].contains($0)
                })
        }
    }
}
