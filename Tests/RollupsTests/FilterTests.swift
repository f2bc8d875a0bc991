import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Maintenance
import Rollups
import SystemSupport
import TestSupport
import Testing

/// Questions with a filter: aggregates give the same answers as the rows.
struct FilterTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }
    /// 2026-11-01T00:00:00Z.
    private let start: Int64 = 1_793_491_200_000
    private let day: Int64 = 86_400_000

    init() throws {
        stored = try StoredFolder(now: 1_793_491_200_000 + 40 * 86_400_000)
    }

    private func randomLine(using random: inout SeededGenerator) -> String {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        func maybe(_ text: @autoclosure () -> String) -> String { Bool.random(using: &random) ? "," + text() : "" }
        let time = start + Int64.random(in: 0..<6 * day, using: &random)
        var line = #"{"timestamp":\#(time),"session_id":"\#(pick(["s1", "s2", "s3"]))""#
        line += #","event_type":"\#(pick(["command", "deploy", "command_line", "task_completed"]))""#
        line += maybe(#""command":"\#(pick(["git", "git status", "git push", "gitk", "make", "make test"]))""#)
        line += maybe(#""workspace":"w\#(Int.random(in: 0..<3, using: &random))""#)
        line += maybe(#""task":"t\#(Int.random(in: 0..<4, using: &random))""#)
        line += maybe(#""duration_ms":\#(Int.random(in: 0..<100_000, using: &random))"#)
        line += maybe(#""success":\#(Bool.random(using: &random))"#)
        line += maybe(#""error_category":"\#(pick(["build", "network", "interrupted"]))""#)
        line += maybe(#""template_used":"p\#(Int.random(in: 0..<3, using: &random))""#)
        line += maybe(#""services_count":\#(Int.random(in: 0..<3, using: &random))"#)
        line += maybe(#""ports_used":\#(Int.random(in: 0..<3, using: &random))"#)
        return line + "}"
    }

    private func fill(seed: UInt64, events: Int = 600) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3 { try await stored.store((0..<events / 3).map { _ in randomLine(using: &random) }) }
    }

    private func filters() throws -> [UsageFilter] {
        let workspace = try #require(
            try Tables(data).text("SELECT workspace_hash FROM events WHERE workspace_hash NOT NULL"))
        return [
            UsageFilter(command: "git"), UsageFilter(command: "git status", failed: true),
            UsageFilter(workspaceHash: workspace), UsageFilter(command: "make", workspaceHash: workspace),
            UsageFilter(failed: true), UsageFilter(workspaceHash: workspace, failed: true),
            UsageFilter(command: "nothing"), UsageFilter(workspaceHash: "none of them"), UsageFilter(session: "s2"),
        ]
    }

    /// Compares every answer about random windows with that of the rows; returns how many were read from rows.
    private func compare(seed: UInt64) throws -> Int {
        let store = try #require(try StoreReader(data: data))
        var random = SeededGenerator(seed: seed)
        var readsRows = 0
        for filter in try filters() {
            let buckets = [Int64.random(in: 0...600, using: &random), Int64.random(in: 0...600, using: &random)]
                .sorted()
            let window = start + buckets[0] * 900_000..<start + buckets[1] * 900_000
            let reader = try UsageReader(store, matching: filter, in: window)
            let rows = try store.filtered(filter, in: window)
            if reader.readsRows { readsRows += 1 }
            #expect(
                try reader.usage(by: UsageDimension.allCases, in: window)
                    == rows.usage(by: UsageDimension.allCases, in: window), "\(filter)")
            #expect(try reader.failures(in: window) == rows.failures(in: window), "\(filter)")
            for factor in StoreReader.CorrelatedFactor.allCases {
                let wholeDays = window.lowerBound / day * day..<(window.upperBound + day - 1) / day * day
                #expect(
                    try UsageReader(store, matching: filter, in: wholeDays).correlatedFactors(factor, in: wholeDays)
                        == store.filtered(filter, in: wholeDays).correlatedFactors(factor, in: wholeDays), "\(filter)")
            }
            let found = try reader.bucketUsages(in: window, hasLatency: true)
            let expected = try UsageReader(rows, matching: UsageFilter(), in: window)
                .bucketUsages(in: window, hasLatency: true)
            #expect(found.map(\.start) == expected.map(\.start), "\(filter)")
            #expect(found.map(\.latency) == expected.map(\.latency), "\(filter)")
            #expect(found.map(\.activity) == expected.map(\.activity), "\(filter)")
            #expect(
                try reader.history(by: .timeBucket, in: window)
                    == rows.history(of: .command, by: .timeBucket, in: window), "\(filter)")
            let failures = try reader.failureHistory(by: .timeBucket, in: window)
            #expect(try failures == rows.failureHistory(by: .timeBucket, in: window), "\(filter)")
            let failed = try reader.failures(in: window).reduce(0) { $0 + $1.count }
            #expect(failures.flatMap(\.points).reduce(0) { $0 + $1.count } == failed, "\(filter)")
            // By the day, each day that the window touches counts whole.
            let days = window.lowerBound / day * day..<(window.upperBound + day - 1) / day * day
            #expect(
                try UsageReader(store, matching: filter, in: days).history(by: .day, in: days)
                    == store.filtered(filter, in: days).history(of: .command, by: .day, in: days), "\(filter)")
            let sessions = try reader.sessions(startedIn: window, limit: 100)
            #expect(try sessions.first == rows.sessions(startedIn: window, limit: 100))
            #expect(try sessions.count == rows.sessionCount(startedIn: window))
            #expect(try reader.sessionLengths(in: window) == nil)
        }
        return readsRows
    }

    @Test("Aggregates with any filter equal the rows, over windows of any 15-minute buckets", arguments: 1...6)
    func sameAsRows(seed: UInt64) async throws {
        try await fill(seed: seed)
        // Only a session is no property of the aggregates.
        #expect(try compare(seed: seed &+ 100) == 1)
    }

    @Test("Answers without a filter are those of the database")
    func unfiltered() async throws {
        try await fill(seed: 7)
        let store = try #require(try StoreReader(data: data))
        let window = start..<start + 6 * day
        let reader = try UsageReader(store, matching: UsageFilter(), in: window)
        #expect(!reader.readsRows)
        #expect(try reader.usage(by: [.command], in: window) == store.usage(by: [.command], in: window))
        #expect(try reader.sessionLengths(in: window) == store.sessionLengths(in: window))
        #expect(try reader.failures(in: window) == store.failures(in: window))
    }

    @Test("A folder of an earlier version is counted a day at a time, and its reports read rows until then")
    func catchUp() async throws {
        try await fill(seed: 8)
        let tables = try Tables(data)
        let others = "SELECT hex(cells) FROM usage_rollup WHERE (id >> 22) & 31 < 13 ORDER BY id"
        let before = try tables.rows(others)
        try tables.execute(
            """
            DELETE FROM usage_rollup WHERE (id >> 22) & 31 >= 13;
            DROP TABLE rollup_combinations;
            DELETE FROM grdb_migrations WHERE identifier LIKE '10:%';
            """)
        // Late events for days that are not counted yet, and events of a new day.
        var random = SeededGenerator(seed: 80)
        try await stored.store(
            (0..<50).map { _ in randomLine(using: &random) }
                + [#"{"timestamp":\#(start + 7 * day),"command":"git","success":false}"#])
        #expect(try compare(seed: 1) > 5)
        var days = 0
        try await stored.withWriter { writer in
            while try await writer.catchUp(for: .zero) < 1 {
                days += 1
                _ = try compare(seed: UInt64(days))
            }
            try await writer.finish()
        }
        #expect(days == 6)
        #expect(try compare(seed: 3) == 1)
        #expect(try tables.rows(others).count >= before.count)
        #expect(try DatabaseCheck(data, isQuick: false).run().allSatisfy { $0.state == .ok })
    }

    @Test("Events of combinations beyond the bound are read from rows")
    func bound() async throws {
        try await fill(seed: 9)
        try Tables(data).execute(
            "INSERT INTO rollup_combinations VALUES (\(Limits.combinations), 9999, 0, 0, 0, 0, 0, 0, 0)")
        try await stored.store([
            #"{"timestamp":\#(start + day),"command":"git","template_used":"unseen","success":false}"#,
            #"{"timestamp":\#(start + day + 1),"command":"git","template_used":"unseen too","success":true}"#,
        ])
        #expect(try Tables(data).number("SELECT max(number) FROM rollup_combinations") == Int(Limits.combinations))
        for seed in 1...5 { _ = try compare(seed: UInt64(seed)) }
        let store = try #require(try StoreReader(data: data))
        let filter = UsageFilter(command: "git")
        #expect(try UsageReader(store, matching: filter, in: start + day..<start + 2 * day).readsRows)
        #expect(try !UsageReader(store, matching: filter, in: start + 2 * day..<start + 6 * day).readsRows)
    }

    @Test(
        "A filter selects commands by their first whole words, and lines that begin with them",
        arguments: [
            ("git", "git", true), ("git status", "git", true), ("git, …", "git", true), ("gitk", "git", false),
            ("git status, …", "git status", true), ("git", "git status", false), ("git status, …", "git", true),
        ])
    func names(name: String, words: String, isMeant: Bool) {
        #expect(UsageFilter.isCommand(name, beginning: words) == isMeant)
    }
}
