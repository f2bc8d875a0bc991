import Core
import Database
import Reports
import SystemSupport
import TestSupport
import Testing

/// The reports of an empty, a small and a large data folder as golden screens; those with findings are `PlantedMonthTests`'.
struct ScreenTests {
    private let harness: ReportHarness
    private static let month = ReportWindow.lastDays(30, now: ReportHarness.now)

    init() throws {
        harness = try ReportHarness()
    }

    private func expectScreens(_ name: String, top: Int = 10, end: NextSteps? = nil) throws {
        let insights = try harness.insights(Self.month)
        for columns in [60, 80, 120] {
            let style = TerminalStyle(columns: columns)
            let steps = end?.text(style) ?? ""
            let screens = [
                (
                    "stats",
                    DashboardRenderer.render(try harness.source(Self.month).dashboard(), top: top, style) + steps
                ),
                (
                    "insights",
                    InsightsRenderer.render(
                        insights, .findings, window: Self.month, zone: "Europe/Berlin", top: top, style) + steps
                ),
            ]
            for (report, screen) in screens {
                let isNarrow = screen.split(separator: "\n").allSatisfy { String($0).displayWidth <= columns }
                #expect(isNarrow, "\(screen)")
                try GoldenFile.expect(screen, is: "screens/\(report)-\(name)-\(columns).txt")
            }
        }
    }

    @Test("An empty folder")
    func empty() throws {
        var steps = NextSteps()
        steps.hook = NextSteps.Hook(
            startFile: "~/.bashrc", isInstalled: false)
        try expectScreens("empty", end: steps)
    }

    @Test("A first day with a few commands")
    func small() async throws {
        try await harness.store([
            #"{"command":"cargo build","duration_ms":8200,"success":true,"session_id":"s","timestamp":"2026-11-23T09:00:00Z"}"#,
            #"{"command":"cargo test","duration_ms":3100,"success":false,"error_category":"exit_101","session_id":"s","timestamp":"2026-11-23T09:01:00Z"}"#,
            #"{"command":"vim","session_id":"s","timestamp":"2026-11-23T09:02:00Z"}"#,
            #"{"event_type":"command_line","command":"cargo test","duration_ms":9000,"session_id":"s","timestamp":"2026-11-23T09:03:00Z"}"#,
        ])
        try expectScreens("small")
    }

    @Test("A month of forty thousand events of sixty commands")
    func large() async throws {
        var random = SeededGenerator(seed: 60)
        let lines = (0..<40_000).map { number in
            // Squared, so that some commands are frequent and most are not.
            let share = Double.random(in: 0..<1, using: &random)
            let command = Int(share * share * 60)
            let time = ReportHarness.now - Int64(40_000 - number) * 64_000
            let duration = Int(Double(20 + command * command * 10) * Double.random(in: 0.5...2, using: &random))
            let fails = Double.random(in: 0..<1, using: &random) < 0.05
            let outcome = fails ? #"false,"error_category":"exit_\#(command % 3 + 1)""# : "true"
            return
                #"{"command":"tool\#(command) run","timestamp":"\#(Timestamp.rfc3339(time))","duration_ms":\#(duration),"success":\#(outcome),"workspace":"w\#(command % 5)","session_id":"s\#(number / 400)"}"#
        }
        try await harness.store(lines)
        try expectScreens("large")
    }
}
