import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Reports from the aggregates on a real ClickHouse, against the reports of one data folder with all rows.
@Suite(
    .enabled(if: TestServers.areThere, "Scripts/test fetches the servers"), .serialized, .timeLimit(.minutes(10)))
struct ServerReportTests {
    private let server: any AnsweringClickHouse
    private let members: [Program]
    private var url: String { "clickhouse://127.0.0.1:\(server.port)/nexus" }

    init() throws {
        try self.init(ClickHouseServer())
    }

    init(_ server: any AnsweringClickHouse) throws {
        self.server = server
        members = try (0..<3).map { _ in try Program() }
    }

    private func record(_ count: Int, in program: Program, using random: inout SeededGenerator) throws {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        let lines = (0..<count).map { _ in
            let time = 1_790_000_000_000 + Int.random(in: 0..<40 * 86_400_000, using: &random)
            let duration = Int(pow(10, Double.random(in: 0..<6, using: &random)))
            let outcome = pick([
                "", #","success":true"#, #","success":true"#, #","success":false,"error_category":"build""#,
                #","success":false"#, #","error_category":"interrupted""#,
            ])
            let command = pick(["make", "git push", "git status", "acme-\(program.folder.path.suffix(4))"])
            return #"{"timestamp":\#(time),"command":"\#(command)","duration_ms":\#(duration),"workspace":"w","#
                + #""event_type":"\#(pick(["command", "command", "command_line", "task_completed"]))""#
                + pick(["", #","template_used":"web""#]) + outcome + "}"
        }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    private func send(_ program: Program) throws {
        let outcome = try program.run("sync", "--to", "company")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// A data folder with the rows of all members.
    private func union() throws -> Program {
        let all = try Program()
        for (number, member) in members.enumerated() {
            let path = member.folder.path + "/all-\(number)-\(UUID().uuidString).db.lz4"
            #expect(try member.run("export", "-o", path).status == 0)
            #expect(try all.run("import", path).status == 0)
        }
        return all
    }

    /// The parts of a report that a server has too, as text.
    private func report(_ program: Program, _ words: [String]) throws -> String {
        let outcome = try program.run(words + ["--json"])
        #expect(outcome.status == 0, "\(words): \(outcome.errors)")
        let root = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
        let left = [
            "window", "sessions", "sessions_before", "services", "ports", "findings", "first_seen", "last_seen",
            "change",
            "is_clear", "names_since",
        ]
        func without(_ value: Any) -> Any {
            if let object = value as? [String: Any] {
                return object.filter { !left.contains($0.key) }.mapValues(without)
            }
            let list = (value as? [Any])?.map(without)
            // Failures with equal counts are in the order of their first times, which a server does not have.
            guard let failures = list as? [[String: Any]], failures.first?["category"] != nil else {
                return list ?? value
            }
            return failures.sorted {
                "\($0["count"] ?? 0) \($0["command"] ?? "")" < "\($1["count"] ?? 0) \($1["command"] ?? "")"
            }
        }
        let data = try JSONSerialization.data(withJSONObject: without(root), options: [.sortedKeys, .prettyPrinted])
        return String(decoding: data, as: UTF8.self)
    }

    private func expectSame(_ all: Program, _ words: String...) throws {
        let here = try report(all, words)
        let there = try report(members[0], words + ["--from", url])
        #expect(here == there, "\(words)")
        #expect(here.contains("\"count\""), "\(words)")
    }

    @Test("Reports from a server are those of one folder with the rows of all members, after changes and purges too")
    func same() throws {
        var random = SeededGenerator(seed: 27)
        for member in members {
            try record(1500, in: member, using: &random)
            let added = try member.run("sync", "add", "company", url, "--aggregates")
            #expect(added.status == 0, "\(added.errors)")
            try send(member)
        }
        try record(300, in: members[1], using: &random)
        try send(members[1])
        #expect(try members[2].run("telemetry", "purge", "--command", "git", "--yes").status == 0)
        try send(members[2])
        #expect(try members[0].run("sync", "--to", "company", "--again").status == 0)
        let all = try union()
        try expectSame(all, "stats")
        try expectSame(all, "stats", "2026-10")
        try expectSame(all, "stats", "--failed", "2026-10")
        try expectSame(all, "stats", "--command", "git")
        for kind in ["command", "day", "week", "error", "template"] { try expectSame(all, "stats", "--by", kind) }
        try expectSame(all, "stats", "--by", "day", "--command", "make")
        try expectSame(all, "compare", "2026-10-01..2026-10-10", "2026-10-11..2026-10-20", "--sort", "name")
        for words in [["insights"], ["insights", "--errors"], ["insights", "--slow"]] {
            let outcome = try members[0].run(words + ["--from", url])
            #expect(outcome.status == 0 && !outcome.output.isEmpty, "\(outcome.errors)")
        }
        let page = members[0].folder.path + "/page.html"
        let made = try members[0].run("report", "2026-10", "--from", url, "-o", page)
        #expect(made.status == 0, "\(made.errors)")
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("the aggregates on a server"))
    }

    @Test("Installations are listed, chosen by their id, and names that few of them have are not shown")
    func installations() throws {
        var random = SeededGenerator(seed: 28)
        for member in members {
            try record(200, in: member, using: &random)
            #expect(try member.run("sync", "add", "company", url, "--aggregates").status == 0)
            try send(member)
        }
        let list = try members[0].run("stats", "--by", "installation", "--csv", "--from", url)
        let rows = list.output.split(whereSeparator: \.isNewline).map(String.init)
        #expect(rows.count == 4 && rows[0].hasPrefix("installation,count"), "\(list)")
        #expect(rows.dropFirst().allSatisfy { $0.split(separator: ",")[1] == "200" })
        let listed = try members[1].run("sync", "list", "--json").output
        let id = try #require(listed.firstMatch(of: /"id" : "([0-9a-f]{32})"/)?.1)
        #expect(rows.contains { $0.hasPrefix(id) })
        let one = try report(members[0], ["stats", "--from", url, "--installation", String(id.prefix(8))])
        #expect(try one == report(members[1], ["stats"]))
        let wrong = try members[0].run("stats", "--from", url, "--installation", "ffffffff")
        #expect(wrong.status == 65 && wrong.errors.contains("cannot find the installation ffffffff"), "\(wrong)")
        let few = try members[0].run("stats", "--by", "command", "--csv", "--from", url, "--at-least", "2").output
        #expect(few.contains("(other),") && !few.contains("acme-") && few.contains("make,"), "\(few)")
        let total = { (text: String) in
            text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
                line.split(separator: ",").lazy.compactMap { Int($0) }.first
            }.reduce(0, +)
        }
        let every = try members[0].run("stats", "--by", "command", "--csv", "--from", url).output
        #expect(total(few) == total(every))
    }

    @Test("A server without tables and a wrong password give a sentence")
    func refusals() throws {
        let none = try members[0].run("stats", "--from", url)
        #expect(none.status == 78 && none.errors.contains("it has no aggregates of nexus"), "\(none)")
        var program = members[0]
        program.environment["NEXUS_SYNC_USER"] = "keeper"
        program.environment["NEXUS_SYNC_PASSWORD"] = "wrong"
        let wrong = try program.run("stats", "--from", url)
        #expect(wrong.status == 77, "\(wrong)")
    }

    @Test("The commands of the page 'A company's dashboard' lead from nothing to reports")
    func page() throws {
        let text = try String(
            contentsOf: Repository.root.appending(path: "Sources/nexus/Nexus.docc/ACompanysDashboard.md"),
            encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix("From nothing") })
        let lines = section.split(separator: "\n").filter { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }
        let script = lines.filter { $0 != "clickhouse-server" }.joined(separator: "\n")
            .replacing("127.0.0.1:8123", with: "127.0.0.1:\(server.port)")
        #expect(lines.count > 12 && lines.contains("clickhouse-server"))
        let program = members[0]
        let process = program.process(["-ec", "cd \"$0\"\n" + script, program.folder.path])
        process.executableURL = URL(filePath: "/bin/bash")
        process.environment?["PATH"] = Program.url.deletingLastPathComponent().path + ":/usr/bin:/bin"
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let shown = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(shown)")
        #expect(shown.contains("Sent aggregates of 1 day, 2 lines") && shown.contains("company.html"), "\(shown)")
        #expect(shown.contains("Withdrew 1 day from clickhouse://"), "\(shown)")
    }
}

/// The same with a current ClickHouse.
@Suite(
    .enabled(if: TestServers.hasCurrentClickHouse, "NEXUS_TEST_FULL=1 Scripts/test fetches it"), .serialized,
    .timeLimit(.minutes(10)))
struct CurrentServerReportTests {
    @Test("Reports from a current ClickHouse are those of one folder with the rows of all members")
    func same() throws { try ServerReportTests(CurrentClickHouse()).same() }

    @Test("Rows are also in a typed table there, once, however often they are sent")
    func typedRows() throws {
        let server = try CurrentClickHouse()
        let program = try Program()
        let lines = (0..<500).map {
            #"{"command":"make","timestamp":\#(1_790_000_000_123 + $0 * 1000),"duration_ms":\#($0),"success":true}"#
        }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
        for arguments in [[], ["--again"]] {
            let outcome = try program.run(
                ["sync", "--to", "clickhouse://127.0.0.1:\(server.port)/nexus"] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let answer = TestServers.fetch(
            server.port,
            body: "SELECT count(), sum(duration_ms), min(time), any(command) FROM nexus.nexus_runs FINAL")
        #expect(answer == "500\t124750\t2026-09-21 14:13:20.123\tmake\n")
    }

    @Test("A current ClickHouse lists installations, and hides names that few of them have")
    func installations() throws { try ServerReportTests(CurrentClickHouse()).installations() }
}
