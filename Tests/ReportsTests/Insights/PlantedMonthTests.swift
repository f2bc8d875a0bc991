import Core
import Reports
import SystemSupport
import TestSupport
import Testing

struct PlantedMonthTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    private func record(changed: Bool, workspace: String? = nil) async throws {
        try await harness.store(PlantedMonth.lines(changed: changed, workspace: workspace))
    }

    private static let windows: [ReportWindow] = [
        .lastDays(7, now: ReportHarness.now), .lastDays(30, now: ReportHarness.now), .allTime,
    ]

    @Test("Both changes are in the insights and on the dashboard of the week, of the month and of all time")
    func changed() async throws {
        try await record(changed: true)
        for window in Self.windows {
            let findings = try harness.insights(window).findings
            #expect(findings.map(\.command) == ["cargo build", "cargo test"], "\(window.title): \(findings)")
            #expect(findings.map(\.kind) == [.slower, .failsMore])
            for (finding, day) in zip(findings, [PlantedMonth.slowFrom, PlantedMonth.failingFrom]) {
                let planted = PlantedMonth.start + Int64(day - 1) * Timestamp.millisecondsPerDay
                let distance = abs((finding.since ?? 0) - planted)
                #expect(distance <= 2 * Timestamp.millisecondsPerDay, "\(window.title): \(finding.sentence)")
            }
            let report = try harness.source(window).dashboard()
            #expect(report.findings.map(\.sentence) == findings.map(\.sentence))
            let screen = DashboardRenderer.render(report, top: 10, TerminalStyle())
            #expect(screen.contains("What Changed") && screen.contains("nexus stats --by day --command 'cargo build'"))
        }
    }

    @Test("Insights and the dashboard of a workspace find its changes, and none of other workspaces")
    func workspaces() async throws {
        try await record(changed: true, workspace: "webshop")
        try await record(changed: false, workspace: "garden")
        for window in Self.windows {
            for (workspace, changed) in [("webshop", ["cargo build", "cargo test"]), ("garden", [])] {
                let filter = ReportHarness.filter(workspace: workspace)
                let insights = try harness.insights(window, filter: filter)
                #expect(insights.findings.map(\.command) == changed, "\(window.title), \(workspace)")
                #expect(
                    insights.findings.allSatisfy { $0.evidenceCommand.hasSuffix(" --workspace '\(workspace)'") })
                #expect(insights.costs.map(\.command).sorted() == ["cargo build", "cargo test", "git status"])
                let only = try harness.insights(
                    window, filter: ReportHarness.filter(command: "git", workspace: workspace))
                #expect(only.findings.isEmpty && only.costs.map(\.command) == ["git status"])
                let report = try harness.source(window, filter: filter).dashboard()
                #expect(report.findings.map(\.command) == changed, "\(window.title), \(workspace)")
            }
        }
    }

    @Test("The screens of the month with findings are the golden ones", arguments: [60, 80, 120])
    func screens(columns: Int) async throws {
        try await record(changed: true)
        let month = ReportWindow.lastDays(30, now: ReportHarness.now)
        let style = TerminalStyle(columns: columns)
        let stats = DashboardRenderer.render(try harness.source(month).dashboard(), top: 10, style)
        try GoldenFile.expect(stats, is: "screens/stats-findings-\(columns).txt")
        let insights = InsightsRenderer.render(
            try harness.insights(month), .findings, window: month, zone: "Europe/Berlin", top: 10, style)
        try GoldenFile.expect(insights, is: "screens/insights-findings-\(columns).txt")
    }

    @Test("An unchanged month shows no change in any window, and no column for changes")
    func unchanged() async throws {
        try await record(changed: false)
        for window in Self.windows {
            #expect(try harness.insights(window).findings == [])
            let screen = DashboardRenderer.render(try harness.source(window).dashboard(), top: 10, TerminalStyle())
            #expect(!screen.contains("What Changed") && !screen.contains("CHANGE"), "\(screen)")
        }
    }

    @Test("The table of the week that the build became slow in shows by how much, against the week before")
    func table() async throws {
        try await record(changed: true)
        let window = try #require(
            ReportWindow.between(ReportWindow.Day("2026-11-14"), ReportWindow.Day("2026-11-20")))
        let report = try harness.source(window).dashboard()
        let build = try #require(report.commands.first { $0.name == "cargo build" })
        let ratio = try #require(build.change?.medianRatio)
        #expect(abs(ratio - 2) < 0.2)
        let test = try #require(report.commands.first { $0.name == "cargo test" })
        #expect((test.change?.successDifference ?? 0) < -0.1 && test.change?.medianRatio == nil)
        let screen = DashboardRenderer.render(report, top: 10, TerminalStyle())
        #expect(screen.contains("CHANGE"))
    }

    @Test("A list by day, week or hour of one command has its durations, and finds the command by its first word")
    func drillDown() async throws {
        try await record(changed: true)
        let filter = ReportFilter(command: "cargo build")
        let days = try harness.source(.allTime, filter: filter).breakdown(by: .day).rows
        #expect(days.count == PlantedMonth.days)
        #expect(days.allSatisfy { ($0.p50 ?? 0) > ($0.name < "2026-11-14" ? 3000 : 7000) })
        let weeks = try harness.source(.allTime, filter: filter).breakdown(by: .week).rows
        #expect(
            weeks.map(\.name) == ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"])
        #expect(weeks.allSatisfy { $0.p95 != nil && $0.totalMS != nil })
        let both = try harness.source(.allTime, filter: ReportFilter(command: "cargo")).breakdown(by: .command).rows
        #expect(Set(both.map(\.name)) == ["cargo build", "cargo test"])
        let none = try harness.source(.allTime, filter: ReportFilter(command: "carg")).breakdown(by: .command).rows
        #expect(none.isEmpty)
    }

    // MARK: Comparisons

    /// Compares a window with the time before it.
    private func compare(_ word: String, filter: ReportFilter = ReportFilter()) throws -> Comparison {
        let window = try ReportWindow.since(word, until: nil, now: ReportHarness.now)
        let later = try Comparison.Source(harness.folder.data, window)
        let earlier = try #require(later.before(window, now: ReportHarness.now))
        return try Comparison(from: earlier, to: later, now: ReportHarness.now, filter: filter)
    }

    @Test("A comparison at the day of the change shows both changes and nothing else")
    func compared() async throws {
        try await record(changed: true)
        // Days 21 to 30 against days 11 to 20.
        let comparison = try compare("2026-11-14")
        let clear = comparison.rows.filter { !$0.clear.isEmpty }
        #expect(clear.map(\.command) == ["cargo build", "cargo test"])
        #expect(clear.first?.clear == [.p50, .p95, .total], "\(clear)")
        #expect(clear.last?.clear == [.failed, .success], "\(clear)")
        #expect(abs((clear.first?.change(.p50) ?? 0) - 100) < 20)
        let screen = ComparisonRenderer.render(comparison, [], top: 10, TerminalStyle())
        #expect(screen.contains("• cargo build: p50 4."), "\(screen)")
        for columns in [60, 80, 120] {
            let text = ComparisonRenderer.render(comparison, [], top: 10, TerminalStyle(columns: columns))
            try GoldenFile.expect(text, is: "screens/compare-\(columns).txt")
        }
        let conditions = try ["p95 > +20%", "total > +500%", "success < -5%", "count > -100%"].map {
            try #require(FailCondition($0))
        }
        #expect(
            conditions.map { $0.violations(in: comparison).map(\.command) } == [
                ["cargo build"], [], ["cargo test"], [],
            ])
        try GoldenFile.expect(
            ComparisonRenderer.markdown(comparison, conditions, top: 10), is: "screens/compare.md")
        // More than two weeks on each side are read by the day, with the same result.
        let now = ReportHarness.now
        let later = try Comparison.Source(harness.folder.data, .named("2026-11-14..2026-12-31", now: now))
        let earlier = try Comparison.Source(harness.folder.data, .named("2026-10-25..2026-11-13", now: now))
        let long = try Comparison(from: earlier, to: later, now: now)
        #expect(long.rows.filter { !$0.clear.isEmpty }.map(\.command) == ["cargo build", "cargo test"])
        #expect(long.rows.first?.clear == [.p50, .p95, .total], "\(long.rows)")
        let only = try compare("2026-11-14", filter: ReportFilter(command: "cargo test"))
        #expect(only.rows.map(\.command) == ["cargo test"] && only.rows.first?.clear == [.failed, .success])
    }

    @Test("A comparison of windows of an unchanged month shows no change")
    func comparedUnchanged() async throws {
        try await record(changed: false)
        for word in ["2026-11-14", "7d", "3d", "2026-11-09"] {
            let comparison = try compare(word)
            #expect(comparison.rows.count == 3 && comparison.isComparable)
            #expect(comparison.rows.allSatisfy { $0.clear.isEmpty }, "\(word): \(comparison.rows)")
        }
        let screen = ComparisonRenderer.render(try compare("7d"), [], top: 10, TerminalStyle())
        #expect(screen.contains("No clear change: chance explains all differences."), "\(screen)")
        // No change is clear, so none meets a condition, whatever its size.
        let condition = try #require(FailCondition("p95 > -99%"))
        #expect(condition.violations(in: try compare("7d")).isEmpty)
    }

    @Test("A window before which nothing was recorded is compared with nothing")
    func nothingBefore() async throws {
        try await record(changed: false)
        let screen = ComparisonRenderer.render(try compare("60d"), [], top: 10, TerminalStyle())
        #expect(screen.contains("nothing was recorded in the earlier window"), "\(screen)")
    }
}
