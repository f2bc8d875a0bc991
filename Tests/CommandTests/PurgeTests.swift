import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus telemetry purge`, with the real program.
struct PurgeTests {
    /// A folder with three sessions of six events each: two of `deploy prod-eu` in each, two of `git push`, two others.
    private func filled() throws -> Program {
        let program = try Program()
        var lines = ""
        for session in ["s-one", "s-two", "s-three"] {
            for number in 0..<2 {
                for command in ["deploy prod-eu", "git push", "make everything"] {
                    lines += """
                        {"command":"\(command)","session_id":"session-\(session)","success":\(number == 0),"duration_ms":5,\
                        "workspace":"client \(session)","error_category":"category-of-\(session)",\
                        "timestamp":"2026-0\(number + 3)-10T10:00:00Z"}

                        """
                }
            }
        }
        #expect(try program.run("record", "--stdin", input: lines).status == 0)
        return program
    }

    private func receipt(_ program: Program, _ arguments: String...) throws -> [String: Any] {
        let process = program.process(["telemetry", "purge", "--yes", "--json"] + arguments)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func occurrences(of text: String, in program: Program) throws -> Int {
        let bytes = Data(try program.folder.allBytes())
        return bytes.ranges(of: Data(text.utf8)).count
    }

    @Test("A purge removes a command from rows, rollups, names and every byte of the folder, and keeps the rest")
    func purgeCommand() throws {
        let program = try filled()
        let receipt = try receipt(program, "--command", "deploy")
        #expect(receipt["events_removed"] as? Int == 6)
        #expect(receipt["sessions_removed"] as? Int == 0)
        #expect(receipt["texts_searched"] as? Int == 1)
        #expect((receipt["found_in"] as? [String]) == [])
        #expect(try occurrences(of: "prod-eu", in: program) == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "12")
        #expect(try program.query("SELECT DISTINCT commands_executed FROM sessions") == "4")
        try program.checkTables()
    }

    @Test("A purge with an empty name removes nothing, as the variable of a script may not be set")
    func emptyName() throws {
        let program = try Program()
        try program.run("record", "--type", "task_completed")
        for flag in ["--command", "--session"] {
            #expect(try program.run("telemetry", "purge", "--yes", flag, "").status == 64)
        }
        try program.run("flush")
        #expect(try program.query("SELECT count(*) FROM events") == "1")
    }

    @Test("A purge removes imported rows when nothing was recorded locally, and creates a new key if asked to")
    func purgeOfImported() throws {
        let here = try filled()
        let snapshot = here.folder.path + "/snapshot.lz4"
        #expect(try here.run("export", "-o", snapshot).status == 0)
        let there = try Program()
        #expect(try there.run("import", snapshot).status == 0)
        #expect(try there.run("telemetry", "rekey", "--yes").status == 0)
        #expect(try receipt(there, "--command", "deploy")["events_removed"] as? Int == 6)
        #expect(try there.run("telemetry", "purge", "--all", "--yes").status == 0)
        #expect(try there.query("SELECT count(*) FROM events") == "0")
    }

    @Test("A purge removes everything after an import that was killed", arguments: [false, true])
    func purgeAfterKilledImport(isOff: Bool) throws {
        let here = try filled()
        let snapshot = here.folder.path + "/snapshot.lz4"
        #expect(try here.run("export", "-o", snapshot).status == 0)
        let there = try Program()
        #expect(try TracedKill("pwrite64", at: 12, there, "import", snapshot).isKilled)
        if isOff { try there.run("telemetry", "off") }
        #expect(try there.run("telemetry", "purge", "--all", "--yes").status == 0)
        #expect(try there.query("SELECT count(*) FROM events") == "0")
    }

    /// Three events of January, of which only the counts are left, and one of now.
    private func expired() throws -> (program: Program, snapshot: String) {
        let program = try Program()
        let lines = (1...3).map { day in
            """
            {"timestamp":"2026-01-0\(day)T10:00:00Z","command":"oldcommand","template_used":"oldtemplate",\
            "session_id":"oldsession","error_category":"oldcategory","success":false}
            """
        }
        try program.run("record", "--stdin", input: lines.joined(separator: "\n"))
        let snapshot = program.folder.path + "/old.lz4"
        try program.run("export", "-o", snapshot)
        #expect(try program.run("telemetry", "retain", "30d", "--yes").status == 0)
        try program.run("record", "--command", "recent")
        try program.run("flush")
        #expect(try program.query("SELECT count(*) FROM events") == "1")
        return (program, snapshot)
    }

    @Test("A purge removes days that have only counts, with their names, and prints so before")
    func purgeExpired() throws {
        let program = try expired().program
        let asked = try program.run("telemetry", "purge", "--before", "2026-06-01", "--dry-run").output
        #expect(asked.contains("the counts of 3 events whose rows are no longer kept"), "\(asked)")
        #expect((try receipt(program, "--before", "2026-06-01")["found_in"] as? [String]) == [])
        for text in ["oldcommand", "oldtemplate", "oldcategory", "oldsession"] {
            #expect(try occurrences(of: text, in: program) == 0, "\(text)")
        }
        #expect(try program.query("SELECT name FROM rollup_names WHERE kind = 0") == "recent")
        #expect(try program.run("stats", "--by", "command", "--csv").output.contains("recent,1,"))
        try program.checkTables()
    }

    @Test("Days that have only counts and are not purged keep their names")
    func purgePartOfExpired() throws {
        let program = try expired().program
        _ = try receipt(program, "--before", "2026-01-02")
        #expect(try program.run("stats", "--by", "command", "--csv").output.contains("oldcommand,2,"))
        #expect(try program.run("stats", "--by", "template", "--csv").output.contains("oldtemplate,2,"))
    }

    @Test("Events beyond the retention are not imported, as they are counted already")
    func importExpired() throws {
        let (program, snapshot) = try expired()
        let before = try program.run("stats", "--by", "command", "--csv").output
        let outcome = try program.run("import", snapshot)
        #expect(
            outcome.output.hasPrefix("0 events imported, 0 already present, 3 skipped: older"), "\(outcome)")
        #expect(try program.run("stats", "--by", "command", "--csv").output == before)
        #expect(before.contains("oldcommand,3,"))
        #expect(try program.query("SELECT count(*) FROM events") == "1")
        #expect(try program.run("doctor").status == 0)
    }

    @Test("A purge removes a session with its hashes, and recomputes sessions that lose events")
    func purgeSessionAndTime() throws {
        let program = try filled()
        let hash = try program.query(
            "SELECT DISTINCT workspace_hash FROM events WHERE session_id = 'session-s-two'")
        #expect(hash.count == 32)
        #expect(try receipt(program, "--session", "session-s-two")["sessions_removed"] as? Int == 1)
        for text in [hash, "session-s-two", "category-of-s-two"] {
            #expect(try occurrences(of: text, in: program) == 0)
        }
        try program.checkTables()
        #expect(try receipt(program, "--before", "2026-04-01")["events_removed"] as? Int == 6)
        #expect(
            try program.query("SELECT DISTINCT started_at, ended_at, duration_ms, commands_executed FROM sessions")
                == "2026-04-10 10:00:00.000|2026-04-10 10:00:00.005|5|3")
        try program.checkTables()
    }

    @Test("A purge of everything removes the key and snapshots too, and no row id is reused")
    func purgeEverything() throws {
        let program = try filled()
        let data = program.folder.data
        let key = try Data(contentsOf: URL(filePath: data.keyPath))
        #expect(try program.run("export", "-o", data.folder.path(of: "mine.db.lz4")).status == 0)
        // As an import or a sync leaves it that was killed.
        let scratch = data.folder.path(of: ScratchFolder.prefix + "dead")
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: data.databasePath, toPath: scratch + "/content.db")
        let receipt = try receipt(program, "--all")
        #expect(!FileManager.default.fileExists(atPath: scratch))
        #expect(receipt["key_renewed"] as? Bool == true)
        #expect(receipt["snapshots_removed"] as? [String] == ["mine.db.lz4"])
        let texts = ["prod-eu", "session-s-one", "category-of-s-three", "make everything"]
        for text in texts { #expect(try occurrences(of: text, in: program) == 0) }
        let hasOldKey = Data(try program.folder.allBytes()).range(of: key) != nil
        #expect(!hasOldKey)
        #expect(try program.query("SELECT count(*) FROM sessions") == "0")
        #expect(try program.run("record", "--command", "after", "--success").status == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT id FROM events") == "19")
        #expect(try program.query("SELECT id FROM sessions") == "4")
        try program.checkTables()
    }

    @Test("Nothing is removed without --yes and without a terminal, nor with --dry-run")
    func confirmation() throws {
        let program = try filled()
        #expect(try program.run("telemetry", "purge", "--all").status == 64)
        let dry = try program.run("telemetry", "purge", "--command", "git", "--dry-run")
        #expect(dry.output == "Would be removed: 6 events in 3 sessions.\n")
        #expect(try program.run("telemetry", "purge", "--yes").status == 64)
        #expect(try program.run("telemetry", "purge", "--yes", "--all", "--command", "x").status == 64)
        #expect(try program.query("SELECT count(*) FROM events") == "18")
    }

    @Test("A purge while 20 recorders and the service run leaves no removed byte and loses no later event")
    func underLoad() throws {
        let program = try filled()
        let service = try RunningService(program)
        let stop = program.folder.path + "/stop"
        // The recorders end in any case: the test runner waits for all processes that were started.
        defer { _ = FileManager.default.createFile(atPath: stop, contents: nil) }
        // What is to go is recorded up to a moment before, by all of them, and waits anywhere between recorder and row.
        let loop = """
            for n in {1..10}; do "$1" --command "deploy doomed-$2" --session "doomed-$2" || exit; done
            echo >"$3-begun-$2"
            n=0
            while
                "$1" --command "recorder-$2" && n=$((n + 1))
                sleep 0.1
                [ ! -e "$3" ]
            do :; done
            echo $n
            """
        let recorder = Program.url.deletingLastPathComponent().appending(path: "nexus-record").path
        let recorders = try (0..<20).map { number in
            let process = program.process(["-c", loop, "bash", recorder, String(number), stop])
            process.executableURL = URL(filePath: "/bin/bash")
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            return (process, output)
        }
        for number in 0..<20 {
            try waitUntil("the recorders") { FileManager.default.fileExists(atPath: stop + "-begun-\(number)") }
        }
        for (command, count) in [("deploy", 206), ("git", 6)] {
            let receipt = try receipt(program, "--command", command)
            #expect(receipt["events_removed"] as? Int == count)
            #expect((receipt["found_in"] as? [String]) == [])
        }
        try Data().write(to: URL(filePath: stop))
        var recorded = 0
        for (process, output) in recorders {
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            recorded += try #require(Int(text.trimmingCharacters(in: .newlines)))
        }
        #expect(recorded >= 20)
        #expect(try service.stop() == 0)
        #expect(try program.run("flush").status == 0)
        let counts = try program.query(
            "SELECT count(*) FILTER (WHERE command GLOB 'recorder-*'), count(*) FILTER (WHERE command GLOB 'deploy*') FROM events"
        )
        #expect(counts == "\(recorded)|0")
        try program.checkTables()
        for text in ["prod-eu", "doomed-", "git push"] {
            let bytes = Data(try dataBytes(program))
            #expect(bytes.range(of: Data(text.utf8)) == nil, "\(text)")
        }
    }

    private func dataBytes(_ program: Program) throws -> [UInt8] {
        program.dataFiles().values.flatMap { [UInt8]($0.content) }
    }

    @Test("A purge removes files of a killed export too, and a purge of everything removes unread lines")
    func leftovers() throws {
        let program = try filled()
        #expect(try program.run("flush").status == 0)
        let root = program.folder.data.folder.path
        let scratch = root + "/.nexus-scratch-1234"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: root + "/nexus.db", toPath: scratch + "/content.db")
        let receipt = try receipt(program, "--command", "deploy")
        #expect(receipt["found_in"] as? [String] == [])
        #expect(!FileManager.default.fileExists(atPath: scratch))
        // A shell makes a plain file of `printf … >pipe` while no service runs.
        let line = #"{"command":"make","workspace":"the raw name"}"# + "\n"
        try Data(line.utf8).write(to: URL(filePath: root + "/pipe"))
        #expect(try self.receipt(program, "--all")["found_in"] as? [String] == [])
        #expect(Data(try dataBytes(program)).range(of: Data("the raw name".utf8)) == nil)
        try program.checkTables()
    }

    @Test("Events can be purged while recording is off, and nothing else is written")
    func whileOff() throws {
        let program = try filled()
        #expect(try program.run("record", "--command", "deploy prod-eu").status == 0)
        #expect(try program.run("telemetry", "off").status == 0)
        #expect(try receipt(program, "--command", "deploy")["events_removed"] as? Int == 7)
        #expect(try occurrences(of: "prod-eu", in: program) == 0)
        let after = program.dataFiles()
        #expect(try program.run("flush").status == 0)
        #expect(try program.run("record", "--command", "deploy prod-eu").status == 0)
        #expect(program.changedFiles(since: after) == [])
        #expect(try program.query("SELECT count(*) FROM events") == "12")
        try program.checkTables()
    }

    @Test("A purge does not wait for a stream that waits for its next line, and the stream continues afterwards")
    func besideAnIdleStream() throws {
        let program = try filled()
        let stream = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        stream.standardInput = input
        stream.standardOutput = output
        stream.standardError = FileHandle.nullDevice
        try stream.run()
        try input.fileHandleForWriting.write(contentsOf: Data("{\"command\":\"deploy streamed\"}\n".utf8))
        #expect(!output.fileHandleForReading.availableData.isEmpty)
        #expect(try receipt(program, "--command", "deploy")["events_removed"] as? Int == 7)
        try input.fileHandleForWriting.write(contentsOf: Data("{\"command\":\"kept\"}\n".utf8))
        try input.fileHandleForWriting.close()
        stream.waitUntilExit()
        #expect(stream.terminationStatus == 0)
        #expect(try program.query("SELECT count(*) FROM events WHERE command = 'kept'") == "1")
        try program.checkTables()
    }

    @Test("A purge killed at any instant has happened or not, and the next command completes it")
    func kills() throws {
        // The bar is 200 (NEXUS_TEST_KILLS=201); a usual run tries fewer, at other moments each time.
        let rounds = Int(ProcessInfo.processInfo.environment["NEXUS_TEST_KILLS"] ?? "") ?? 41
        let original = try filled()
        #expect(try original.run("flush").status == 0)
        var random = SystemRandomNumberGenerator()
        var (before, between, after) = (0, 0, 0)
        // One run of each kind is not killed, to measure its duration.
        var longest: [Bool: UInt32] = [:]
        for round in 0..<rounds {
            let isEverything = round % 2 == 1
            let program = try Program()
            try FileManager.default.copyItem(
                atPath: original.folder.data.folder.path, toPath: program.folder.data.folder.path)
            let process = program.process(
                ["telemetry", "purge", "--yes"] + (isEverything ? ["--all"] : ["--command", "deploy"]))
            process.standardOutput = FileHandle.nullDevice
            let start = ContinuousClock.now
            try process.run()
            guard let time = longest[isEverything] else {
                process.waitUntilExit()
                longest[isEverything] = UInt32((ContinuousClock.now - start) / .microseconds(1))
                continue
            }
            usleep(UInt32.random(in: time / 8...time, using: &random))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            // A concurrent reader gets the state before or after, too.
            #expect(try program.run("telemetry", "status").output.contains("0 lost: received"))
            if try program.query("SELECT count(*) FROM purges") == "1" { between += 1 }
            // The next command that stores finishes what was begun.
            #expect(try program.run("flush").status == 0)
            if try expectBeforeOrAfter(program, original, isEverything: isEverything) {
                after += 1
            } else {
                before += 1
            }
        }
        #expect(before + after == rounds - longest.count)
        if rounds >= 100 { #expect(before > 0 && between > 0 && after > between) }
    }

    /// Expects all as before a purge or all as after it; returns whether it is as after.
    private func expectBeforeOrAfter(_ program: Program, _ original: Program, isEverything: Bool) throws -> Bool {
        try program.checkTables()
        #expect(try program.query("SELECT count(*) FROM purges") == "0")
        let rows = try program.query("SELECT count(*), count(*) FILTER (WHERE command = 'deploy prod-eu') FROM events")
        let isAfter = rows != "18|6"
        if isAfter { #expect(rows == (isEverything ? "0|0" : "12|0")) }
        #expect(try (occurrences(of: "prod-eu", in: program) == 0) == isAfter)
        let hasOldKey =
            try Data(contentsOf: URL(filePath: program.folder.data.keyPath))
            == Data(contentsOf: URL(filePath: original.folder.data.keyPath))
        #expect(hasOldKey != (isAfter && isEverything))
        return isAfter
    }
}
