import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus sync` to a real nginx and a real ClickHouse.
@Suite(
    .enabled(if: TestServers.areThere, "Scripts/test fetches the servers"), .serialized, .timeLimit(.minutes(10)))
struct SyncServerTests {
    private let program: Program

    init() throws {
        program = try Program()
    }

    private func record(_ range: Range<Int>, with program: Program? = nil) throws {
        let lines = range.map { number in
            let time = 1_790_000_000_000 + number * 1000
            let success = number % 3 != 0
            return switch number % 10 {
            case 0: #"{"event_type":"workspace_created","timestamp":\#(time),"workspace":"w\#(number)"}"#
            case 1: #"{"event_type":"task_completed","timestamp":\#(time),"session_id":"s-\#(number % 7)"}"#
            default: #"{"command":"make","timestamp":\#(time),"duration_ms":\#(number),"success":\#(success)}"#
            }
        }
        #expect(
            try (program ?? self.program).run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    // MARK: nginx

    @Test("nginx gets the same file that a folder does")
    func nginx() throws {
        let server = try NginxServer()
        try record(0..<1000)
        let outcome = try program.run("sync", "--to", "http://127.0.0.1:\(server.port)/dav/")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let folder = program.folder.path + "/stick"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(try program.run("sync", "--to", "file://\(folder)").status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.files) == names)
        let isSame = FileManager.default.contentsEqual(
            atPath: folder + "/" + names[0], andPath: server.files + "/" + names[0])
        #expect(isSame)
    }

    @Test("nginx's refusals are reported in a sentence, without the password")
    func nginxRefusals() throws {
        let server = try NginxServer()
        try record(0..<100)
        func sync(_ place: String, _ user: String? = nil, _ password: String? = nil) throws -> Program.Outcome {
            var program = self.program
            program.environment["NEXUS_SYNC_USER"] = user
            program.environment["NEXUS_SYNC_PASSWORD"] = password
            return try program.run("sync", "--to", "http://127.0.0.1:\(server.port)/\(place)/")
        }
        #expect(try sync("small").status == 78)
        #expect(try sync("moved").status == 78)
        #expect(try sync("nowhere").status == 78)
        #expect(try sync("private").status == 77)
        #expect(try sync("private", "keeper", "wrong-password").status == 77)
        let outcome = try sync("private", "keeper", "between us")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let bytes = Data(try program.folder.allBytes())
        for secret in ["between us", Data("keeper:between us".utf8).base64EncodedString()] {
            #expect(bytes.range(of: Data(secret.utf8)) == nil)
        }
    }

    // MARK: ClickHouse

    private func url(_ server: ClickHouseServer) -> String { "clickhouse://127.0.0.1:\(server.port)/nexus" }

    @Test("ClickHouse has every row once, with its values, after repeated syncs")
    func rows() throws {
        let server = try ClickHouseServer()
        try record(0..<25_000)
        for arguments in [[], [], ["--again"]] {
            let process = program.process(["sync", "--to", url(server)] + arguments)
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let here = try program.query(
            """
            SELECT count(*), total(id), total(duration_ms), count(duration_ms), total(success), count(success),
                min(timestamp), max(timestamp), count(workspace_hash) FROM events
            """)
        let there = try server.query(
            """
            SELECT count(), sum(id), sum(duration_ms), count(duration_ms), sum(success), count(success),
                min(timestamp), max(timestamp), countIf(workspace_hash != '') FROM nexus.nexus_events FINAL
            """)
        func numbers(_ text: String, _ separator: Character) -> [String] {
            text.split(separator: separator).map { $0.hasSuffix(".0") ? String($0.dropLast(2)) : String($0) }
        }
        #expect(numbers(here, "|") == numbers(there, "\t"))
        #expect(try server.query("SELECT uniqExact(installation_id) FROM nexus.nexus_events") == "1")
    }

    @Test("Two copies of a data folder do not replace each other's rows in ClickHouse")
    func copies() throws {
        let server = try ClickHouseServer()
        try record(0..<100)
        #expect(try program.run("sync", "--to", url(server)).status == 0)
        let other = try Program()
        try FileManager.default.copyItem(
            atPath: program.folder.data.folder.path, toPath: other.folder.data.folder.path)
        try record(100..<150)
        try record(150..<200, with: other)
        for program in [program, other] { #expect(try program.run("sync", "--to", url(server)).status == 0) }
        #expect(try server.query("SELECT count() FROM nexus.nexus_events FINAL") == "200")
        #expect(try server.query("SELECT uniqExact(installation_id) FROM nexus.nexus_events") == "2")
    }

    @Test("Rows go in batches of ten thousand and more where there are as many")
    func batches() throws {
        try record(0..<60_000)
        let server = try ClickHouseServer()
        #expect(try program.run("sync", "--to", url(server)).status == 0)
        let log = try program.run("sync", "log", "--json").output
        let report = try JSONSerialization.jsonObject(with: Data(log.utf8)) as? [String: Any]
        let sizes = (report?["transfers"] as? [[String: Any]])?.compactMap { $0["events"] as? Int } ?? []
        #expect(sizes.reduce(0, +) == 60_000)
        #expect(sizes.dropLast().allSatisfy { $0 >= 10_000 })
    }

    @Test("A query over two installations' data gives the sum of their own nexus stats")
    func twoInstallations() throws {
        let server = try ClickHouseServer()
        let other = try Program()
        try record(0..<3000)
        try record(2000..<4500, with: other)
        var sums: [String: Int] = [:]
        for program in [program, other] {
            #expect(try program.run("sync", "--to", url(server)).status == 0)
            let stats =
                try JSONSerialization.jsonObject(
                    with: Data(try program.run("stats", "--json").output.utf8)) as? [String: Any]
            var totals = stats?["totals"] as? [String: Any]
            totals?["sessions"] = (stats?["sessions"] as? [String: Any])?["count"]
            for name in [
                "events", "commands", "sessions", "workspaces_created", "tasks_completed", "succeeded", "failed",
            ] {
                sums[name, default: 0] += try #require(totals?[name] as? Int, "\(name)")
            }
        }
        let answer = try server.query(
            """
            SELECT count(), countIf(event_type = 'command'), uniqExact(installation_id, session_id),
                countIf(event_type = 'workspace_created'), countIf(event_type = 'task_completed'),
                countIf(success = 1), countIf(success = 0) FROM nexus.nexus_events FINAL
            """)
        let names = ["events", "commands", "sessions", "workspaces_created", "tasks_completed", "succeeded", "failed"]
        #expect(answer.split(separator: "\t").compactMap { Int($0) } == names.map { sums[$0] ?? 0 })
    }

    @Test("ClickHouse has every row once after runs killed at 20 instants during recording")
    func killed() throws {
        let server = try ClickHouseServer()
        var random = SeededGenerator(seed: 18)
        var recorded = 0
        for _ in 0..<20 {
            try record(recorded..<recorded + 3000)
            recorded += 3000
            let process = program.process(["sync", "--to", url(server)])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32.random(in: 10_000...200_000, using: &random))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let outcome = try program.run("sync", "--to", url(server))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            try server.query("SELECT count(), uniqExact(id), max(id) FROM nexus.nexus_events FINAL")
                == "\(recorded)\t\(recorded)\t\(recorded)")
        #expect(try program.run("sync", "log").status == 0)
    }

    // MARK: Connections that fail

    @Test("Every row arrives once through connections that break in the request or lose the answer")
    func faultyConnections() throws {
        let (clickHouse, nginx) = (try ClickHouseServer(), try NginxServer())
        var recorded = 0
        // In the line of the request, in its header, in the rows, behind them; and the first, second … answer.
        let cuts: [FaultyRelay.Fault] = [0, 1, 60, 200, 300, 700, 1500, 5000, 20_000, 60_000, 100_000].map {
            .cut(after: $0)
        }
        let lost: [FaultyRelay.Fault] = (0..<5).map { .loseAnswer($0) }
        for fault in cuts + lost + [.slow] {
            try record(recorded..<recorded + 500)
            recorded += 500
            for (server, place) in [
                (clickHouse.port, "clickhouse://127.0.0.1:%/nexus"), (nginx.port, "http://127.0.0.1:%/dav"),
            ] {
                let relay = try FaultyRelay(to: server, first: fault)
                let address = place.replacing("%", with: String(relay.port))
                // The ledger knows a place by its URL, and the relay has another port each time: all rows go again.
                let outcome = try program.run("sync", "--to", address)
                #expect(outcome.status == 0, "\(fault): \(outcome.errors)")
            }
            let there = try clickHouse.query("SELECT count(), uniqExact(id), max(id) FROM nexus.nexus_events FINAL")
            #expect(there == "\(recorded)\t\(recorded)\t\(recorded)", "\(fault)")
        }
        // Each run's file holds everything that there was then; none is there in part.
        let files = try FileManager.default.contentsOfDirectory(atPath: nginx.files)
        #expect(files.count == recorded / 500)
        for file in files {
            #expect(try program.run("verify", nginx.files + "/" + file).status == 0, "\(file)")
        }
    }

    @Test("An existing table is used unchanged; one that does not fit, and a wrong password, are reported")
    func existingTable() throws {
        let server = try ClickHouseServer()
        try record(0..<100)
        _ = try server.query("CREATE DATABASE nexus")
        _ = try server.query("CREATE TABLE nexus.nexus_events (id UInt64) ENGINE = MergeTree ORDER BY id")
        let wrong = try program.run("sync", "--to", url(server))
        #expect(wrong.status == 78, "\(wrong.errors)")
        #expect(wrong.errors.split(separator: "\n").count == 1)
        _ = try server.query("DROP TABLE nexus.nexus_events")
        let columns = """
            installation_id FixedString(32), id UInt64, timestamp String, session_id String, event_type String,
            workspace_hash String, task_hash String, command String, duration_ms Nullable(Int64),
            success Nullable(UInt8), error_category String, template_used String, services_count Nullable(UInt32),
            ports_used Nullable(UInt32), note String DEFAULT 'mine'
            """
        _ = try server.query(
            "CREATE TABLE nexus.nexus_events (\(columns)) ENGINE = ReplacingMergeTree ORDER BY (installation_id, id)")
        var program = self.program
        program.environment["NEXUS_SYNC_USER"] = "keeper"
        program.environment["NEXUS_SYNC_PASSWORD"] = "wrong-password"
        #expect(try program.run("sync", "--to", url(server)).status == 77)
        program.environment["NEXUS_SYNC_PASSWORD"] = "between us"
        let outcome = try program.run("sync", "--to", url(server))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try server.query("SELECT count() FROM nexus.nexus_events WHERE note = 'mine'") == "100")
    }
}
