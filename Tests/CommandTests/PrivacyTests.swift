import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What a person can look at and decide: the notice, `explain`, `status`, `rekey`, `retain`.
struct PrivacyTests {
    /// Runs a command line on a pseudo-terminal; what the terminal showed.
    private func onTerminal(_ program: Program, _ command: String) throws -> String {
        let process = program.process(["-qec", command, "/dev/null"])
        process.executableURL = URL(filePath: "/usr/bin/script")
        process.environment?["PATH"] = "/usr/bin:/bin"
        process.environment?["SHELL"] = "/bin/sh"
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test("The first recording command prints three lines on a terminal, once, and nothing in a script")
    func notice() throws {
        for call in [
            "nexus record --command make", "nexus-record --command make", "nexus exec -- true",
            "nexus session start >/dev/null",
        ] {
            let program = try Program()
            let path = Program.url.deletingLastPathComponent().path + "/" + call
            #expect(try program.run("record", "--command", "make").errors == "")
            let first = try onTerminal(program, path)
            #expect(first.split(separator: "\r\n").count == 3)
            #expect(first.contains(program.folder.data.folder.path) && first.contains("nexus telemetry off"))
            #expect(try onTerminal(program, path) == "")
        }
        var program = try Program()
        program.environment["NEXUS_TELEMETRY"] = "off"
        #expect(try onTerminal(program, Program.url.path + " record --command make") == "")
        #expect(!program.folder.data.folder.exists)
    }

    @Test("'explain' shows the result for each field of an event, and creates no file")
    func explain() throws {
        let program = try Program()
        let line =
            #"{"command":"git push --force","workspace":"acme","task":"t","password":"x","duration_ms":7,"template_used":""}"#
        let outcome = try program.run("telemetry", "explain", "--json", line)
        #expect(outcome.status == 0)
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let fields = try #require(json["fields"] as? [[String: Any]])
        let told = fields.map { "\($0["key"] ?? "")=\($0["fate"] ?? "")=\($0["stored"] ?? "-")=\($0["rule"] ?? "")" }
        #expect(
            told == [
                "command=cut=git push=plain-command", "workspace=hashed=-=hashed-name", "task=hashed=-=hashed-name",
                "password=dropped=-=unknown-key", "duration_ms=stored=7=number", "template_used=dropped=-=identifier",
            ])
        #expect(!program.folder.data.folder.exists)

        // With a key the hash is the one that recording stores.
        #expect(try program.run("record", "--stdin", input: line + "\n").status == 0)
        let hash = try program.query("SELECT workspace_hash FROM events")
        #expect(try program.run("telemetry", "explain", line).output.contains("workspace      hashed: \(hash)"))
        #expect(try program.query("SELECT count(*) FROM events") == "1")
    }

