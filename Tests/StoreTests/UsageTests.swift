import EventModel
import GRDB
import Platform
import Store
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
        guard let lock = try WriterLock.acquire(in: data) else { throw AnotherWriter() }
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

    @Test("Every dimension counts what GROUP BY counts in the rows, over windows of any quarters", arguments: 1...6)
    func groupBy(seed: UInt64) async throws {
        try await fill(seed: seed)
        var random = SeededGenerator(seed: seed &+ 1000)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        for _ in 0..<6 {
            let quarters = [Int64.random(in: 0...600, using: &random), Int64.random(in: 0...600, using: &random)]
                .sorted()
            let window = start + quarters[0] * 900_000..<start + quarters[1] * 900_000
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
        for grain in [StoreReader.HistoryGrain.day, .quarterHour] {
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

    @Test("Companions and failures count what GROUP BY counts in the rows", arguments: 1...3)
    func pairs(seed: UInt64) async throws {
        try await fill(seed: seed)
        let tables = try Tables(data)
        let reader = try #require(try StoreReader(data: data))
        let window = start..<start + 6 * 86_400_000
        let columns: [(StoreReader.Companion, String)] = [
            (.template, "template_used"), (.services, "services_count"), (.ports, "ports_used"),
        ]
        for (companion, column) in columns {
            let expected = try tables.rows(
                """
                SELECT command || '|' || \(column) || '|' || count(*) || '|' || count(duration_ms) FROM events
                WHERE command IS NOT NULL AND \(column) IS NOT NULL GROUP BY command, \(column)
                """
            ).map { $0[0] as String }
            let found = try reader.companions(companion, in: window)
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
}
