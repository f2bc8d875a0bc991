import Core
import Database
import Reports
import TestSupport
import Testing

struct CompareTests {
    @Test(
        "A condition has a figure, an operator and a percentage",
        arguments: [
            ("p95 > +20%", "p95 > +20%"), ("p95>20%", "p95 > +20%"), ("success < -5%", "success < -5%"),
            ("total >= 0%", "total >= 0%"), ("count <= -12.5%", "count <= -12.5%"), ("failed>+1%", "failed > +1%"),
            ("p50 < 10%", "p50 < +10%"),
        ])
    func conditions(text: String, meaning: String) {
        #expect(FailCondition(text)?.text == meaning)
    }

    @Test(
        "Any other text is no condition",
        arguments: [
            "", "p95", "p95 > 20", "p99 > 20%", "p95 = 20%", "p95 > %", "> 20%", "p95 >> 20%", "p95 > nan%",
            "p95 > inf%",
            "p95 > 1e3%", "p95 > +-2%", "p95 > 0x10%", "p95 > 20% or so", "P95 > 20%", "total > 1.2.3%",
        ])
    func notConditions(text: String) {
        #expect(FailCondition(text) == nil)
    }

    /// Runs of one command, one every 20 minutes, with a tail that grows or not.
    private func store(_ harness: ReportHarness, days: Int, _ run: (_ day: Int, _ number: Int) -> String) async throws {
        var lines: [String] = []
        for day in 0..<days {
            for number in 0..<20 {
                let time = ReportHarness.now - Int64(days - day) * 86_400_000 + Int64(number) * 1_200_000
                lines.append(#"{"command":"make","timestamp":"\#(Timestamp.rfc3339(time))",\#(run(day, number))}"#)
            }
        }
        try await harness.store(lines)
    }

    private func compare(_ harness: ReportHarness, _ word: String) throws -> Comparison {
        let window = try ReportWindow.since(word, until: nil, now: ReportHarness.now)
        let later = try Comparison.Source(harness.folder.data, window)
        let earlier = try #require(later.before(window, now: ReportHarness.now))
        return try Comparison(from: earlier, to: later, now: ReportHarness.now)
    }

    @Test("A longer tail is a change of the 95th percentile alone")
    func tail() async throws {
        let harness = try ReportHarness()
        var random = SeededGenerator(seed: 5)
        try await store(harness, days: 14) { day, number in
            let isSlow = day >= 7 && number % 6 == 5
            return #""duration_ms":\#(isSlow ? 20_000 : Int.random(in: 900...1100, using: &random)),"success":true"#
        }
        let row = try #require(try compare(harness, "7d").rows.first)
        #expect(row.clear.contains(.p95) && !row.clear.contains(.p50) && !row.clear.contains(.success), "\(row)")
    }

    @Test("Runs that stopped are a change of the count, and their figures afterwards are unknown")
    func stopped() async throws {
        let harness = try ReportHarness()
        try await store(harness, days: 14) { day, _ in #""duration_ms":\#(1000 + day),"success":true"# }
        let window = try ReportWindow.named("2026-11-24..2026-11-30", now: ReportHarness.now + 7 * 86_400_000)
        let later = try Comparison.Source(harness.folder.data, window)
        let earlier = try #require(later.before(window, now: ReportHarness.now + 7 * 86_400_000))
        let comparison = try Comparison(from: earlier, to: later, now: ReportHarness.now + 7 * 86_400_000)
        #expect(!comparison.isComparable)
        let row = try #require(comparison.rows.first)
        #expect(row.clear.contains(.count) && row.change(.p50) == nil && row.change(.count) == -100)
    }

    @Test("Figures of fewer than ten runs in a window are no change")
    func fewRuns() async throws {
        let harness = try ReportHarness()
        let lines = (0..<18).map { run in
            let time = ReportHarness.now - Int64(18 - run) * 3_600_000 * 12
            return
                #"{"command":"make","timestamp":"\#(Timestamp.rfc3339(time))","duration_ms":\#(run < 9 ? 10 : 9000)}"#
        }
        try await harness.store(lines)
        let comparison = try compare(harness, "5d")
        #expect(comparison.rows.allSatisfy { !$0.clear.contains(.p50) && !$0.clear.contains(.p95) })
    }

    @Test("Windows of different lengths are compared per day")
    func lengths() async throws {
        let harness = try ReportHarness()
        try await store(harness, days: 30) { _, _ in #""duration_ms":1000,"success":true"# }
        let now = ReportHarness.now
        let earlier = try Comparison.Source(harness.folder.data, .named("2026-10-25..2026-11-13", now: now))
        let later = try Comparison.Source(harness.folder.data, .named("2026-11-14..2026-11-18", now: now))
        let comparison = try Comparison(from: earlier, to: later, now: now)
        let row = try #require(comparison.rows.first)
        #expect(row.clear.isEmpty && abs(row.change(.count) ?? 99) < 10, "\(row)")
        #expect(ComparisonRenderer.render(comparison, [], top: 5, TerminalStyle()).contains("differ in length"))
    }

    @Test("Over fifty pairs of windows in which nothing changed at most two comparisons show anything")
    func falseAlarms() async throws {
        let harness = try ReportHarness()
        var random = SeededGenerator(seed: 77)
        var lines: [String] = []
        for day in 0..<300 {
            // Days differ, and so do hours: a busy machine slows all runs of a time.
            let load = Double.random(in: 0.9...1.1, using: &random)
            for run in 0..<Int.random(in: 8...16, using: &random) {
                let time = ReportHarness.now - Int64(300 - day) * 86_400_000 + Int64(run) * 2_400_000
                let hour = load * Double.random(in: 0.9...1.1, using: &random)
                for (command, base) in [("make", 4000.0), ("cargo test", 900), ("git status", 20)] {
                    let duration = Int(base * hour * Double.random(in: 0.7...1.5, using: &random))
                    let success = Double.random(in: 0..<1, using: &random) > 0.08
                    lines.append(
                        #"{"command":"\#(command)","timestamp":"\#(Timestamp.rfc3339(time))","duration_ms":\#(duration),"success":\#(success)}"#
                    )
                }
            }
        }
        try await harness.store(lines)
        var alarms: [String] = []
        let weeks = (1...40).map { "\(7 * ($0 + 1))d..\(7 * $0)d" }
        // Twenty days are read by the day.
        let longer = (1...13).map { "\(20 * ($0 + 1))d..\(20 * $0)d" }
        for word in weeks + longer {
            let window = try ReportWindow.named(word, now: ReportHarness.now)
            let later = try Comparison.Source(harness.folder.data, window)
            let earlier = try #require(later.before(window, now: ReportHarness.now))
            let comparison = try Comparison(from: earlier, to: later, now: ReportHarness.now)
            #expect(comparison.rows.count == 3 && comparison.isComparable)
            alarms += comparison.rows.filter { !$0.clear.isEmpty }.map { "\(word) \($0.command) \($0.clear)" }
        }
        print("false alarms in 53 comparisons: \(alarms)")
        #expect(alarms.count <= 2, "\(alarms)")
    }

    @Test("A comparison as CSV has four columns for each figure")
    func csv() async throws {
        let harness = try ReportHarness()
        try await store(harness, days: 14) { _, number in #""duration_ms":1000,"success":\#(number > 0)"# }
        let lines = ComparisonRenderer.csv(try compare(harness, "7d")).split(separator: "\r\n")
        #expect(
            lines.count == 2
                && lines[0].hasPrefix("command,count_before,count_after,count_change_percent,count_is_clear,"))
        #expect(lines[0].split(separator: ",").count == 25 && lines[1].split(separator: ",").count == 25)
    }
}
