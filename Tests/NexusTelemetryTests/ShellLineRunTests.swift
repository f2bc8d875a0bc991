import Core
import Intake
import TestSupport
import Testing

@testable import NexusTelemetry

struct ShellLineRunTests {
    @Test("A Swift program makes the event of every line of the table")
    func table() async throws {
        let fixture = try TelemetryFixture(bufferBytes: 8 * 1024 * 1024)
        let rows = try ShellLineRow.all().flatMap { row in row.shells.map { (row, $0) } }
        for (row, shell) in rows {
            let run = ShellLineRun(
                row.line, shell: try #require(ShellLineRun.Shell(rawValue: shell.rawValue)),
                exitStatus: row.result.status,
                pipeStatus: row.result.pipeStatus, folderChanged: row.result.folderChanged)
            let event = TelemetryEvent.shellLine(
                run, duration: .milliseconds(row.durationMS), success: row.result.success)
            #expect(fixture.telemetry.record(event) == .recorded)
        }
        try await fixture.telemetry.flush()
        let expected = rows.compactMap(\.0.event)
        let recorded = try fixture.recorded
        #expect(recorded.commands == expected.map(\.command))
        #expect(recorded.records.map(\.success) == expected.map(\.success))
        #expect(recorded.records.map { $0.durationMS != nil } == expected.map(\.keepsDuration))
        #expect(fixture.telemetry.counters.rejected[.noCommand] == rows.count - expected.count)
    }
}
