import Application
import Core
import Database
import DatabaseTesting
import Foundation
import Reports
import SystemSupport
import TestSupport
import Testing

@testable import History

/// Reports on imported histories.
struct HistoryReportTests {
    private let harness: HistoryHarness
    /// The time of the harness's clock, in seconds since 1970.
    private static let now = 1_800_000_000
    private static let day = 86_400

    private var data: DataFolder { harness.data }

    init() throws {
        harness = try HistoryHarness()
    }

    /// Twenty runs a day for ten days that end `daysAgo` days ago: of about a second each, or of five.
    private func runs(until daysAgo: Int, slow: Bool) -> [(second: Int, milliseconds: Int)] {
        (0..<200).map { index in
            (
                Self.now - (daysAgo + 10) * Self.day + index * Self.day / 20,
                (slow ? 5000 : 1000) + index * 37 % 200
            )
        }
    }

    private func record(_ runs: [(second: Int, milliseconds: Int)]) async throws {
        var filler = BufferFiller(data)
        try filler.append(
            runs.map {
                #"{"command":"make","timestamp":\#($0.second * 1000),"duration_ms":\#($0.milliseconds),"success":true,"session_id":"shell-0000-1-1"}"#
            })
        let writer = try SQLiteWriter(data: data, lock: try harness.lock())
        _ = try await writer.drain()
        try await writer.finish()
        await writer.close()
    }

    private func importRuns(_ runs: [(second: Int, milliseconds: Int)]) async throws {
        try AtuinTests.make(
            harness.path("atuin"),
            runs.enumerated().map {
                AtuinTests.row(
                    $0, seconds: Int64($1.second), duration: Int64($1.milliseconds) * 1_000_000, exit: 0, "make")
            }.joined())
        #expect(try await harness.take(.atuin, "atuin").imported == runs.count)
    }

    private func findings() throws -> [Finding] {
        Insights(try InsightsInput(.allTime, from: StoreReader(data: data))).findings
    }

    @Test("A change where recording begins after an imported history is no finding; one inside of either is")
    func findingsAtTheEnd() async throws {
        let recorded = try HistoryReportTests()
        try await recorded.record(runs(until: 10, slow: false) + runs(until: 0, slow: true))
        #expect(try recorded.findings().contains { $0.kind == .slower })

        let inside = try HistoryReportTests()
        try await inside.importRuns(runs(until: 10, slow: false) + runs(until: 0, slow: true))
        #expect(try inside.findings().contains { $0.kind == .slower })

        try await record(runs(until: 0, slow: true))
        try await importRuns(runs(until: 10, slow: false))
        #expect(try findings().isEmpty)
    }

    @Test("A comparison leaves out runs before the end of an imported history, and prints so")
    func comparison() async throws {
        try await record(runs(until: 0, slow: true))
        try await importRuns(runs(until: 10, slow: false))
        let now = Int64(Self.now) * 1000
        let reader = try StoreReader(data: data)
        func source(_ from: Int, _ until: Int) throws -> Comparison.Source {
            let range = now - Int64(from * Self.day) * 1000..<now - Int64(until * Self.day) * 1000
            return Comparison.Source(reader, title: "\(from)", range: range)
        }
        let comparison = try Comparison(from: source(20, 10), to: source(10, 0), now: now)
        #expect(comparison.recordedSince != nil && comparison.namesSince == nil && !comparison.isComparable)
        let text = ComparisonRenderer.render(comparison, [], top: 10, TerminalStyle())
        #expect(text.contains("An imported history ends on"), "\(text)")
        #expect(try Comparison(from: source(5, 3), to: source(3, 0), now: now).recordedSince == nil)
    }
}
