import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Rollups
import SystemSupport
import TestSupport
import Testing

/// Usage as the rollups give it, against what SQL counts in the rows.
struct UsageTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }
    /// 2026-11-01T00:00:00Z.
    private let start: Int64 = 1_793_491_200_000

    init() throws {
        folder = try TemporaryFolder()
    }

    private func drain() async throws {
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock, clock: ManualWallClock(start + 86_400_000 * 40))
        _ = try await writer.drain()
        try await writer.finish()
    }

    private func randomLine(using random: inout SeededGenerator, days: Int64 = 6) -> String {
        func maybe(_ text: @autoclosure () -> String) -> String { Bool.random(using: &random) ? "," + text() : "" }
        let time = start + Int64.random(in: 0..<days * 86_400_000, using: &random)
        var line = #"{"timestamp":\#(time),"session_id":"s\#(Int.random(in: 0..<9, using: &random))""#
        line += #","event_type":"\#(["command", "deploy", "task_completed"].randomElement(using: &random) ?? "")""#
        line += maybe(#""command":"tool-\#(Int.random(in: 0..<6, using: &random))""#)
        line += maybe(#""workspace":"w\#(Int.random(in: 0..<4, using: &random))""#)
        line += maybe(#""task":"t\#(Int.random(in: 0..<4, using: &random))""#)
        line += maybe(
            #""duration_ms":\#(Int.random(in: 0..<1 << Int.random(in: 1..<30, using: &random), using: &random))"#)
        line += maybe(#""success":\#(Bool.random(using: &random))"#)
        line += maybe(#""error_category":"e\#(Int.random(in: 0..<3, using: &random))""#)
        line += maybe(#""template_used":"p\#(Int.random(in: 0..<3, using: &random))""#)
        line += maybe(#""services_count":\#(Int.random(in: 0..<5, using: &random))"#)
        line += maybe(#""ports_used":\#(Int.random(in: 0..<5, using: &random))"#)
        return line + "}"
    }

    private func fill(seed: UInt64, events: Int = 600) async throws {
        var random = SeededGenerator(seed: seed)
        var filler = BufferFiller(data)
        for _ in 0..<3 {
            try filler.append((0..<events / 3).map { _ in randomLine(using: &random) })
            try await drain()
        }
    }

    private func text(_ milliseconds: Int64) -> String { Timestamp.databaseText(milliseconds) }

    private static let columns: [(UsageDimension, String)] = [
        (.command, "command"), (.workspace, "workspace_hash"), (.task, "task_hash"), (.template, "template_used"),
        (.errorCategory, "error_category"), (.eventType, "event_type"), (.services, "services_count"),
        (.ports, "ports_used"),
    ]

    @Test("Every dimension equals GROUP BY over the rows, in windows of any 15-minute buckets", arguments: 1...6)
    func groupBy(seed: UInt64) async throws {
        try await fill(seed: seed)
        var random = SeededGenerator(seed: seed &+ 1000)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        for _ in 0..<6 {
            let buckets = [Int64.random(in: 0...600, using: &random), Int64.random(in: 0...600, using: &random)]
                .sorted()
            let window = start + buckets[0] * 900_000..<start + buckets[1] * 900_000
            let cells = try reader.usage(by: Self.columns.map(\.0), in: window)
            for (dimension, column) in Self.columns {
                let rows = try tables.rows(
                    """
                    SELECT \(column), count(*), total(success = 1), total(success = 0), total(duration_ms) FROM events
                    WHERE \(column) IS NOT NULL AND timestamp >= '\(text(window.lowerBound))'
                        AND timestamp < '\(text(window.upperBound))' GROUP BY 1
                    """)
                let expected = rows.map {
                    "\(($0[0] as DatabaseValue).storage.value ?? "")|\($0[1] as Int)|\($0[2] as Int)|\($0[3] as Int)|\($0[4] as Int)"
                }
                let found = cells[dimension]?.map {
                    "\($0.name)|\($0.count)|\($0.succeeded)|\($0.failed)|\($0.totalMS)"
                }
                #expect(found?.sorted() == expected.sorted(), "\(dimension)")
            }
        }
    }

    @Test("Latency of commands holds every duration of the rows, and its history adds up to it", arguments: 1...3)
    func latency(seed: UInt64) async throws {
        try await fill(seed: seed)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        let window = start..<start + 6 * 86_400_000
        let cells = try reader.usage(by: .command, in: window)
        for cell in cells {
            var expected = LatencyHistogram()
            for row in try tables.rows(
                "SELECT duration_ms FROM events WHERE command = '\(cell.name)' AND duration_ms IS NOT NULL")
            {
                expected.record(row[0])
            }
            #expect(cell.latency == expected)
        }
        for grain in [StoreReader.HistoryGrain.day, .timeBucket] {
            let histories = try reader.history(of: .command, by: grain, in: window)
            #expect(histories.map(\.name) == cells.map(\.name))
            for (history, cell) in zip(histories, cells) {
                var sum = LatencyHistogram()
                for point in history.points { sum.merge(point.cell.latency) }
                #expect(sum == cell.latency)
                #expect(history.points.reduce(0) { $0 + $1.cell.count } == cell.count)
                #expect(history.points.map(\.start) == history.points.map(\.start).sorted())
                #expect(try reader.history(of: .command, name: history.name, by: grain, in: window) == [history])
            }
        }
        #expect(try reader.history(of: .command, name: "never-run", by: .day, in: window).isEmpty)
    }

    @Test("Correlated factors and failures equal GROUP BY over the rows", arguments: 1...3)
    func pairs(seed: UInt64) async throws {
        try await fill(seed: seed)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        let window = start..<start + 6 * 86_400_000
        let columns: [(StoreReader.CorrelatedFactor, String)] = [
            (.template, "template_used"), (.services, "services_count"), (.ports, "ports_used"),
        ]
        for (correlatedFactor, column) in columns {
            let expected = try tables.rows(
                """
                SELECT command || '|' || \(column) || '|' || count(*) || '|' || count(duration_ms) FROM events
                WHERE command IS NOT NULL AND \(column) IS NOT NULL GROUP BY command, \(column)
                """
            ).map { $0[0] as String }
            let found = try reader.correlatedFactors(correlatedFactor, in: window)
                .map { "\($0.command)|\($0.cell.name)|\($0.cell.count)|\($0.cell.latency.count)" }
            #expect(found.sorted() == expected.sorted())
        }
        let failures = try reader.failures(in: window).map {
            "\($0.command ?? "-")|\($0.category ?? "-")|\($0.count)|\(text($0.firstSeen))|\(text($0.lastSeen))"
        }
        let expected = try tables.rows(
            """
            SELECT ifnull(command, '-') || '|' || ifnull(error_category, '-') || '|' || count(*) || '|' || min(timestamp)
                || '|' || max(timestamp)
            FROM events WHERE success = 0 GROUP BY command, error_category
            """
        ).map { $0[0] as String }
        #expect(failures.sorted() == expected.sorted())
    }

    @Test("A filtered reader gives the same as GROUP BY over the rows that pass", arguments: 1...4)
    func filtered(seed: UInt64) async throws {
        try await fill(seed: seed)
        var random = SeededGenerator(seed: seed)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        let workspace = try #require(try tables.text("SELECT workspace_hash FROM events WHERE workspace_hash NOT NULL"))
        let filters: [(UsageFilter, String)] = [
            (UsageFilter(command: "tool-1"), "command = 'tool-1'"),
            (UsageFilter(workspaceHash: workspace), "workspace_hash = '\(workspace)'"),
            (UsageFilter(session: "s3", failed: true), "session_id = 's3' AND success = 0"),
            (UsageFilter(), "1"), (UsageFilter(command: "x'; DROP TABLE events; --"), "0"),
        ]
        for (filter, condition) in filters {
            let first = Int64.random(in: 0...300, using: &random)
            let window = start + first * 900_000..<start + (first + 200) * 900_000
            let filtered = try reader.filtered(filter, in: window)
            let inWindow = """
                timestamp >= '\(text(window.lowerBound))' AND timestamp < '\(text(window.upperBound))' AND \(condition)
                """
            let expected = try tables.rows(
                "SELECT command || '|' || count(*) FROM events WHERE command NOT NULL AND \(inWindow) GROUP BY command")
            let found = try filtered.usage(by: .command, in: 0..<Int64.max).map { "\($0.name)|\($0.count)" }
            #expect(found.sorted() == expected.map { $0[0] as String }.sorted())
            let events = try tables.number("SELECT count(*) FROM events WHERE \(inWindow)")
            #expect(try filtered.activity(in: window).reduce(0) { $0 + $1.activity.events } == events)
            let sessions = try tables.rows(
                """
                SELECT DISTINCT sessions.session_id FROM sessions JOIN events USING (session_id) WHERE \(inWindow)
                    AND started_at >= '\(text(window.lowerBound))'
                """
            ).map { $0[0] as String }
            let latest = try filtered.latestSessions(1000)
            #expect(latest.map(\.id).sorted() == sessions.sorted(), "\(latest) \(sessions) \(window)")
            #expect(try filtered.sessionLengths(in: window).count == sessions.count)
        }
    }

    @Test("A session's events come in order of time, and the latest events of a window latest first")
    func rows() async throws {
        try await fill(seed: 9)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        let expected = try tables.rows("SELECT id FROM events WHERE session_id = 's2' ORDER BY timestamp, id")
            .map { $0[0] as Int64 }
        for limit in [1, 7, expected.count, 10_000] {
            let (events, total) = try reader.events(ofSession: "s2", limit: limit)
            #expect(total == expected.count)
            #expect(events.map(\.row) == Array(expected.prefix(limit)))
        }
        #expect(try reader.session("s2")?.id == "s2")
        #expect(try reader.session("missing") == nil)
        #expect(try reader.events(ofSession: "missing", limit: 5).events.isEmpty)

        let window = start + 5_000_000..<start + 200_000_000
        var seen: [Int64] = []
        try reader.latestEvents(in: window) { event in
            seen.append(event.row)
            return seen.count < 40
        }
        let latest = try tables.rows(
            """
            SELECT id FROM events WHERE timestamp >= '\(text(window.lowerBound))'
                AND timestamp < '\(text(window.upperBound))' ORDER BY id DESC LIMIT 40
            """
        ).map { $0[0] as Int64 }
        #expect(seen == latest)
    }

    @Test("A recount changes nothing in valid aggregates, and repairs damaged ones", arguments: 1...3)
    func rebuild(seed: UInt64) async throws {
        try await fill(seed: seed)
        let tables = try Tables(data)
        let before = try tables.rollups()
        try tables.write { try RollupTables.rebuild(in: $0, report: { _ in }) }
        #expect(try tables.rollups() == before)

        // Of two days of the six everything is wrong or missing.
        let day = start / 86_400_000 + 2
        try tables.execute(
            """
            UPDATE usage_rollup SET cells = x'0102' WHERE (id >> 27) & 536870911 = \(day);
            DELETE FROM usage_rollup WHERE (id >> 27) & 536870911 BETWEEN \(day * 96 + 96) AND \(day * 96 + 191);
            UPDATE activity_rollup SET events = 7 WHERE slot BETWEEN \(day * 96) AND \(day * 96 + 120);
            """)
        try tables.write { try RollupTables.rebuild(slots: day * 96 + 5..<day * 96 + 100, in: $0) }
        #expect(try tables.rollups() == before)
    }

    @Test("Impossible counts are corruption: they stop no event, and their block starts at zero")
    func impossibleCounts() async throws {
        var filler = BufferFiller(data)
        let line = #"{"timestamp":\#(start),"command":"make","duration_ms":5,"success":true}"#
        try filler.append([line])
        try await drain()
        let tables = try Tables(data)
        // Behind the version, the number of the key and the length stands the count; another comes in place of it that nothing
        // can be added to.
        let most = "FFFFFFFFFFFFFFFF7F"
        let blocks = try tables.rows("SELECT id, hex(cells) AS cells, length(cells) AS length FROM usage_rollup")
        for block in blocks {
            let (id, cells, length) = (block["id"] as Int64, block["cells"] as String, block["length"] as Int)
            let changed = cells.prefix(4) + String(format: "%02X", length - 3 + 8) + most + cells.dropFirst(8)
            try tables.execute("UPDATE usage_rollup SET cells = x'\(changed)' WHERE id = \(id)")
        }
        try filler.append([line])
        try await drain()
        #expect(try tables.number("SELECT count(*) FROM events") == 2)
        #expect(try tables.number("SELECT count(*) FROM usage_rollup WHERE instr(cells, x'\(most)')") == 0)
    }

    @Test("Rollups of days whose rows were removed stay in every recount")
    func watermark() async throws {
        try await fill(seed: 4)
        let tables = try Tables(data)
        let before = try tables.rollups()
        let day = start / 86_400_000 + 3
        try tables.write { database in
            try database.execute(sql: "DELETE FROM events WHERE timestamp < '\(text(day * 86_400_000))'")
            try CompleteRows.noteRemoved(beforeDay: day, in: database)
            try CompleteRows.noteRemoved(beforeDay: day - 1, in: database)
            #expect(try CompleteRows.firstBucket(in: database) == day * 96)
            try RollupTables.rebuild(in: database, report: { _ in })
            try RollupTables.rebuild(slots: 0..<day * 96 + 3, in: database)
        }
        #expect(try tables.rollups() == before)
    }

    @Test("Events of any time in many years, and thousands of names, are counted right, in many small transactions")
    func adversarial() async throws {
        var random = SeededGenerator(seed: 11)
        var filler = BufferFiller(data, now: Limits.latestTimestamp)
        let earliest = Limits.earliestTimestamp
        let lines = (0..<5000).map { number in
            let time = Int64.random(in: earliest...Limits.latestTimestamp, using: &random)
            return """
                {"timestamp":\(time),"command":"tool-\(number)","workspace":"w\(number)","session_id":"s\(number)",\
                "duration_ms":\(number),"success":false,"error_category":"e\(number)","ports_used":\(number)}
                """
        }
        try filler.append(lines)
        try await drain()
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        let cells = try reader.usage(by: .command, in: 0..<Int64.max)
        #expect(cells.count == 5000)
        #expect(cells.allSatisfy { $0.count == 1 && $0.name == "tool-\($0.totalMS)" })
        #expect(try reader.failures(in: 0..<Int64.max).count == 5000)
        #expect(try tables.activityDifferences().isEmpty)
        let before = try tables.rollups()
        try tables.write { try RollupTables.rebuild(in: $0, report: { _ in }) }
        #expect(try tables.rollups() == before)
    }
}
