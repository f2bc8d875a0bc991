import Core
import Database
import Foundation
import Intake
import Reports
import SystemSupport
import TestSupport
import Testing

struct DashboardTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    private func screen(_ window: ReportWindow, _ style: TerminalStyle = TerminalStyle()) throws -> String {
        DashboardRenderer.render(try harness.source(window).dashboard(), top: 10, style)
    }

    @Test("The dashboard of the golden stream is the golden screen, byte for byte", arguments: [60, 80, 120])
    func golden(columns: Int) async throws {
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let box = """
            ╔══════════════════════════════════════════════════════════╗
            ║  Nexus Usage Analytics (Last 30 Days)                    ║
            ╠══════════════════════════════════════════════════════════╣
            ║  Workspaces Created:    12                               ║
            ║  Tasks Completed:       47                               ║
            ║  Avg Session Length:    2h 15m                           ║
            ║  Success Rate:          94%                              ║
            ╚══════════════════════════════════════════════════════════╝

            """
        let month = try screen(.lastDays(30, now: ReportHarness.now), TerminalStyle(columns: columns))
        #expect(month.hasPrefix(box))
        try GoldenFile.expect(month, is: "screens/stats-month-\(columns).txt")
        let week = try screen(.lastDays(7, now: ReportHarness.now), TerminalStyle(columns: columns))
        try GoldenFile.expect(week, is: "screens/stats-week-\(columns).txt")
    }

    @Test("A dumb terminal gets the same in ASCII")
    func plain() async throws {
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let plain = try screen(.lastDays(7, now: ReportHarness.now), TerminalStyle(isPlain: true))
        let isASCII = plain.utf8.allSatisfy { $0 < 0x80 }
        #expect(isASCII)
        try GoldenFile.expect(plain, is: "screens/stats-week-plain.txt")
    }

    @Test("No line is wider than a terminal of any width", arguments: [40, 47, 60, 80, 133, 200])
    func widths(columns: Int) async throws {
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let style = TerminalStyle(columns: columns)
        var screens = [try screen(.allTime, style), try screen(.lastDays(7, now: ReportHarness.now), style)]
        for kind in UsageBreakdown.Kind.allCases {
            screens.append(
                BreakdownRenderer.render(try harness.source(.allTime).breakdown(by: kind), top: 20, style))
        }
        for focus in [InsightsRenderer.Focus.findings, .slow, .errors] {
            screens.append(
                InsightsRenderer.render(
                    try harness.insights(.allTime), focus, window: .allTime, zone: "Europe/Berlin", top: 10, style))
        }
        for line in screens.flatMap({ $0.split(separator: "\n") }) {
            let width = String(line).displayWidth
            #expect(width <= columns, "\(line)")
        }
    }

    @Test("The dashboard without events says so")
    func empty() throws {
        let screen = try screen(.allTime)
        #expect(screen.contains("Avg Session Length:    none"))
        #expect(screen.contains("Nothing recorded in this window."))
    }

    @Test("Days are those of the reader's time zone, also where summer time ends")
    func localDays() async throws {
        try await harness.store(
            [
                "2026-10-24T21:59:59Z",  // 23:59:59 on the 24th in Berlin
                "2026-10-24T22:00:00Z",  // midnight
                "2026-10-25T22:59:59Z",  // the 25th has 25 hours
                "2026-10-25T23:00:00Z",
            ].map { #"{"command":"make","timestamp":"\#($0)"}"# })
        let days = try harness.source(.allTime).dashboard().days
        #expect(days.map(\.day.text) == ["2026-10-24", "2026-10-25", "2026-10-26"])
        #expect(days.map(\.activity.events) == [1, 2, 1])
        let hours = try harness.source(.allTime).breakdown(by: .hour).rows
        #expect(hours.count == 24 && hours[23].count == 2 && hours[0].count == 2)
    }

    @Test("A window has its first and its last day whole, and nothing else")
    func windows() async throws {
        try await harness.store(
            (1...9).flatMap { day in
                ["00:00:00", "23:59:59"].map { #"{"command":"make","timestamp":"2026-06-0\#(day)T\#($0)+02:00"}"# }
            })
        let window = try #require(
            ReportWindow.between(ReportWindow.Day("2026-06-03"), ReportWindow.Day("2026-06-05")))
        let report = try harness.source(window).dashboard()
        #expect(report.totals.events == 6)
        #expect(report.covered?.first.text == "2026-06-03" && report.covered?.last.text == "2026-06-05")
        // The three days before hold the 31st of May, in which nothing was recorded, and two others.
        #expect(report.activityBefore?.events == 4)
        #expect(report.commands.first?.before == 4)
    }

    @Test("Windows have the titles and first days that their names promise")
    func titles() throws {
        let now = ReportHarness.now
        #expect(ReportWindow.lastDays(1, now: now).title == "Today")
        #expect(ReportWindow.lastDays(7, now: now).first?.text == "2026-11-17")
        #expect(ReportWindow.lastDays(30, now: now).first?.text == "2026-10-25")
        #expect(ReportWindow.between(ReportWindow.Day("2026-11-24"), ReportWindow.Day("2026-11-23")) == nil)
        for text in ["2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "yesterday", "", "2026-01-01x", "2026-+1-+1"] {
            #expect(ReportWindow.Day(text) == nil, "\(text)")
        }
        #expect(ReportWindow.Day("2028-02-29") != nil)
    }

    @Test(
        "A window is compared with as many days before, up to the same time of day, also across the end of summer time")
    func windowBefore() throws {
        let now = ReportHarness.now
        func before(_ window: ReportWindow?) -> [String] {
            guard let range = window?.before(now: now) else { return [] }
            return [range.lowerBound, range.upperBound].map {
                LocalCalendar.day(of: $0).text + " " + LocalCalendar.timeOfDay(of: $0)
            }
        }
        // Now is 13:00 in Berlin.
        #expect(before(.lastDays(1, now: now)) == ["2026-11-22 00:00:00", "2026-11-22 13:00:00"])
        #expect(before(.lastDays(7, now: now)) == ["2026-11-10 00:00:00", "2026-11-16 13:00:00"])
        #expect(before(.lastDays(30, now: now)) == ["2026-09-25 00:00:00", "2026-10-24 13:00:00"])
        let march = ReportWindow.between(ReportWindow.Day("2026-03-29"), ReportWindow.Day("2026-03-30"))
        #expect(before(march) == ["2026-03-27 00:00:00", "2026-03-29 00:00:00"])
        #expect(ReportWindow.allTime.before(now: now) == nil)
        #expect(ReportWindow.between(nil, ReportWindow.Day("2026-03-30"))?.before(now: now) == nil)
        #expect(before(ReportWindow.between(ReportWindow.Day("2026-11-20"), nil)).last == "2026-11-19 13:00:00")
    }

    @Test("A line of several commands has a row of its own and no part in its first command's durations or findings")
    func commandLines() async throws {
        try await harness.store(
            (0..<80).flatMap { run in
                let time = Timestamp.rfc3339(ReportHarness.now - Int64(100 - run) * 3_600_000)
                let slow = run < 40 ? 1000 : 9000
                return [
                    #"{"command":"make","timestamp":"\#(time)","duration_ms":100,"success":true}"#,
                    #"{"event_type":"command_line","command":"make","timestamp":"\#(time)","duration_ms":\#(slow)}"#,
                ]
            })
        let report = try harness.source(.allTime).dashboard()
        #expect(report.commands.map(\.name) == ["make", "make, …"] && report.commands.map(\.count) == [80, 80])
        #expect(report.commands[0].totalMS == 8000 && report.commands[1].totalMS == 400_000)
        #expect(report.findings.isEmpty && report.unnamed == 0)
        #expect(try harness.insights(.allTime).findings.isEmpty)
        let plain = DashboardRenderer.render(report, top: 10, TerminalStyle(isPlain: true))
        #expect(plain.contains("make, ..."))
        let rows = try harness.source(.allTime, filter: ReportFilter(command: "make")).breakdown(by: .command).rows
        #expect(Set(rows.map(\.name)) == ["make", "make, …"])
    }

    @Test("An interrupted run counts, but neither its duration nor its outcome does")
    func interrupted() async throws {
        try await harness.store([
            #"{"command":"make","duration_ms":100,"success":true}"#,
            #"{"command":"make","duration_ms":90000,"error_category":"interrupted"}"#,
        ])
        let make = try #require(try harness.source(.allTime).dashboard().commands.first)
        #expect(make.count == 2 && make.totalMS == 100 && make.successRate == 1)
        #expect(make.p95 == 100)
    }

    @Test("Lists by everything count what was recorded")
    func lists() async throws {
        try await harness.store([
            #"{"command":"make","duration_ms":100,"success":true,"workspace":"a","session_id":"s1"}"#,
            #"{"command":"make","duration_ms":300,"success":false,"error_category":"exit_2","session_id":"s1"}"#,
            #"{"command":"ls","duration_ms":5,"success":true,"workspace":"a","task":"t","session_id":"s2"}"#,
            #"{"event_type":"workspace_created","template_used":"web","services_count":2,"session_id":"s2"}"#,
        ])
        func names(_ kind: UsageBreakdown.Kind, _ filter: ReportFilter = ReportFilter()) throws -> [String] {
            try harness.source(.allTime, filter: filter).breakdown(by: kind).rows.map { "\($0.name) \($0.count)" }
        }
        #expect(try names(.command) == ["make 2", "ls 1"])
        #expect(try names(.error) == ["exit_2 1"])
        #expect(try names(.template) == ["web 1"])
        #expect(try names(.session) == ["s1 2", "s2 1"])
        #expect(try names(.task).count == 1)
        let hash = BufferFiller.key.hash(ofName: "a")
        #expect(try names(.workspace) == ["\(hash) 2"])
        var only = ReportFilter(workspace: "a")
        only.workspaceHash = hash
        #expect(try names(.command, only) == ["ls 1", "make 1"])
        #expect(try names(.command, ReportFilter(failedOnly: true)) == ["make 1"])
        #expect(try names(.session, ReportFilter(command: "ls")) == ["s2 1"])
        let make = try harness.source(.allTime).breakdown(by: .command).rows[0]
        #expect(make.totalMS == 400 && make.succeeded == 1 && make.failed == 1)
    }
}
