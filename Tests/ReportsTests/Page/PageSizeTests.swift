import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Reports

/// How large pages are.
struct PageSizeTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    /// A month with a number of commands, all of which ran on every day; the first ones often, so that their charts are full.
    private func storeMonth(commands: Int) async throws {
        var random = SeededGenerator(seed: 26)
        var lines: [String] = []
        for day in 0..<30 {
            let start = ReportHarness.now - Int64(day) * Timestamp.millisecondsPerDay
            for command in 0..<commands {
                for run in 0..<(command < 10 ? 24 : 1) {
                    let time = Timestamp.rfc3339(start - Int64(run) * 1_500_000 - Int64(command))
                    // Log-uniform from 10 ms to 17 minutes: every row of the heat map has runs.
                    let duration = Int(pow(10, Double.random(in: 1...6, using: &random)))
                    let fails = Int.random(in: 0..<5, using: &random) == 0
                    let category = "exit_\(Int.random(in: 1...8, using: &random))"
                    lines.append(
                        #"{"command":"subcommand number-\#(command)","timestamp":"\#(time)","duration_ms":\#(duration),"#
                            + #""session_id":"s\#(day)","success":\#(!fails),"error_category":"\#(category)"}"#)
                }
            }
        }
        try await harness.store(lines)
    }

    @Test(
        "A month with 50 commands makes at most 400 KB, with 500 at most 1.5 MB",
        arguments: [(50, 400_000), (500, 1_500_000)])
    func sizes(commands: Int, limit: Int) async throws {
        try await storeMonth(commands: commands)
        let report = try harness.source(.lastDays(30, now: ReportHarness.now)).page(.init(time: ReportHarness.now))
        #expect(report.usage.commands.count == commands && report.detailed.count == PageReport.mostDetailed)
        let page = PageRenderer.render(report)
        try PageFiles.keep(page, "commands-\(commands)")
        #expect(page.utf8.count <= limit, "\(page.utf8.count) bytes")
        #expect(try PageDocument(page).rows(after: "id", "table").count == commands)
    }
}
