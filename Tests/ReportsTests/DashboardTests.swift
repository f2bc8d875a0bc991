import EventModel
import Foundation
import Platform
import Reports
import Store
import TestSupport
import Testing

/// The zone is set once for all reports of this process: `localtime` reads it from the environment.
private let setZone: Void = {
    unsafe setenv("TZ", "Europe/Berlin", 1)
    tzset()
}()

@Suite(.serialized)
struct DashboardTests {
    private let folder: TemporaryFolder
    /// 2026-11-23T12:00:00Z.
    private let now: Int64 = 1_795_435_200_000

    init() throws {
        setZone
        folder = try TemporaryFolder()
    }

    private func report(_ lines: [String], _ window: ReportWindow) async throws -> UsageReport {
        var filler = BufferFiller(folder.data)
        try filler.append(lines)
        guard let lock = try WriterLock.acquire(in: folder.data) else { throw CocoaError(.fileLocking) }
        let writer = try SQLiteWriter(data: folder.data, lock: lock, clock: ManualWallClock(now))
        _ = try await writer.drain()
        try await writer.finish()
        return try UsageReport(window, from: StoreReader(data: folder.data))
    }

    private func fixture(_ name: String) throws -> String {
        String(decoding: try Repository.fixture(name), as: UTF8.self)
    }

    @Test("The dashboard of the golden stream is the golden screen, byte for byte")
    func golden() async throws {
        let lines = try fixture("dashboard.ndjson").split(separator: "\n").map(String.init)
        let report = try await report(lines, .lastDays(30, now: now))
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
        let screen = DashboardRenderer.render(report)
        #expect(screen.hasPrefix(box))
        #expect(try screen == fixture("dashboard.txt"))
        #expect(try JSONText.of(UsageJSON(report)) == fixture("dashboard.json"))
    }

    @Test("With nothing recorded the dashboard says so")
    func empty() async throws {
        let screen = DashboardRenderer.render(try UsageReport(.allTime, from: nil))
        #expect(screen.contains("Avg Session Length:    none"))
        #expect(screen.contains("Nothing recorded in this window."))
    }

    @Test("Days are those of the reader's time zone, also where summer time ends")
    func localDays() async throws {
        let lines = [
            "2026-10-24T21:59:59Z",  // 23:59:59 on the 24th in Berlin
            "2026-10-24T22:00:00Z",  // midnight
            "2026-10-25T22:59:59Z",  // the 25th has 25 hours
            "2026-10-25T23:00:00Z",
        ].map { #"{"command":"make","timestamp":"\#($0)"}"# }
        let days = try await report(lines, .allTime).days
        #expect(days.map(\.day.text) == ["2026-10-24", "2026-10-25", "2026-10-26"])
        #expect(days.map(\.activity.events) == [1, 2, 1])
    }

    @Test("A window takes in its first and its last day whole, and nothing else")
    func windows() async throws {
        let lines = (1...9).flatMap { day in
            ["00:00:00", "23:59:59"].map { #"{"command":"make","timestamp":"2026-06-0\#(day)T\#($0)+02:00"}"# }
        }
        let window = try #require(
            ReportWindow.between(ReportWindow.Day("2026-06-03"), ReportWindow.Day("2026-06-05")))
        let report = try await report(lines, window)
        #expect(report.totals.events == 6)
        #expect(report.covered?.first.text == "2026-06-03" && report.covered?.last.text == "2026-06-05")
    }

    @Test("Windows have the titles and first days that their names promise")
    func titles() throws {
        #expect(ReportWindow.lastDays(1, now: now).title == "Today")
        #expect(ReportWindow.lastDays(7, now: now).first?.text == "2026-11-17")
        #expect(ReportWindow.lastDays(30, now: now).first?.text == "2026-10-25")
        #expect(ReportWindow.between(ReportWindow.Day("2026-11-24"), ReportWindow.Day("2026-11-23")) == nil)
        for text in ["2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "yesterday", "", "2026-01-01x"] {
            #expect(ReportWindow.Day(text) == nil, "\(text)")
        }
        #expect(ReportWindow.Day("2028-02-29") != nil)
    }

    @Test(
        "Durations show their two largest units",
        arguments: [
            (0, "0ms"), (999, "999ms"), (1000, "1s"), (59_499, "59s"), (60_000, "1m 0s"), (3_599_000, "59m 59s"),
            (3_600_000, "1h 0m"), (8_100_000, "2h 15m"), (86_400_000, "1d 0h"), (183_600_000, "2d 3h"),
        ])
    func durations(milliseconds: Int64, text: String) {
        #expect(DashboardRenderer.duration(milliseconds) == text)
    }
}
