import Core
import Rollups
import Snapshots
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("Days of aggregates as lines of text")
struct DailyLinesTests {
    private func figures(
        _ command: String, type: String = "command", _ outcome: DailyFigures.Outcome = .succeeded,
        category: String = "", template: String = "", durations: [Int64] = [], runs: Int? = nil
    ) -> DailyFigures {
        var latency = LatencyHistogram()
        for duration in durations { latency.record(duration) }
        return DailyFigures(
            key: .init(
                command: command, eventType: type, outcome: outcome, errorCategory: category, template: template),
            runs: runs ?? durations.count, latency: latency)
    }

    private func text(_ lines: DailyLines, version: Int64 = 7) -> String {
        String(decoding: lines.bytes(source: "ab", version: version), as: UTF8.self)
    }

    @Test("A line has the key, runs, total and buckets, in the order of the keys")
    func lines() {
        let day = DailyLines(
            day: 20_787,
            [
                figures("make", durations: [5, 5, 200]),
                figures("git status", .failed, category: "exit_1", template: "a\tb", durations: [3], runs: 2),
                figures("", type: "workspace_created", .unknown, runs: 4),
            ], allowed: nil)
        let bucket = LatencyScale.bucket(of: 200)
        #expect(
            text(day) == """
                ab\t2026-11-30\t7\t\tworkspace_created\tunknown\t\t\t4\t0\t[]\t[]
                ab\t2026-11-30\t7\tgit status\tcommand\tfailed\texit_1\ta\\tb\t2\t3\t[3]\t[1]
                ab\t2026-11-30\t7\tmake\tcommand\tsucceeded\t\t\t3\t210\t[5,\(bucket)]\t[2,1]

                """)
        #expect(DailyLines.columns.count == 12 && day.count == 3)
    }

    @Test("The checksum depends on the day and the figures, and not on version, source or order")
    func checksum() {
        let (make, git) = (figures("make", durations: [1]), figures("git", durations: [2]))
        let day = DailyLines(day: 1, [make, git], allowed: nil)
        #expect(day.checksum == DailyLines(day: 1, [git, make], allowed: nil).checksum)
        #expect(day.checksum != DailyLines(day: 2, [git, make], allowed: nil).checksum)
        #expect(day.checksum != DailyLines(day: 1, [git], allowed: nil).checksum)
        #expect(text(day, version: 1) != text(day, version: 2))
        let empty = DailyLines(day: 1, [], allowed: nil)
        #expect(empty.count == 0 && text(empty).isEmpty && empty.checksum != day.checksum)
    }

    @Test("Names that are not allowed are summed as (other); absent ones and Nexus's own types stay")
    func allowed() throws {
        let names = try AllowedNames(
            """
            # of the tools' team
            command make
            command  git   status

            category exit_1
            """)
        #expect(AllowedNames.Kind.allCases.map(names.count) == [2, 1, 0])
        #expect(try AllowedNames(names.text) == names)
        let day = DailyLines(
            day: 0,
            [
                figures("make", durations: [1]), figures("make, …", type: "command_line", durations: [2]),
                figures("git status", .failed, category: "exit_1", durations: [3]),
                figures("git status", .failed, category: "acme", durations: [4]),
                figures("git", durations: [5]), figures("git checkout acme", durations: [6]),
                figures("acme, …", type: "command_line", durations: [7]),
                figures("", type: "acme_deploy", .unknown, template: "acme", runs: 3),
            ], allowed: names)
        let rows = text(day).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).dropFirst(3).prefix(6).joined(separator: "|")
        }
        #expect(
            rows == [
                "|(other)|unknown||(other)|3", "(other)|command|succeeded|||2", "(other)|command_line|succeeded|||1",
                "git status|command|failed|(other)||1", "git status|command|failed|exit_1||1",
                "make|command|succeeded|||1", "make, …|command_line|succeeded|||1",
            ])
        #expect(!text(day).contains("acme"))
    }

    @Test(
        "A file that cannot be read as names is refused with the line",
        arguments: [
            ("commands make", "line 1"), ("command make\ncategory", "line 2"), ("template a\u{7}b", "line 1"),
            ("command " + String(repeating: "x", count: 2000), "line 1"),
        ])
    func refused(text: String, part: String) {
        let error = #expect(throws: SyncError.self) { try AllowedNames(text) }
        #expect(error?.description.contains(part) == true && error?.exitCode == .usage)
    }

    @Test("A day with 100,000 events of 50 commands and 10 categories is small")
    func size() throws {
        var random = SeededGenerator(seed: 27)
        func unit() -> Double { Double(random.next() >> 11) * 0x1p-53 }
        var latencies: [DailyFigures.Key: LatencyHistogram] = [:]
        for _ in 0..<100_000 {
            let rank = Int(50 * unit() * unit())
            let fails = unit() < 0.1
            let key = DailyFigures.Key(
                command: "command-\(rank) run", eventType: "command", outcome: fails ? .failed : .succeeded,
                errorCategory: fails ? "category_\(Int(10 * unit()))" : "", template: "")
            // Twelve uniform numbers make a normal one; durations are lognormal, with a spread of a factor of 1.6.
            let normal = (0..<12).reduce(-6.0) { sum, _ in sum + unit() }
            latencies[key, default: .init()].record(Int64(Double(50 * (rank + 1)) * (1 + 0.6 * abs(normal))))
        }
        let figures = latencies.map { DailyFigures(key: $0.key, runs: $0.value.count, latency: $0.value) }
        let lines = DailyLines(day: 20_787, figures, allowed: nil)
        let bytes = lines.bytes(source: String(repeating: "a", count: 32), version: 1_796_000_000_000)
        let frame = try bytes.lz4Frame()
        print(
            "a day with 100,000 events: \(frame.count) bytes, \(bytes.count) before compression, \(lines.count) lines")
        #expect(lines.count > 500 && frame.count <= 50_000)
        #expect(try decoded(frame) == String(decoding: bytes, as: UTF8.self))
    }
}
