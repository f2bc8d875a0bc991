import Core
import Foundation
import Reports
import SystemSupport
import TestSupport
import Testing

struct InsightsTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    private func screen(_ insights: Insights, _ focus: InsightsRenderer.Focus, _ style: TerminalStyle = TerminalStyle())
        -> String
    {
        InsightsRenderer.render(
            insights, focus, window: .lastDays(30, now: ReportHarness.now), zone: "Europe/Berlin", top: 10, style)
    }

    @Test("There is a finding of every kind, each with its evidence, the costliest first")
    func everyKind() {
        let findings = Insights(EveryFinding.input).findings
        #expect(Set(findings.map(\.kind)) == Set(Finding.Kind.allCases), "\(findings.map(\.sentence))")
        let costs = findings.map(\.timeLostMS)
        #expect(costs == costs.sorted(by: >))
    }

    @Test("The findings are the golden screens, byte for byte", arguments: [60, 80, 120])
    func golden(columns: Int) throws {
        let insights = Insights(EveryFinding.input)
        let style = TerminalStyle(columns: columns)
        try GoldenFile.expect(screen(insights, .findings, style), is: "screens/insights-\(columns).txt")
        try GoldenFile.expect(screen(insights, .slow, style), is: "screens/insights-slow-\(columns).txt")
        try GoldenFile.expect(screen(insights, .errors, style), is: "screens/insights-errors-\(columns).txt")
    }

    @Test("A report without events or findings says so")
    func nothing() async throws {
        #expect(screen(try harness.insights(.allTime), .findings).contains("No finding."))
        #expect(screen(try harness.insights(.allTime), .errors).contains("Nothing failed."))
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        #expect(screen(try harness.insights(.allTime), .findings).contains("No finding."))
    }

    /// Runs of one command, one every two hours from the 1st of November on.
    private func runs(_ command: String, _ count: Int, extra: (Int) -> String) -> [String] {
        (0..<count).map { run in
            let time = Timestamp.rfc3339(1_793_491_200_000 + Int64(run) * 7_200_000)
            return #"{"command":"\#(command)","timestamp":"\#(time)",\#(extra(run))}"#
        }
    }

    @Test("A slowdown in recorded events is found at its day, with its evidence")
    func slowdownFromEvents() async throws {
        try await harness.store(
            runs("swift build", 150) { run in
                #""duration_ms":\#((run >= 120 ? 9000 : 4000) + run * 7919 % 1500),"success":true"#
            })
        let change = try #require(try harness.insights(.allTime).slowdowns.first)
        #expect(change.runsBefore == 120 && change.runsAfter == 30)
        #expect(change.factor > 1.9 && change.factor < 2.3)
        #expect(LocalCalendar.day(of: change.since).text == "2026-11-11")
    }

    @Test("Correlated factors of slow runs are found among templates, services and ports")
    func correlatedFactorFromEvents() async throws {
        try await harness.store(
            runs("docker compose up", 200) { run in
                let template = run % 3 == 0 ? "heavy" : "light"
                return
                    #""duration_ms":\#((run % 3 == 0 ? 8000 : 3000) + run * 7919 % 900),"template_used":"\#(template)""#
            })
        let correlatedFactor = try #require(try harness.insights(.allTime).correlatedFactors.first)
        #expect(correlatedFactor.attribute == .template && correlatedFactor.value == "heavy")
        #expect(correlatedFactor.runsWith == 67 && correlatedFactor.runsWithout == 133)
    }

    @Test("Runs without any template count as runs without that template")
    func correlatedFactorAgainstNone() async throws {
        try await harness.store(
            runs("make", 200) { run in
                #""duration_ms":\#((run % 4 == 0 ? 8000 : 3000) + run * 7919 % 900)"#
                    + (run % 4 == 0 ? #","services_count":5"# : "")
            })
        let correlatedFactor = try #require(try harness.insights(.allTime).correlatedFactors.first)
        #expect(
            correlatedFactor.attribute == .services && correlatedFactor.value == "5"
                && correlatedFactor.runsWithout == 150)
    }

    @Test("Streaks and retries are counted from the events in their order")
    func streaksFromEvents() async throws {
        try await harness.store(
            runs("pytest", 100) { run in
                #""duration_ms":60000,"session_id":"s\#(run / 10)","success":\#(run < 92 && run % 30 != 7)"#
            })
        let insights = try harness.insights(.allTime)
        #expect(insights.streaks.first?.current == 8 && insights.streaks.first?.runs == 100)
        #expect(insights.findings.first?.kind == .streak)
        // Two hours lie between the runs: nothing was tried again at once.
        #expect(insights.allRetries.isEmpty)
    }

    @Test("A retry is the same command in the same session within ten minutes of a failure")
    func retries() {
        func run(_ minute: Int64, _ command: String, _ success: Bool, _ session: String = "s") -> RunRecord {
            RunRecord(
                timestamp: minute * 60_000, session: session, command: command, success: success, durationMS: 1000)
        }
        let all = Retries.all([
            run(0, "make", false), run(5, "make", false), run(9, "make", true), run(30, "make", false),
            run(31, "make", true, "other"), run(50, "make", true), run(51, "make", true),
        ])
        #expect(all.count == 1)
        #expect(all.first?.failures == 3 && all.first?.repeated == 2 && all.first?.repeatedAfterSuccess == 1)
        #expect(all.first?.timeMS == 2000)
        // The ten minutes begin where the failed run has ended.
        func long(_ minute: Int64, lasts minutes: Int64, _ success: Bool) -> RunRecord {
            RunRecord(
                timestamp: minute * 60_000, session: "s", command: "long", success: success,
                durationMS: minutes * 60_000)
        }
        #expect(Retries.all([long(0, lasts: 15, false), long(16, lasts: 1, true)]).first?.repeated == 1)
        #expect(Retries.all([long(0, lasts: 1, false), long(60, lasts: 55, true)]).isEmpty)
    }

    @Test("A command is compared with what it was last, not with what it was long ago")
    func latestChange() {
        // 600 runs of ten seconds, then 60 of one, then 30 of two.
        let cells = (0..<690).map { hour in
            var latency = LatencyHistogram()
            latency.record((hour < 600 ? 10_000 : hour < 660 ? 1000 : 2000) + Int64(hour * 7919 % 300))
            return CommandHistory.Cell(start: Int64(hour) * 3_600_000, succeeded: 1, failed: 0, latency: latency)
        }
        let changes = Slowdown.search([CommandHistory(command: "make", cells: cells)])
        #expect(changes.map(\.runsBefore) == [60] && changes.map(\.runsAfter) == [30])
    }

    @Test("A command that fails more often than it did is found, one that always failed as often is not")
    func failureRise() {
        func history(_ name: String, _ fails: (Int) -> Bool) -> CommandHistory {
            CommandHistory(
                command: name,
                cells: (0..<300).map { hour in
                    .init(
                        start: Int64(hour) * 3_600_000, succeeded: fails(hour) ? 0 : 1, failed: fails(hour) ? 1 : 0,
                        latency: LatencyHistogram())
                })
        }
        let rises = FailureRise.search([
            history("steady") { $0 % 7 == 0 }, history("worse") { $0 < 250 ? $0 % 25 == 0 : $0 % 5 < 3 },
        ])
        #expect(rises.map(\.command) == ["worse"])
        #expect(rises.first?.since == Int64(250 * 3_600_000))
    }
}
