import Core
import Database
import Reports
import SystemSupport
import TestSupport
import Testing

struct RunsReportTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    private func names(
        _ order: RunsReport.Order = .latest, _ filter: ReportFilter = ReportFilter(), limit: Int = 10
    ) throws -> [String] {
        let report = try RunsReport(
            .allTime, filter: filter, order: order, limit: limit, from: StoreReader(data: harness.folder.data))
        return report.csv().split(separator: "\r\n").dropFirst().map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            return "\(fields[3]) \(fields[4])"
        }
    }

    private func record() async throws {
        try await harness.store([
            #"{"command":"git status","timestamp":"2026-11-20T08:00:00Z","duration_ms":20,"success":true}"#,
            #"{"command":"make","timestamp":"2026-11-20T08:01:00Z","duration_ms":900,"success":false,"error_category":"exit_2"}"#,
            #"{"command":"git push","timestamp":"2026-11-20T08:02:00Z","duration_ms":700,"success":true}"#,
            #"{"command":"gitk","timestamp":"2026-11-20T08:03:00Z"}"#,
        ])
    }

    @Test("Runs are listed latest first, at most the given number, in any order of arrival")
    func latest() async throws {
        try await record()
        try await harness.store([
            #"{"command":"late","timestamp":"2026-11-20T08:00:30Z","duration_ms":5,"success":true}"#
        ])
        #expect(try names() == ["gitk ", "git push 700", "make 900", "late 5", "git status 20"])
        #expect(try names(limit: 2) == ["gitk ", "late 5"])
    }

    @Test("The slowest runs are those of the whole window, without runs of unknown duration")
    func slowest() async throws {
        try await record()
        try await harness.store(
            (0..<50).map { #"{"command":"ls","timestamp":"2026-11-21T08:00:00Z","duration_ms":\#($0)}"# })
        #expect(try names(.slowest, limit: 3) == ["make 900", "git push 700", "ls 49"])
    }

    @Test("Runs are commands and lines of commands; events of other kinds are left out")
    func kinds() async throws {
        try await harness.store([
            #"{"event_type":"workspace_created","timestamp":"2026-11-20T08:00:00Z","duration_ms":99999}"#,
            #"{"event_type":"command_line","command":"make","timestamp":"2026-11-20T08:01:00Z","duration_ms":2}"#,
            #"{"event_type":"deploy","command":"ship","timestamp":"2026-11-20T08:02:00Z","duration_ms":1}"#,
            #"{"event_type":"command","timestamp":"2026-11-20T08:03:00Z","duration_ms":3}"#,
        ])
        #expect(try names() == [" 3", "ship 1", "make 2"])
        #expect(try names(.slowest, limit: 1) == [" 3"])
        let screen = try RunsReport(
            .allTime, filter: ReportFilter(), order: .latest, limit: 10, from: StoreReader(data: harness.folder.data)
        ).text(TerminalStyle())
        #expect(screen.contains("make, …") && screen.contains("no command") && !screen.contains("workspace_created"))
    }

    @Test("A filter by command finds whole words, and one by failure only what failed")
    func filters() async throws {
        try await record()
        #expect(try names(.latest, ReportFilter(command: "git")) == ["git push 700", "git status 20"])
        #expect(try names(.latest, ReportFilter(failedOnly: true)) == ["make 900"])
    }

    @Test("The screen has a column for what any run has, and none for what no run has")
    func screen() async throws {
        try await record()
        let report = try RunsReport(
            .allTime, filter: ReportFilter(), order: .latest, limit: 10,
            from: StoreReader(data: harness.folder.data))
        let text = report.text(TerminalStyle())
        #expect(text.contains("2026-11-20 09:01:00") && text.contains("exit_2") && text.contains("OUTCOME"))
        #expect(!text.contains("WORKSPACE"))
        let empty = try RunsReport(.allTime, filter: ReportFilter(), order: .latest, limit: 10, from: nil)
        #expect(empty.text(TerminalStyle()).contains("Nothing recorded"))
    }
}
