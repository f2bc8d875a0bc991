import Foundation
import Platform
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

    @Test("A command is gone from rows, rollups, names and every byte of the folder; the rest is as it was")
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

    @Test("A session is gone with its hashes, and sessions that lose a part are counted anew")
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
                == "2026-04-10 10:00:00.000|2026-04-10 10:00:00.000|0|3")
        try program.checkTables()
    }

    @Test("Everything is gone, the key and snapshots too, and no row id is given twice")
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

    @Test("Nothing is removed without --yes where nobody can be asked, nor with --dry-run")
    func confirmation() throws {
        let program = try filled()
        #expect(try program.run("telemetry", "purge", "--all").status == 64)
        let dry = try program.run("telemetry", "purge", "--command", "git", "--dry-run")
        #expect(dry.output == "Would be removed: 6 events in 3 sessions.\n")
        #expect(try program.run("telemetry", "purge", "--yes").status == 64)
        #expect(try program.run("telemetry", "purge", "--yes", "--all", "--command", "x").status == 64)
        #expect(try program.query("SELECT count(*) FROM events") == "18")
    }

    @Test("While 20 recorders and the service run, nothing removed remains and nothing recorded afterwards is missing")
    func underLoad() throws {
        let program = try filled()
        let service = try RunningService(program)
        let stop = program.folder.path + "/stop"
        let loop = """
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
        for command in ["deploy", "git"] {
            let receipt = try receipt(program, "--command", command)
            #expect(receipt["events_removed"] as? Int == 6)
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
        #expect(try occurrences(of: "prod-eu", in: program) == 0)
        #expect(try occurrences(of: "git push", in: program) == 0)
    }

    @Test("Killed at any moment a purge has happened or has not, and the next command finishes it")
    func kills() throws {
        // The bar is 200; a usual run tries fewer, at other moments each time.
        let rounds = Int(ProcessInfo.processInfo.environment["NEXUS_TEST_KILLS"] ?? "") ?? 20
        let original = try filled()
        #expect(try original.run("flush").status == 0)
        var random = SystemRandomNumberGenerator()
        var (before, between, after) = (0, 0, 0)
        // One that nobody kills says how long there is to do so.
        var longest: UInt32 = 0
        for _ in 0..<rounds {
            let program = try Program()
            try FileManager.default.copyItem(
                atPath: original.folder.data.folder.path, toPath: program.folder.data.folder.path)
            let process = program.process(["telemetry", "purge", "--yes", "--command", "deploy"])
            process.standardOutput = FileHandle.nullDevice
            let start = ContinuousClock.now
            try process.run()
            if longest == 0 {
                process.waitUntilExit()
                longest = UInt32((ContinuousClock.now - start) / .microseconds(1))
                continue
            }
            usleep(UInt32.random(in: longest / 8...longest, using: &random))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            if try program.query("SELECT count(*) FROM purges") == "1" { between += 1 }
            // The next command that stores finishes what was begun.
            #expect(try program.run("flush").status == 0)
            try program.checkTables()
            let left = try program.query("SELECT count(*) FROM events WHERE command = 'deploy prod-eu'")
            #expect(left == "6" || left == "0")
            #expect(try program.query("SELECT count(*) FROM purges") == "0")
            if left == "0" {
                after += 1
                #expect(try occurrences(of: "prod-eu", in: program) == 0)
            } else {
                before += 1
            }
        }
        #expect(before + after == rounds - 1)
        if rounds >= 100 { #expect(before > 0 && between > 0 && after > between) }
    }
}
