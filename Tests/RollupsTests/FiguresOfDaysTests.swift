import Core
import Database
import DatabaseTesting
import Rollups
import SystemSupport
import TestSupport
import Testing

@Suite("Figures of days that were counted elsewhere")
struct FiguresOfDaysTests {
    private let stored: StoredFolder
    /// 2026-11-01T00:00:00Z.
    private static let firstDay: Int64 = 20_758
    private static let dayMS: Int64 = 86_400_000
    private static let all: Range<Int64> = 0..<Int64.max

    init() throws {
        stored = try StoredFolder(now: (Self.firstDay + 40) * Self.dayMS)
    }

    private func fill() async throws {
        var random = SeededGenerator(seed: 9)
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        let lines = (0..<1500).map { _ in
            let time = Self.firstDay * Self.dayMS + Int64.random(in: 0..<5 * Self.dayMS, using: &random)
            let outcome = pick(["", #","success":true"#, #","success":false,"error_category":"build""#])
            let type = pick(["command", "command", "command_line", "task_completed"])
            return
                #"{"timestamp":\#(time),"event_type":"\#(type)","command":"\#(pick(["git", "git status", "make"]))","#
                + #""duration_ms":\#(Int.random(in: 0..<50_000, using: &random)),"template_used":"\#(pick(["a", "b"]))""#
                + outcome + "}"
        }
        try await stored.store(lines)
    }

    /// Returns a reader of the figures of every day of the folder.
    private func copy(installation: String = "") throws -> StoreReader {
        let reader = try DailyFiguresReader(stored.reader())
        var copy = try FiguresOfDays(in: stored.data)
        for day in try reader.days().readable {
            for figures in try reader.figures(of: day) {
                try copy.add(figures, bucket: day * TimeBucket.perDay + 48, installation: installation)
            }
        }
        return try copy.finish()
    }

    private struct Answers: Equatable {
        var usage: [UsageDimension: [UsageCell]]
        var failures: [String]
        var days: [String]
        var histories: [UsageHistory]
        var factors: [CorrelatedCell]
    }

    private func answers(_ store: StoreReader, _ filter: UsageFilter, in window: Range<Int64>) throws -> Answers {
        let reader = try UsageReader(store, matching: filter, in: window)
        #expect(!reader.readsRows)
        var days: [Int64: StoreReader.Activity] = [:]
        for bucket in try reader.bucketUsages(in: window) {
            days[bucket.start / Self.dayMS, default: .init()].add(bucket.activity)
        }
        return Answers(
            usage: try reader.usage(by: [.command, .eventType, .errorCategory, .template], in: window),
            failures: try reader.failures(in: window).map {
                "\($0.command ?? "-") \($0.category ?? "-") \($0.count) \($0.totalMS)"
            }.sorted(),
            days: days.sorted { $0.key < $1.key }.map { "\($0)" },
            histories: try reader.history(by: .day, in: window),
            factors: try reader.correlatedFactors(.template, in: window))
    }

    @Test("Every report on whole days reads the same as from the rows' own aggregates", arguments: [0, 1, 2])
    func same(filter number: Int) async throws {
        try await fill()
        let filter = [UsageFilter(), UsageFilter(command: "git"), UsageFilter(failed: true)][number]
        let (own, copy) = (try stored.reader(), try copy())
        let days = Self.firstDay + 1..<Self.firstDay + 3
        for window in [Self.all, days.lowerBound * Self.dayMS..<days.upperBound * Self.dayMS] {
            let expected = try answers(own, filter, in: window)
            #expect(expected.usage[.command]?.isEmpty == false)
            #expect(try answers(copy, filter, in: window) == expected)
        }
    }

    @Test("Durations of several days that are added to the last one give the window's percentiles, and no run twice")
    func durationsApart() throws {
        var figures = try FiguresOfDays(in: stored.data)
        let key = DailyFigures.Key(
            command: "make", eventType: "command", outcome: .succeeded, errorCategory: "", template: "")
        func sum(_ milliseconds: Int64) throws -> LatencyHistogram {
            var bytes: [UInt8] = []
            bytes.append(varint: UInt64(milliseconds))
            let histogram = LatencyHistogram(encoded: bytes.span)
            return try #require(histogram)
        }
        for day in 0..<3 as Range<Int64> {
            try figures.add(
                DailyFigures(key: key, runs: 1, latency: sum(10 * (day + 1))), bucket: (Self.firstDay + day) * 96)
        }
        var buckets: [UInt8] = []
        for number: UInt64 in [0, 10, 1, 10, 1, 10, 1] { buckets.append(varint: number) }
        let histogram = LatencyHistogram(encoded: buckets.span)
        let durations = try #require(histogram)
        try figures.add(DailyFigures(key: key, runs: 0, latency: durations), bucket: (Self.firstDay + 2) * 96)
        let cell = try #require(try figures.finish().usage(by: .command, in: Self.all).first)
        #expect(cell.count == 3 && cell.totalMS == 60 && cell.latency.count == 3 && cell.latency.sum == 60)
        #expect(cell.latency.quantile(0.5) == 20)
    }

    @Test("An installation is read in the place of the workspace, and figures of the same key are summed")
    func installation() async throws {
        try await stored.store([#"{"command":"make","duration_ms":3,"success":true}"#])
        var figures = try FiguresOfDays(in: stored.data)
        #expect(figures.isEmpty)
        var latency = LatencyHistogram()
        latency.record(7)
        let key = DailyFigures.Key(
            command: "make", eventType: "command", outcome: .failed, errorCategory: "exit_2", template: "")
        for id in ["aa", "bb", "aa"] {
            try figures.add(
                DailyFigures(key: key, runs: 2, latency: latency), bucket: Self.firstDay * 96, installation: id)
        }
        let reader = try figures.finish()
        let cells = try reader.usage(by: [.workspace, .command], in: Self.all)
        #expect(
            cells[.workspace]?.map { "\($0.name) \($0.count) \($0.failed) \($0.totalMS)" } == ["aa 4 4 14", "bb 2 2 7"])
        #expect(cells[.command]?.first?.latency.count == 3 && cells[.command]?.first?.count == 6)
        #expect(try reader.sessionCount() == 0)
    }
}
