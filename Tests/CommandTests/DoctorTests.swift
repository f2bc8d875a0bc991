import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

struct DoctorTests {
    /// A program with some events stored, in a data folder where all is fine.
    private func recorded() throws -> Program {
        let program = try Program()
        let lines = (1...200).map { number in
            """
            {"timestamp":\(1_795_000_000_000 + number * 100_000),"command":"make step\(number % 7)",\
            "duration_ms":\(number * 10),"success":\(number % 5 != 0),"session_id":"s\(number % 3)",\
            "error_category":"exit_1","workspace":"w\(number % 4)","template_used":"web"}

            """
        }
        try program.run("record", "--stdin", input: lines.joined())
        return program
    }

    private func expectFine(_ program: Program, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let outcome = try program.run("doctor")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)", sourceLocation: sourceLocation)
    }

    private func expectWrong(
        _ program: Program, _ check: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try program.run("doctor")
        #expect(outcome.status == 65, sourceLocation: sourceLocation)
        let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("wrong  \(check)") }
        #expect(line?.contains(text) == true, "\(outcome.output)\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.output.contains("→ "), sourceLocation: sourceLocation)
    }

    private func path(_ program: Program, _ name: String) -> String { program.folder.data.folder.path(of: name) }

    @Test("A missing key is a problem once there are events")
    func missingKey() throws {
        let program = try Program()
        #expect(try program.run("doctor").status == 0)
        try program.run("record", "--command", "make", "--workspace", "w")
        try program.run("flush")
        #expect(try program.run("doctor").status == 0)
        try program.folder.data.folder.remove("key")
        let outcome = try program.run("doctor")
        #expect(outcome.status == 65 && outcome.output.contains("names were hashed with it"), "\(outcome)")
        // An earlier version has left no note.
        try program.folder.data.folder.remove("key.made")
        let earlier = try program.run("doctor")
        #expect(earlier.status == 65 && earlier.output.contains("names get other hashes"), "\(earlier)")
    }

    @Test("The doctor finds no problem and changes nothing in an empty and in a sound folder")
    func fine() throws {
        let empty = try Program()
        try expectFine(empty)
        #expect(!empty.folder.data.folder.exists)

        let program = try recorded()
        let before = try program.query("SELECT group_concat(hex(cells)) FROM usage_rollup")
        try expectFine(program)
        #expect(try program.run("doctor", "--quick").status == 0)
        #expect(try program.query("SELECT group_concat(hex(cells)) FROM usage_rollup") == before)
    }

    @Test("JSON has the same results, check by check")
    func json() throws {
        let program = try recorded()
        let outcome = try program.run("doctor", "--json")
        let values = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        #expect(values?["fine"] as? Bool == true)
        let checks = (values?["checks"] as? [[String: Any]])?.compactMap { $0["check"] as? String }
        #expect(
            checks == [
                "folder", "key", "settings", "buffer", "database", "ids", "books", "sessions", "rollups", "log",
                "ledger",
            ])
    }

    @Test("A file that others may read is a problem, and so is a link")
    func permissions() throws {
        let program = try recorded()
        unsafe chmod(path(program, "key"), 0o644)
        try expectWrong(program, "folder", "other users have access to \(path(program, "key")) (mode 644)")
        unsafe chmod(path(program, "key"), 0o600)
        unsafe chmod(program.folder.data.folder.path, 0o755)
        try expectWrong(program, "folder", "other users have access to \(program.folder.data.folder.path) (mode 755)")
        unsafe chmod(program.folder.data.folder.path, 0o700)
        try FileManager.default.createSymbolicLink(
            atPath: path(program, "strange\u{1B}[2J"), withDestinationPath: "/dev/null")
        try expectWrong(program, "folder", "strange\\u{1b}[2J is a symbolic link")
    }

    @Test("A damaged key, settings file or ledger is a problem, and a leftover file is a note")
    func files() throws {
        let program = try recorded()
        let key = try Data(contentsOf: URL(filePath: path(program, "key")))
        try Data(key.prefix(20)).write(to: URL(filePath: path(program, "key")))
        try expectWrong(program, "key", "key")
        try key.write(to: URL(filePath: path(program, "key")))

        try Data("{".utf8).write(to: URL(filePath: path(program, "settings.json")))
        unsafe chmod(path(program, "settings.json"), 0o600)
        try expectWrong(program, "settings", "settings.json")
        try FileManager.default.removeItem(atPath: path(program, "settings.json"))

        try Data("{}\n".utf8).write(to: URL(filePath: path(program, "ledger.ndjson")))
        unsafe chmod(path(program, "ledger.ndjson"), 0o600)
        try expectWrong(program, "ledger", "line 1")
        try FileManager.default.removeItem(atPath: path(program, "ledger.ndjson"))

        try Data().write(to: URL(filePath: path(program, "key.new-17")))
        unsafe chmod(path(program, "key.new-17"), 0o600)
        let outcome = try program.run("doctor")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("note   folder    left by a killed process: key.new-17"))
    }

    @Test("Aggregates that differ from a recount are a problem, and --rebuild repairs them")
    func rebuild() throws {
        let program = try recorded()
        let before = try program.query(
            "SELECT count(*), sum(length(cells)), group_concat(hex(cells)) FROM usage_rollup")
        let sessions = try program.query("SELECT * FROM sessions ORDER BY id")
        let damages = [
            (
                "rollups",
                "UPDATE activity_rollup SET events = events + 1 WHERE slot = (SELECT min(slot) FROM activity_rollup)"
            ),
            ("rollups", "DELETE FROM usage_rollup WHERE id = (SELECT max(id) FROM usage_rollup)"),
            ("rollups", "UPDATE usage_rollup SET cells = x'01ff' WHERE id = (SELECT min(id) FROM usage_rollup)"),
            ("rollups", "INSERT INTO usage_rollup SELECT max(id) + 134217728, cells FROM usage_rollup"),
            ("sessions", "UPDATE sessions SET errors_encountered = 0 WHERE session_id = 's1'"),
            ("sessions", "UPDATE sessions SET started_at = '2026-01-01 00:00:00.000' WHERE session_id = 's2'"),
            ("sessions", "DELETE FROM sessions WHERE session_id = 's0'"),
        ]
        for (check, sql) in damages {
            _ = try program.query(sql)
            try expectWrong(program, check, "not match a recount")
            #expect(try program.run("doctor", "--rebuild").status == 64)
            #expect(try program.run("doctor", "--rebuild", "--dry-run").status == 0)
            try expectWrong(program, check, "not match a recount")
            #expect(try program.run("doctor", "--rebuild", "--yes").status == 0)
            try expectFine(program)
        }
        #expect(
            try program.query("SELECT count(*), sum(length(cells)), group_concat(hex(cells)) FROM usage_rollup")
                == before)
        let columns = "session_id, started_at, ended_at, duration_ms, commands_executed, errors_encountered"
        #expect(
            try program.query("SELECT \(columns) FROM sessions ORDER BY session_id").split(separator: "\n").count
                == sessions.split(separator: "\n").count)
    }

    @Test("Rows removed by another program show in the counters")
    func eventCounters() throws {
        let program = try recorded()
        _ = try program.query("DELETE FROM events WHERE id = 7")
        try expectWrong(program, "counters", "the database has 199 rows, and the counters expect 200")
    }

    @Test("A report on damaged aggregates suggests a fix")
    func damagedReport() throws {
        let program = try recorded()
        _ = try program.query("UPDATE usage_rollup SET cells = x'01ff'")
        let outcome = try program.run("stats")
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("run 'nexus doctor --rebuild'"))
        #expect(try program.run("doctor", "--rebuild", "--yes").status == 0)
        #expect(try program.run("stats").status == 0)
    }

    @Test("A file that is not a database, a damaged one, and a damaged record are problems")
    func damage() throws {
        let program = try recorded()
        let database = URL(filePath: path(program, "nexus.db"))
        let whole = try Data(contentsOf: database)
        var damaged = whole
        // The page in which the first rows stand.
        for offset in 16384 * 3..<16384 * 3 + 4000 { damaged[offset] = 0xAA }
        try damaged.write(to: database)
        try expectWrong(program, "database", "SQLite reports corruption")
        try Data(repeating: 0x42, count: 5000).write(to: database)
        try expectWrong(program, "database", "is not a SQLite database")
        try whole.write(to: database)
        try expectFine(program)

        let other = try Program()
        try other.run("record", "--command", "one")
        try other.run("record", "--command", "two")
        let folder = other.folder.data.bufferFolder
        let segment = URL(filePath: folder.path(of: try #require(try folder.names().first)))
        var bytes = try Data(contentsOf: segment)
        let place = try #require(bytes.range(of: Data("one".utf8)))
        bytes[place.lowerBound] ^= 1
        try bytes.write(to: segment)
        try expectWrong(other, "buffer", "1 damaged record in the segments")
        #expect(try other.run("flush").status == 0)
        #expect(try other.run("doctor").output.contains("1 damaged segment kept in"))
    }
}
