import Core
import Database
import DatabaseTesting
import GRDB
import Rollups
import TestSupport
import Testing

/// The figures that may leave the machine, against the rows.
struct DailyFiguresTests {
    private let stored: StoredFolder
    /// 2026-11-01T00:00:00Z.
    private static let firstDay: Int64 = 20_758
    private static let dayMS: Int64 = 86_400_000

    init() throws {
        stored = try StoredFolder(now: (Self.firstDay + 40) * Self.dayMS)
    }

    private func line(using random: inout SeededGenerator) -> String {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        func maybe(_ text: @autoclosure () -> String) -> String { Bool.random(using: &random) ? "," + text() : "" }
        let time = Self.firstDay * Self.dayMS + Int64.random(in: 0..<4 * Self.dayMS, using: &random)
        var line = #"{"timestamp":\#(time),"session_id":"\#(pick(["s1", "s2"]))""#
        line += #","event_type":"\#(pick(["command", "deploy", "command_line"]))""#
        line += maybe(#""command":"\#(pick(["git", "git status", "make"]))""#)
        line += maybe(#""workspace":"w\#(Int.random(in: 0..<3, using: &random))""#)
        line += maybe(#""task":"t\#(Int.random(in: 0..<3, using: &random))""#)
        line += maybe(#""duration_ms":\#(Int.random(in: 0..<100_000, using: &random))"#)
        line += maybe(#""success":\#(Bool.random(using: &random))"#)
        line += maybe(#""error_category":"\#(pick(["build", "network", "interrupted"]))""#)
        line += maybe(#""template_used":"p\#(Int.random(in: 0..<2, using: &random))""#)
        line += maybe(#""services_count":\#(Int.random(in: 0..<3, using: &random))"#)
        return line + "}"
    }

    private func fill(seed: UInt64, events: Int = 400) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2 { try await stored.store((0..<events / 2).map { _ in line(using: &random) }) }
    }

    /// What SQL over the rows gives for a day, a line for each key.
    private func expected(_ day: Int64) throws -> [String] {
        let isTimed = "NOT (success IS NULL AND error_category IS 'interrupted')"
        let rows = try stored.tables().rows(
            """
            SELECT key || '|' || count(*) || '|' || count(duration) || '|' || coalesce(sum(duration), 0) FROM (
                SELECT coalesce(command, '') || iif(event_type = 'command_line' AND command NOT NULL, ', …', '')
                    || '|' || event_type
                    || '|' || CASE success WHEN 1 THEN 'succeeded' WHEN 0 THEN 'failed' ELSE 'unknown' END
                    || '|' || coalesce(error_category, '') || '|' || coalesce(template_used, '') AS key,
                    iif(\(isTimed), duration_ms, NULL) AS duration
                FROM events WHERE CAST(strftime('%s', timestamp) AS INTEGER) / 86400 = \(day)
            ) GROUP BY key
            """)
        return rows.map { $0[0] as String }.sorted()
    }

    private func found(_ day: Int64) throws -> [String] {
        try DailyFiguresReader(stored.reader()).figures(of: day).map { figures in
            let key = figures.key
            return [
                key.command, key.eventType, key.outcome.rawValue, key.errorCategory, key.template, "\(figures.runs)",
                "\(figures.latency.count)", "\(figures.latency.sum)",
            ].joined(separator: "|")
        }.sorted()
    }

    @Test("The figures of each day are those of its rows, without workspace, task and services", arguments: 1...4)
    func sameAsRows(seed: UInt64) async throws {
        try await fill(seed: seed)
        let days = try DailyFiguresReader(stored.reader()).days()
        #expect(days.readable == Array(Self.firstDay..<Self.firstDay + 4) && days.unknown.isEmpty)
        for day in days.readable { #expect(try found(day) == expected(day)) }
        #expect(try found(Self.firstDay + 5).isEmpty)
    }

    @Test("Days of an earlier version are read from rows, and are missing where retention removed these")
    func earlierVersion() async throws {
        try await fill(seed: 5)
        let third = Self.firstDay + 2
        try stored.tables().execute(
            """
            DELETE FROM usage_rollup WHERE (id >> 22) & 31 >= 13;
            INSERT OR REPLACE INTO counters VALUES ('combinations_from_slot', \(third * TimeBucket.perDay));
            """)
        #expect(try found(Self.firstDay) == expected(Self.firstDay))
        try stored.tables().execute(
            "INSERT INTO counters VALUES ('rows_complete_from_slot', \((Self.firstDay + 1) * TimeBucket.perDay))")
        let days = try DailyFiguresReader(stored.reader()).days()
        #expect(days.unknown == [Self.firstDay] && days.readable.first == Self.firstDay + 1)
    }

    @Test("A day with events beyond the bound on combinations is read from rows")
    func bound() async throws {
        try await fill(seed: 6)
        try stored.tables().execute(
            "INSERT INTO rollup_combinations VALUES (\(Limits.combinations), 9999, 0, 0, 0, 0, 0, 0, 0)")
        let time = Self.firstDay * Self.dayMS
        try await stored.store([#"{"timestamp":\#(time),"command":"git","template_used":"unseen","success":false}"#])
        #expect(try found(Self.firstDay).contains { $0.contains("unseen") })
        #expect(try found(Self.firstDay) == expected(Self.firstDay))
        #expect(try DailyFiguresReader(stored.reader()).days().unknown == [])
        // Without its rows, the figures of the day are unknown, not empty.
        try stored.tables().execute(
            "INSERT INTO counters VALUES ('rows_complete_from_slot', \((Self.firstDay + 2) * TimeBucket.perDay))")
        let days = try DailyFiguresReader(stored.reader()).days()
        #expect(days.unknown == [Self.firstDay] && days.readable.first == Self.firstDay + 1)
    }

    @Test("Figures under the same name become their sum")
    func merged() {
        func figures(_ command: String, _ duration: Int64) -> DailyFigures {
            var latency = LatencyHistogram()
            latency.record(duration)
            return DailyFigures(
                key: .init(
                    command: command, eventType: "command", outcome: .succeeded, errorCategory: "", template: ""),
                runs: 2, latency: latency)
        }
        let merged = DailyFigures.merged([figures("b", 1), figures("a", 5), figures("c", 7)]) { key in
            var key = key
            if key.command != "a" { key.command = "(other)" }
            return key
        }
        #expect(merged.map(\.key.command) == ["(other)", "a"])
        #expect(merged.map(\.runs) == [4, 2] && merged[0].latency.sum == 8 && merged[0].latency.count == 2)
    }
}
