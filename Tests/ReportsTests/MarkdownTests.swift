import Core
import Database
import Reports
import SystemSupport
import TestSupport
import Testing

struct MarkdownTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    @Test("The dashboard and a list as Markdown are the golden documents")
    func golden() async throws {
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let week = try harness.source(.lastDays(7, now: ReportHarness.now))
        try GoldenFile.expect(MarkdownReport.of(week.dashboard(), top: 5), is: "screens/stats-week.md")
        try GoldenFile.expect(
            MarkdownReport.of(week.breakdown(by: .workspace), top: 5, names: false), is: "screens/stats-workspaces.md")
        try GoldenFile.expect(
            MarkdownReport.of(
                Insights(EveryFinding.input), .findings, window: .allTime, zone: "Europe/Berlin", top: 10),
            is: "screens/insights.md")
    }

    /// Texts that would be markup, a link, a mention or HTML. Recorded names have fewer characters; the escaping does not rely
    /// on that.
    private static let hostile = [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://a.b/c)",
        "a|b", "a\\|b", "`code`", "``", "**bold**", "_emphasis_", "~~no~~", "# title", "- item", "1. item", "&lt;",
        "&#60;",
        "http://evil.example", "www.evil.example", "a@b.example", "@everyone", ":smile:", "$x$", "\u{1B}[2J", "a\nb",
        "\u{202E}evil", "<!-- x", "|---|", "x\r\n## y",
    ]

    @Test("No text from outside is markup in Markdown", arguments: hostile)
    func escaped(text: String) {
        var input = InsightsInput()
        input.totals = [
            CommandHistory(command: text, cells: [.init(start: 0, succeeded: 0, failed: 9, latency: Self.latency)])
        ]
        input.failures = [.init(command: text, category: text, count: 9, first: 0, last: 0)]
        let insights = Insights(input)
        for focus in [InsightsRenderer.Focus.findings, .slow, .errors] {
            let document = MarkdownReport.of(insights, focus, window: .allTime, zone: text, top: 10)
            for line in document.split(separator: "\n") where line.first == "|" {
                // As many cells as the titles have: no text ends one.
                #expect(line.last == "|" && !line.contains("\\"), "\(line)")
            }
            let body = document.replacing("&#8288;", with: "")
            for forbidden in ["<", "](", "`", "**", "~~", "://", "www.", "\u{1B}", "\u{202E}", "\r", "$x$", ":smile:"] {
                #expect(!body.contains(forbidden), "\(focus): \(forbidden) in \(body)")
            }
            let isMention = document.contains("@")
            #expect(!isMention)
            // Tables keep their columns.
            let tables = document.split(separator: "\n\n").filter { $0.hasPrefix("|") }
            for table in tables {
                let widths = Set(table.split(separator: "\n").map { $0.count { $0 == "|" } })
                #expect(widths.count == 1, "\(table)")
            }
        }
    }

    private static let latency: LatencyHistogram = {
        var latency = LatencyHistogram()
        latency.record(1000, times: 30)
        return latency
    }()

    @Test("A finding's command is code that its name cannot end")
    func code() {
        var input = InsightsInput()
        input.runs = (0..<60).map {
            RunRecord(timestamp: Int64($0) * 1000, session: "s", command: "a`b|c<d", success: $0 < 30, durationMS: 10)
        }
        let document = MarkdownReport.of(Insights(input), .findings, window: .allTime, zone: "UTC", top: 10)
        #expect(
            document.contains("<code>nexus stats --by day --command &#39;a&#96;b&#124;c&#60;d&#39;</code>"),
            "\(document)")
        #expect(!document.contains("`"))
    }

    @Test("The slowdown that cost the most time is first, and stays if only one is listed")
    func orderOfSlowdowns() throws {
        func history(_ command: String, _ before: Int64, _ after: Int64) -> CommandHistory {
            CommandHistory(
                command: command,
                cells: (0..<240).map { hour in
                    var latency = LatencyHistogram()
                    latency.record((hour < 200 ? before : after) + Int64(hour * 7919 % 97))
                    return .init(start: Int64(hour) * 3_600_000, succeeded: 1, failed: 0, latency: latency)
                })
        }
        var input = InsightsInput()
        input.histories = [history("long", 10_000, 13_000), history("short", 1000, 9000)]
        let insights = Insights(input)
        #expect(insights.slowdowns.map(\.command) == ["short", "long"])
        let document = MarkdownReport.of(insights, .slow, window: .allTime, zone: "UTC", top: 1)
        let section = try #require(document.split(separator: "###").first { $0.contains("Became Slower") })
        #expect(section.contains("short became") && !section.contains("long became"), "\(section)")
    }

    @Test("Characters that mean nothing in Markdown stay as they are")
    func readable() async throws {
        try await harness.store([#"{"command":"npm run build_all","success":false,"error_category":"exit_1"}"#])
        let document = MarkdownReport.of(try harness.source(.allTime).dashboard(), top: 10)
        #expect(document.contains("| npm run build_all | 1 |") && document.contains("| exit_1 | 1 |"), "\(document)")
    }
}