    @Test(
        "'explain' shows redacted values, the stored replacement, and the rule",
        arguments: [
            (#"{"command":"login ghp_abcdefghijklmnop1234"}"#, "command  redacted: login", "known-token"),
            (#"{"command":"ab1cd2ef3gh4ij5kl6mn7"}"#, "command  redacted\n", "random-text"),
            (#"{"command":"make","session_id":"ghp_abcdefghijklmnop1234"}"#, "session_id  redacted\n", "known-token"),
            (#"{"command":"make","event_type":"ab1cd2ef3gh4ij5kl6mn7"}"#, "redacted: command", "random-text"),
            (#"{"command":"make","error_category":"ghp_abcdefghijklmnop1234"}"#, "redacted\n", "known-token"),
        ])
    func explainRedaction(line: String, fate: String, rule: String) throws {
        let program = try Program()
        let output = try program.run("telemetry", "explain", line).output
        #expect(output.hasPrefix("Would be recorded.\n"))
        #expect(output.contains(fate) && output.contains("[\(rule)]"))
        #expect(try program.run("telemetry", "explain", "--strict", line).output.hasPrefix("Refused: "))
    }

    @Test("Values that look like a secret are redacted and counted on every path, and refused with '--strict'")
    func redaction() throws {
        let program = try Program()
        let token = "ghp_abcdefghijklmnop1234"
        #expect(try program.run("record", "--command", "login \(token)", "--error-category", token).status == 0)
        #expect(try program.run("exec", "--", token).status == 127)
        let line = "{\"command\":\"login now \(token)\",\"session_id\":\"\(token)\"}\n"
        #expect(try program.run("record", "--stdin", input: line).status == 0)
        #expect(try program.run("record", "--stdin", "--strict", input: line).status == 65)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT coalesce(command, '-') FROM events ORDER BY id") == "login\n-\nlogin now")
        #expect(Data(try program.folder.allBytes()).range(of: Data(token.utf8.dropFirst(4))) == nil)
        let json = try status(program)
        #expect(json["redacted_values"] as? Int == 4 && json["rejected"] as? Int == 1)
        #expect(try program.run("telemetry", "status").output.contains("Redacted:   4 suspected secrets\n"))
    }

    @Test(
        "'explain' names the rule that refuses",
        arguments: [
            (#"{"event_type":"ghp_abcdefghijklmnop1234"}"#, "known-token"),
            (#"{"event_type":"ab1cd2ef3gh4ij5kl6mn7"}"#, "random-text"),
            (#"{"command":"make","error_category":"no such file"}"#, "identifier"),
            (#"{"command":"make","workspace_hash":"acme"}"#, "given-hash"),
            (#"{"command":"make","duration_ms":-1}"#, "number"),
        ])
    func explainRefusal(line: String, rule: String) throws {
        let output = try Program().run("telemetry", "explain", line).output
        #expect(output.hasPrefix("Refused: "))
        #expect(output.contains("[\(rule)]"))
    }

    @Test("'explain' of a line that is no JSON object is an error", arguments: ["nonsense", "[1]", "{\"command\":"])
    func explainNonsense(line: String) throws {
        let outcome = try Program().run("telemetry", "explain", line)
        #expect(outcome.status == 65 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("cannot explain the line: not a JSON object"))
    }

    @Test("'explain' alone lists every rule with its effect and its reason")
    func rules() throws {
        let output = try Program().run("telemetry", "explain").output
        #expect(output.components(separatedBy: "  because ").count - 1 == 13)
    }

    private func status(_ program: Program) throws -> [String: Any] {
        let text = try program.run("telemetry", "status", "--json").output
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("'status' shows preference and effect, the cost of recording, and all transfers")
    func status() throws {
        let program = try Program()
        for _ in 0..<5 { #expect(try program.run("record", "--command", "make").status == 0) }
        let lines = [#"{"command":"make","x":1,"y":2}"#, "{", #"{"command":"make","error_category":"no such file"}"#]
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 65)
        let stick = program.folder.path + "/stick"
        try FileManager.default.createDirectory(atPath: stick, withIntermediateDirectories: false)
        #expect(try program.run("telemetry", "status").output.contains("Sent:       never"))
        #expect(try program.run("sync", "--to", "file://" + stick).status == 0)
        #expect(try program.run("record", "--command", "make").status == 0)

        let json = try status(program)
        func number(_ key: String) -> Int? { json[key] as? Int }
        #expect(json["preference"] as? String == "on" && json["recording"] as? Bool == true)
        #expect(json["data_folder"] as? String == program.folder.data.folder.path && number("bytes") ?? 0 > 0)
        #expect(json["since"] as? String != nil)
        #expect(number("events") == 6 && number("sessions") == 1)
        #expect(number("received") == 9 && number("accepted") == 7 && number("rejected") == 2)
        #expect(json["rejected_by_reason"] as? [String: Int] == ["not_json": 1, "invalid_text": 1])
        #expect(number("stored") == 6 && number("pending") == 1 && json["balance"] as? Bool == true)
        #expect(number("dropped_fields") == 2)
        let cost = try #require(json["cost_microseconds"] as? [String: Int])
        #expect(cost["calls"] == 6)
        #expect(0 < cost["p50"] ?? 0 && cost["p50"] ?? 0 <= cost["p99"] ?? 0)
        let sent = try #require((json["sent"] as? [[String: Any]])?.first)
        #expect(sent["destination"] as? String == "file://" + stick && sent["rows"] as? Int == 6)
        #expect((sent["last"] as? String)?.hasPrefix("20") == true)

        let text = try program.run("telemetry", "status").output
        #expect(text.contains("Cost:       p50 ") && text.contains("µs in the last 6 calls"))
        #expect(text.contains("Sent:       6 rows ("))
    }

    @Test("'status' names the setting, variable or file that switches recording off")
    func reasons() throws {
        var program = try Program()
        func reason() throws -> String? { try status(program)["reason"] as? String }
        #expect(try reason() == nil)
        #expect(try program.run("telemetry", "off").status == 0)
        #expect(try reason() == "'nexus telemetry off' was called")
        #expect(try status(program)["preference"] as? String == "off")
        program.environment["DO_NOT_TRACK"] = "1"
        #expect(try reason() == "DO_NOT_TRACK is set")
        program.environment["NEXUS_TELEMETRY"] = "Off"
        #expect(try reason() == "NEXUS_TELEMETRY is Off")
        (program.environment["DO_NOT_TRACK"], program.environment["NEXUS_TELEMETRY"]) = (nil, nil)
        #expect(try program.run("telemetry", "on").status == 0)
        let inner = program.folder.path + "/client/project"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: program.folder.path + "/client/.nexus-telemetry-off"))
        let process = program.process(["telemetry", "status"])
        process.currentDirectoryURL = URL(filePath: inner)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text.contains("off (" + program.folder.path + "/client/.nexus-telemetry-off exists)"))
    }

    @Test(
        "A workspace has another hash after 'rekey', also in a running service, and the old key is destroyed")
    func rekey() throws {
        let program = try Program()
        let service = try RunningService(program)
        let client = try service.client()
        let line = #"{"command":"make","workspace":"acme"}"#
        #expect(try client.exchange([line], total: 1).accepted == 1)
        let oldKey = try Data(contentsOf: URL(filePath: program.folder.data.keyPath))
        #expect(try program.run("telemetry", "rekey").status == 64)
        #expect(try program.run("telemetry", "rekey", "--yes").status == 0)
        #expect(try client.exchange([line], total: 2).accepted == 2)
        #expect(try program.run("record", "--command", "make", "--workspace", "acme").status == 0)
        #expect(try service.stop() == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*), count(DISTINCT workspace_hash) FROM events") == "3|2")
        let hasOldKey = Data(try program.folder.allBytes()).range(of: oldKey) != nil
        #expect(!hasOldKey)
    }

    @Test("'retain' removes older rows and keeps their counts, and 'status' shows both")
    func retain() throws {
        let program = try Program()
        let old = #"{"command":"old-command","timestamp":"2025-01-05T10:00:00Z","session_id":"old"}"#
        let new = #"{"command":"new-command","session_id":"new"}"#
        #expect(try program.run("record", "--stdin", input: old + "\n" + new + "\n").status == 0)
        #expect(try program.run("telemetry", "retain", "soon").status == 64)
        #expect(try program.run("telemetry", "retain", "90d", "--yes").status == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT command FROM events") == "new-command")
        #expect(try program.query("SELECT session_id FROM sessions") == "new")
        #expect(try program.query("SELECT sum(events) FROM activity_rollup") == "2")
        let status = try program.run("telemetry", "status").output
        #expect(status.contains("rows for 90 days, counts forever"))
        #expect(status.contains("Expired:    1 "))
        #expect(status.contains("0 lost: received"))
        #expect(try program.run("stats", "--json").output.contains(#""commands" : 2"#))
        // Of what is no longer there as a row, the name can still be removed.
        #expect(try program.run("telemetry", "purge", "--yes", "--command", "old-command").status == 0)
        let bytes = Data(try program.folder.allBytes())
        #expect(bytes.range(of: Data("old-command".utf8)) == nil)
        #expect(try program.query("SELECT sum(events) FROM activity_rollup") == "2")
    }

    @Test("'retain' prints what it would remove, and changes nothing with '--dry-run' or without '--yes'")
    func retainAsks() throws {
        let program = try Program()
        let old = #"{"command":"old-command","timestamp":"2025-01-05T10:00:00Z"}"#
        #expect(try program.run("record", "--stdin", input: old + "\n").status == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.run("telemetry", "retain").output == "Rows are kept forever.\n")
        let dry = try program.run("telemetry", "retain", "90d", "--dry-run")
        #expect(dry.status == 0 && dry.output == "Would be removed: 1 event in 1 session.\n")
        let silent = try program.run("telemetry", "retain", "90d")
        #expect(silent.status == 64 && silent.errors.contains("give --yes"))
        #expect(try program.run("telemetry", "retain").output == "Rows are kept forever.\n")
        #expect(try program.query("SELECT count(*) FROM events") == "1")
        let done = try program.run("telemetry", "retain", "1d", "--yes").output
        #expect(done.hasPrefix("To be removed: 1 event in 1 session.\nRows are kept for 1 day; "))
        #expect(try program.run("telemetry", "retain").output.hasPrefix("Rows are kept for 1 day; "))
        #expect(try program.run("telemetry", "status").output.contains("rows for 1 day, counts"))
        #expect(try program.run("telemetry", "retain", "forever").output == "Rows are kept forever.\n")
    }

    @Test("A killed removal of old rows is continued by the next process that stores")
    func interruptedRetain() throws {
        let program = try Program()
        let old = #"{"command":"old-command","timestamp":"2025-01-05T10:00:00Z","session_id":"old"}"#
        #expect(try program.run("record", "--stdin", input: old + "\n").status == 0)
        // As the first of its transactions leaves it.
        let firstKept = Int(Date().timeIntervalSince1970) / 86_400 - 90
        _ = try program.query("INSERT INTO counters VALUES ('rows_complete_from_slot', \(firstKept * 96))")
        #expect(try program.run("telemetry", "retain", "90d", "--yes").status == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "0")
        // And then not again each time.
        let done = try program.query("SELECT count FROM counters WHERE name = 'expired_before_day'")
        #expect(done == "\(firstKept)" || done == "\(firstKept + 1)")
    }

    @Test("A key that others may read is refused with a suggested fix")
    func exposedKey() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: program.folder.data.keyPath)
        let outcome = try program.run("record", "--command", "make")
        #expect(outcome.status == 77)
        #expect(outcome.errors.contains("must be yours and closed to others; run 'chmod 600' on it"))
        #expect(try program.run("telemetry", "status").output.contains("KEY: "))
    }
}
