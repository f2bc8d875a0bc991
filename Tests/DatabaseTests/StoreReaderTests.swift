import Core
import DatabaseTesting
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing

@testable import Database

@Suite("Reading the database")
struct StoreReaderTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }
    /// 2026-01-01 00:00 UTC.
    private static let start: Int64 = 1_767_225_600_000
    private static let hour: Int64 = 3_600_000

    /// Three sessions of ten events, an event every ten minutes; the last event of the second session comes late.
    init() async throws {
        stored = try StoredFolder(now: Self.start + 40 * Self.hour)
        var lines = (0..<30).map(Self.line)
        lines.append(lines.remove(at: 10))
        try await stored.store(lines)
    }

    private static func line(_ number: Int) -> String {
        """
        {"timestamp":\(start + Int64(number) * 600_000),"command":"\(number % 2 == 0 ? "git status" : "git-lfs pull")",\
        "session_id":"session-\(number / 10)","success":\(number % 5 != 0),"duration_ms":\(number),\
        "workspace_hash":"\(String(repeating: "0", count: 31))\(number / 10)","services_count":2,"ports_used":1,\
        "error_category":"exit_1","template_used":"web","task_hash":"\(String(repeating: "a", count: 32))"}
        """
    }

    @Test("Activity is reported by 15-minute bucket, of those that begin in the window")
    func activity() throws {
        let reader = try stored.reader()
        let all = try reader.activity(in: 0..<Int64.max)
        #expect(all.map(\.bucketStart) == all.map(\.bucketStart).sorted())
        var sum = StoreReader.Activity()
        for entry in all { sum.add(entry.activity) }
        #expect(sum.events == 30 && sum.commands == 30 && sum.failed == 6 && sum.succeeded == 24)
        #expect(sum.workspacesCreated == 0 && sum.tasksCompleted == 0)
        let hour = try reader.activity(in: Self.start + Self.hour..<Self.start + 2 * Self.hour)
        #expect(hour.map(\.activity.events) == [2, 1, 2, 1])
        #expect(try reader.activity(in: Self.start + 1..<Self.start + 900_000).isEmpty)
        #expect(try reader.activity(in: 5..<5).isEmpty)
    }

    @Test("Sessions are listed latest first, with their counts")
    func sessions() throws {
        let reader = try stored.reader()
        let sessions = try reader.latestSessions(2)
        #expect(sessions.map(\.id) == ["session-2", "session-1"])
        #expect(sessions[0].startedAt == "2026-01-01 03:20:00.000" && sessions[0].commands == 10)
        #expect(sessions[0].errors == 2 && sessions[0].workspaces == 0 && sessions[0].tasks == 0)
        #expect(sessions[0].endedAt == "2026-01-01 04:50:00.029" && sessions[0].durationMS == 90 * 60_000 + 29)
        #expect(try reader.session("session-0")?.id == "session-0")
        #expect(try reader.session("session") == nil)
        let window = Self.start..<Self.start + 3 * Self.hour
        #expect(try reader.sessions(startedIn: window, limit: 5).map(\.id) == ["session-1", "session-0"])
        #expect(try reader.sessions(startedIn: window, limit: 1).map(\.id) == ["session-1"])
    }

    @Test("A session is found by its id, or all by what their ids begin with")
    func named() throws {
        let reader = try stored.reader()
        #expect(try reader.sessions(named: "session-1", atMost: 5).map(\.id) == ["session-1"])
        #expect(try reader.sessions(named: "sess…", atMost: 2).map(\.id) == ["session-0", "session-1"])
        #expect(try reader.sessions(named: "session-", atMost: 9).count == 3)
        #expect(try reader.sessions(named: "s%", atMost: 9).isEmpty)
    }

    @Test("The events of a session come in the order of time, also those that were stored late")
    func eventsOfSession() throws {
        let reader = try stored.reader()
        let found = try reader.events(ofSession: "session-1", limit: 100)
        #expect(found.total == 10 && found.events.map(\.numbers.durationMS) == Array(10..<20))
        let first = try #require(found.events.first)
        #expect(first.row == 30 && first.command == "git status" && first.session == "session-1")
        #expect(first.type == "command" && first.errorCategory == "exit_1" && first.template == "web")
        #expect(first.workspaceHash.hasSuffix("01") && first.taskHash.hasPrefix("aa"))
        #expect(first.numbers.success == false && first.numbers.servicesCount == 2 && first.numbers.portsUsed == 1)
        let some = try reader.events(ofSession: "session-1", limit: 2)
        #expect(some.total == 10 && some.events.map(\.numbers.durationMS) == [10, 11])
        #expect(try reader.events(ofSession: "none", limit: 2).total == 0)
    }

    private func latest(
        _ window: Range<Int64> = 0..<Int64.max, _ filter: UsageFilter = UsageFilter(), limit: Int = 100
    ) throws -> [Int64] {
        var rows: [Int64] = []
        try stored.reader().latestEvents(in: window, filter) { event in
            rows.append(event.row)
            return rows.count < limit
        }
        return rows
    }

    @Test("The latest events of a window are ordered latest stored first")
    func latestEvents() throws {
        #expect(try latest() == (1...30).reversed())
        #expect(try latest(limit: 3) == [30, 29, 28])
        #expect(try latest(Self.start..<Self.start + Self.hour) == (1...6).reversed())
        #expect(try latest(Self.start + 1..<Self.start + 600_000).isEmpty)
        #expect(try latest(0..<0).isEmpty)
    }

    @Test(
        "A limit of rows gives the events of the latest rows, and reports whether rows were left out"
    )
    func latestAmong() throws {
        var rows: [Int64] = []
        func isWhole(among count: Int64) throws -> Bool {
            rows = []
            return try stored.reader().latestEvents(in: 0..<Int64.max, UsageFilter(failed: true), among: count) {
                event in
                rows.append(event.row)
                return true
            }
        }
        let all = try latest(0..<Int64.max, UsageFilter(failed: true))
        for count in Int64(0)...29 {
            #expect(try !isWhole(among: count))
            #expect(rows == all.filter { $0 > 30 - count })
        }
        #expect(try isWhole(among: 30) && rows == all)
        #expect(try isWhole(among: .max) && rows == all)
    }

    @Test("A filter combines words of a command, a session, a workspace and failures")
    func filter() throws {
        #expect(UsageFilter().isEmpty && !UsageFilter(failed: true).isEmpty)
        #expect(try latest(0..<Int64.max, UsageFilter(command: "git")).count == 15)
        #expect(try latest(0..<Int64.max, UsageFilter(command: "git%")).isEmpty)
        #expect(try latest(0..<Int64.max, UsageFilter(failed: true)).count == 6)
        let hash = String(repeating: "0", count: 31) + "2"
        let both = UsageFilter(command: "git status", workspaceHash: hash, session: "session-2", failed: true)
        #expect(try latest(0..<Int64.max, both) == [20])
    }

    @Test("Values of another program that no event has are skipped")
    func otherValues() throws {
        try stored.tables().execute(
            """
            UPDATE events SET timestamp = 'yesterday' WHERE id = 2;
            UPDATE events SET command = x'ff', services_count = -4 WHERE id = 3;
            """)
        let rows = try latest(Self.start..<Self.start + Self.hour)
        #expect(rows == [6, 5, 4, 3, 1])
        var found: StoredEvent?
        try stored.reader().latestEvents(in: Self.start..<Self.start + 1_800_000) { event in
            found = event
            return event.row != 3
        }
        #expect(found?.command == "" && found?.numbers.servicesCount == 0)
    }

    @Test("The naming rules change with the first row of a newer version, where older rows are there")
    func namingChange() throws {
        #expect(try stored.reader().namingChange() == nil)
        try stored.tables().execute(
            "UPDATE naming_versions SET first_id = 12 WHERE version = 2; INSERT INTO naming_versions VALUES (1, 1)")
        // Number 10 was stored last, so rows have the numbers of their events from 11 on.
        #expect(try stored.reader().namingChange() == Self.start + 12 * 600_000)
        try stored.tables().execute("UPDATE naming_versions SET first_id = 1000 WHERE version = 2")
        #expect(try stored.reader().namingChange() == nil)
    }

    @Test("The note of the ledger's length only grows, until it is forgotten")
    func ledgerNote() async throws {
        #expect(try stored.reader().ledgerNote() == nil)
        let long = LedgerNote(lines: 7, hash: "seven")
        try await stored.withWriter { writer in
            try await writer.write(LedgerNote(lines: 3, hash: "three"))
            try await writer.write(long)
            try await writer.write(LedgerNote(lines: 5, hash: "five"))
        }
        #expect(try stored.reader().ledgerNote() == long)
        try await stored.withWriter { try await $0.forgetLedgerNote() }
        #expect(try stored.reader().ledgerNote() == nil)
    }

    @Test("Counters of a folder without a database are those of what waits")
    func waiting() throws {
        let other = try StoredFolder()
        try other.record([#"{"command":"make"}"#, #"{"command":"#])
        let counters = try EventCounters.current(in: other.data)
        #expect(counters.pending == 1 && counters.stored == 0 && counters.rejected == 1 && counters.received == 2)
        #expect(counters.balance && counters.rejectedByReason.count == 1)
        #expect(counters.droppedEvents == 0 && counters.cutCommands == 0 && counters.redactedValues == 0)
    }

    @Test("Rows leave for ClickHouse as lines of their range, with what another program wrote escaped")
    func lines() throws {
        try stored.tables().execute(#"UPDATE events SET command = 'a' || char(9) || '\' || char(10) WHERE id = 4"#)
        let encoder = try #require(try ClickHouseRowEncoder(data: data))
        #expect(try encoder.lastID() == 30)
        #expect(try encoder.identity()?.installation.id == stored.tables().text("SELECT id FROM installation"))
        let summary = try #require(try encoder.summary(of: 4...100, limit: 3))
        #expect(summary.range == 4...6 && summary.rows == 3 && summary.earliest == "2026-01-01 00:30:00.000")
        #expect(try encoder.summary(of: 50...60) == nil && encoder.batch(in: 50...60, .none) == nil)
        let batch = try #require(try encoder.batch(in: 4...6, .init(rows: 2, bytes: .max, leastRows: 0)))
        #expect(batch.range == 4...5 && batch.rows == 2)
        let text = String(decoding: Array(batch.pieces.joined()), as: UTF8.self)
        #expect(text.split(separator: "\n").count == 2 && text.contains(#"a\t\\\n"#), "\(text)")
    }
}
