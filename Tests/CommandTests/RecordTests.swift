import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

struct RecordTests {
    @Test("One event is recorded silently, and appears in the dashboard")
    func oneShot() throws {
        let program = try Program()
        let outcome = try program.run(
            "record", "--command", "git push --force", "--duration-ms", "120", "--success", "--workspace", "secret-name"
        )
        #expect(outcome.status == 0)
        #expect(outcome.output == "" && outcome.errors == "")
        let stats = try program.run("stats", "--json")
        #expect(stats.output.contains(#""commands" : 1"#))
        #expect(
            try program.query("SELECT command, duration_ms, success, session_id FROM events") == "git push|120|1|test")
    }

    @Test("A stream is recorded except for bad lines, which are reported by number")
    func stream() throws {
        let program = try Program()
        let input = """
            {"command":"one"}

            {"command":"two","success":"yes"}
            not json
            {"command":"three","timestamp":"2026-02-30T10:00:00Z"}
            {"command":"four"}
            """
        let outcome = try program.run("record", "--stdin", "--json", input: input)
        #expect(outcome.status == 65)
        #expect(
            outcome.errors == """
                nexus: line 3 not recorded: success must be true or false
                nexus: line 4 not recorded: not a JSON object (at byte 1)
                nexus: line 5 not recorded: timestamp must be an existing date from 2000 to 9999, as RFC 3339 or as \
                milliseconds since 1970

                """)
        for part in [#""received" : 5"#, #""accepted" : 2"#, #""rejected" : 3"#, #""stored" : 2"#, #""seconds""#] {
            #expect(outcome.output.contains(part))
        }
        #expect(try program.query("SELECT group_concat(command) FROM events") == "one,four")
        let status = try program.run("telemetry", "status")
        #expect(status.output.contains("Received:   5\nAccepted:   2\nRejected:   3\n"))
        #expect(status.output.contains("0 lost: received"))
    }

    @Test("200 recorders at once leave 200 rows")
    func manyRecorders() throws {
        let program = try Program()
        let processes = (0..<200).map { program.process(["record", "--command", "make", "--duration-ms", "\($0)"]) }
        for process in processes { try process.run() }
        for process in processes { process.waitUntilExit() }
        #expect(processes.allSatisfy { $0.terminationStatus == 0 })
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*), count(DISTINCT duration_ms) FROM events") == "200|200")
    }

    @Test(
        "Nothing is written with telemetry off, and the command succeeds",
        arguments: [
            ["NEXUS_TELEMETRY": "off"], ["DO_NOT_TRACK": "1"],
        ])
    func off(setting: [String: String]) throws {
        var program = try Program()
        program.environment.merge(setting) { $1 }
        #expect(try program.run("record", "--command", "make").status == 0)
        let stream = try program.run("record", "--stdin", input: #"{"command":"make"}"#)
        #expect(stream.status == 0)
        #expect(stream.errors.contains("nothing recorded"))
        #expect(try program.run("flush").status == 0)
        #expect(try program.run("stats").status == 0)
        #expect(try program.run("telemetry").output.contains("Recording:  off"))
        #expect(!FileManager.default.fileExists(atPath: program.folder.data.folder.path))
    }

    @Test("Every written file is readable by the owner alone")
    func modes() throws {
        let program = try Program()
        try program.run("record", "--command", "make")
        let root = program.folder.data.folder.path
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) + [""] {
            let attributes = try FileManager.default.attributesOfItem(atPath: root + "/" + name)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode == (attributes[.type] as? FileAttributeType == .typeDirectory ? 0o700 : 0o600), "\(name)")
        }
    }
}
