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

    @Test("A long line is recorded under its name, with any number of statuses", arguments: [0, 1, 20, 64, 1000])
    func longLines(statuses: Int) async throws {
        let fixture = try TelemetryFixture()
        let lengths = [3000, 3999, 4000, 4001, 4096, 5000]
        for (length, letter) in lengths.flatMap({ length in ["x", "ä", "😀"].map { (length, $0) } }) {
            var line = "make "
            while line.utf8.count < length { line += letter }
            let run = ShellLineRun(line, exitStatus: 2, pipeStatus: Array(repeating: 255, count: statuses))
            #expect(fixture.telemetry.record(.shellLine(run)) == .recorded)
        }
        try await fixture.telemetry.flush()
        let recorded = try fixture.recorded
        #expect(fixture.telemetry.counters.rejected.isEmpty)
        #expect(recorded.commands.count == lengths.count * 3 && recorded.commands.allSatisfy { $0.hasPrefix("make") })
    }
}
