import Core
import Database
import Reports
import TestSupport
import Testing

struct OrderTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    private func store() async throws {
        var lines: [String] = []
        for (command, count, duration) in [("make", 5, 100), ("cargo build", 3, 9000), ("git status", 9, 10)] {
            for run in 0..<count {
                let success = command != "make" || run > 2
                lines.append(#"{"command":"\#(command)","duration_ms":\#(duration),"success":\#(success)}"#)
            }
        }
        try await harness.store(lines + [#"{"command":"vim"}"#])
    }

    private func source(_ order: UsageOrder) throws -> UsageSource {
        UsageSource(
            reader: try StoreReader(data: harness.folder.data), window: .allTime, now: ReportHarness.now, order: order)
    }

    @Test(
        "A list is sorted by any figure, the largest first, and by name",
        arguments: [
            (UsageOrder.Sort.total, ["cargo build", "make", "git status", "vim"]),
            (.count, ["git status", "make", "cargo build", "vim"]),
            (.p50, ["cargo build", "make", "git status", "vim"]), (.p95, ["cargo build", "make", "git status", "vim"]),
            (.failed, ["make", "cargo build", "git status", "vim"]),
            (.name, ["cargo build", "git status", "make", "vim"]),
        ])
    func sorted(by sort: UsageOrder.Sort, names: [String]) async throws {
        try await store()
        let source = try source(UsageOrder(sort: sort))
        #expect(try source.breakdown(by: .command).rows.map(\.name) == names)
        #expect(try source.dashboard().commands.map(\.name) == names)
    }

    @Test("Rows below --min-count are left out of a list, and summed up on the dashboard")
    func minCount() async throws {
        try await store()
        let source = try source(UsageOrder(minCount: 5))
        #expect(try source.breakdown(by: .command).rows.map(\.name) == ["git status", "make"])
        let screen = DashboardRenderer.render(try source.dashboard(), top: 10, TerminalStyle())
        #expect(screen.contains("2 more (--top)") && !screen.contains("vim"), "\(screen)")
    }

    @Test("The table of the dashboard adds up: unlisted commands, lines and events without a command have rows")
    func addsUp() async throws {
        try await store()
        try await harness.store([
            #"{"event_type":"workspace_created"}"#, #"{"event_type":"task_completed","success":false}"#,
            #"{"event_type":"command_line","command":"make","duration_ms":50}"#,
        ])
        let report = try source(UsageOrder()).dashboard()
        let screen = DashboardRenderer.render(report, top: 2, TerminalStyle(columns: 120))
        let lines = screen.split(separator: "\n").map(String.init)
        let title = try #require(lines.firstIndex { $0.contains("Busiest Commands") })
        let rows = lines[(title + 2)...].prefix { !$0.contains("Failures by Category") }
        let counts = rows.compactMap { line -> Int? in
            // The count is the first column after the name.
            line.split(separator: "  ").dropFirst().first.flatMap { Int($0.trimmingPrefix(" ")) }
        }
        #expect(rows.count == 4 && counts.reduce(0, +) == report.totals.events, "\(screen)")
        #expect(rows.contains { $0.contains("3 more (--top)") } && rows.contains { $0.contains("no command") })
    }

    @Test("Failures are listed by category with the commands that failed so, and add up to all failures")
    func categories() async throws {
        try await harness.store([
            #"{"command":"make","success":false,"error_category":"exit_2"}"#,
            #"{"command":"make","success":false,"error_category":"exit_2"}"#,
            #"{"command":"cargo test","success":false,"error_category":"exit_2"}"#,
            #"{"command":"npm test","success":false}"#, #"{"event_type":"task_completed","success":false}"#,
        ])
        let screen = DashboardRenderer.render(try source(UsageOrder()).dashboard(), top: 10, TerminalStyle())
        #expect(screen.contains("exit_2           3  make, cargo test"), "\(screen)")
        #expect(screen.contains("no category      2  "), "\(screen)")
    }
}
