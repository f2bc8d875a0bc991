import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Intake
import SystemSupport
import TestSupport
import Testing

@testable import History

/// The import of test reports.
struct ReportImportTests {
    private let harness: HistoryHarness

    private var data: DataFolder { harness.data }

    init() throws {
        harness = try HistoryHarness()
    }

    private func take(_ source: HistorySource, _ text: String) async throws -> HistorySummary {
        try harness.write("source", text)
        return try await harness.take(source, "source")
    }

    private func report(_ suites: [String], failing: Int = 0) -> String {
        let texts = suites.enumerated().map { index, name in
            """
            <testsuite name="\(name)" timestamp="2023-11-14T22:13:20" time="1.5" failures="\(index < failing ? 1 : 0)">
            <testcase classname="acme.\(name)" name="secretCase"/></testsuite>
            """
        }
        return "<testsuites>" + texts.joined() + "</testsuites>"
    }

    @Test("A suite is a completed task under the hash of its name, once, and its names are in no file")
    func tasks() async throws {
        #expect(try await take(.junit, report(["AcmeCart", "AcmeOrders"], failing: 1)).imported == 2)
        let again = try await take(.junit, report(["AcmeCart", "AcmeOrders", "AcmeNew"], failing: 1))
        #expect(again.imported == 1 && again.skipped == [.known: 2])
        let key = try #require(try HashKey.existing(in: data))
        let rows = try Tables(data).rows(
            "SELECT timestamp, event_type, task_hash, command, duration_ms, success FROM events ORDER BY id"
        ).map { row in row.databaseValues.map { $0.isNull ? "-" : "\($0)" }.joined(separator: "|") }
        try #require(rows.count == 3)
        #expect(rows[0].contains("2023-11-14 22:13:20.000") && rows[0].contains("task_completed"))
        for (row, name) in zip(rows, ["AcmeCart", "AcmeOrders", "AcmeNew"]) {
            #expect(row.contains(key.hash(ofName: name)) && row.contains("|-|1500|"), "\(row)")
        }
        #expect(
            rows.map { $0.hasSuffix("|0") } == [true, false, false])
        for name in try data.folder.names() {
            let bytes = FileManager.default.contents(atPath: data.folder.path(of: name)) ?? Data()
            for word in ["Acme", "acme.", "secretCase"] {
                #expect(bytes.range(of: Data(word.utf8)) == nil, "\(word) in \(name)")
            }
        }
    }

    @Test(
        "Many suites of one second are believed, a list of different names is no lower bound, and findings cross its end"
    )
    func bounds() async throws {
        let summary = try await take(.junit, report((0..<400).map { "Suite\($0)" }))
        #expect(summary.imported == 400 && !summary.isLowerBound)
        #expect(try await take(.zsh, ": 1600000000:0;ls\n: 1600000100:0;ls\n").imported == 2)
        // The end of zsh's history counts, that of the report does not.
        #expect(try StoreReader(data: data)?.historyChange() == 1_600_000_100_001)
    }

    @Test("Suites from after the first recorded shell are imported, as the hook does not record them")
    func recorded() async throws {
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"make","timestamp":1690000000000,"session_id":"shell-0000-1-1"}"#])
        #expect(try await take(.junit, report(["A"])).imported == 1)
        #expect(try await take(.zsh, ": 1690000000:0;make\n: 1700000000:0;ls\n").skipped == [.recorded: 2])
    }
}
