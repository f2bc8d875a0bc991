import Core
import Database
import Foundation
import Reports
import SystemSupport
import TestSupport
import Testing

/// JSON is a contract: what is printed is held against the schemas in the repository.
struct ContractTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    private func expect(_ document: JSONValue, fits schema: String) throws {
        let text = String(decoding: try Repository.fixture(schema + ".schema.json"), as: UTF8.self)
        let complaints = try JSONSchema(text).complaints(about: JSONNode(document.document))
        #expect(complaints.isEmpty, "\(complaints.prefix(5))")
    }

    @Test("The dashboard and every list fit the schema, with data and without, compared and not, filtered and not")
    func stats() async throws {
        for isEmpty in [true, false] {
            if !isEmpty { try await harness.store(ReportHarness.lines("dashboard.ndjson")) }
            for window in [ReportWindow.allTime, .lastDays(7, now: ReportHarness.now)] {
                for filter in [ReportFilter(), ReportFilter(command: "swift build", failedOnly: true)] {
                    let source = try harness.source(window, filter: filter)
                    try expect(UsageJSON.of(source.dashboard(), top: 5), fits: "stats")
                    for kind in UsageBreakdown.Kind.allCases {
                        try expect(UsageJSON.of(source.breakdown(by: kind), top: nil), fits: "stats")
                    }
                }
            }
        }
    }

    @Test("Findings of every kind, and the lists, fit the schema")
    func insights() async throws {
        for insights in [try harness.insights(.allTime), Insights(EveryFinding.input)] {
            for focus in [InsightsRenderer.Focus.findings, .slow, .errors] {
                try expect(
                    InsightsJSON.of(insights, focus, window: .allTime, zone: "Europe/Berlin", top: 10), fits: "insights"
                )
            }
        }
    }

    @Test("The list of sessions and a timeline fit the schema")
    func sessions() async throws {
        try expect(SessionsReport([]).json, fits: "sessions")
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let reader = try #require(try StoreReader(data: harness.folder.data))
        let sessions = try reader.latestSessions(20)
        try expect(SessionsReport(sessions).json, fits: "sessions")
        let session = try #require(sessions.first)
        let (events, total) = try reader.events(ofSession: session.id, limit: 5)
        #expect(events.count == 5 && total > 5)
        try expect(SessionTimeline(session, events: events, total: total).json, fits: "sessions")
    }

    @Test("The list of runs fits the schema")
    func runs() async throws {
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let reader = try StoreReader(data: harness.folder.data)
        for order in [RunsReport.Order.latest, .slowest] {
            let filter = ReportFilter(command: "git")
            try expect(RunsReport(.allTime, filter: filter, order: order, limit: 5, from: reader).json(), fits: "runs")
        }
        try expect(
            RunsReport(.allTime, filter: ReportFilter(), order: .latest, limit: 5, from: nil).json(), fits: "runs")
    }

    @Test("A comparison fits the schema, with data and without")
    func compare() async throws {
        let condition = try #require(FailCondition("count > -100%"))
        for isEmpty in [true, false] {
            if !isEmpty { try await harness.store(ReportHarness.lines("dashboard.ndjson")) }
            let now = ReportHarness.now
            for word in ["7d", "2026-11-20", "2026-11-22..2026-11-23"] {
                let window = try ReportWindow.named(word, now: now)
                let later = try Comparison.Source(harness.folder.data, window)
                let earlier = try #require(later.before(window, now: now))
                let comparison = try Comparison(from: earlier, to: later, now: now)
                try expect(ComparisonJSON.of(comparison, [condition]), fits: "compare")
            }
        }
    }

    @Test("The documents of a week are the pinned examples, which fit the schemas")
    func examples() async throws {
        try await harness.store(ReportHarness.lines("dashboard.ndjson"))
        let window = ReportWindow.lastDays(7, now: ReportHarness.now)
        let reader = try StoreReader(data: harness.folder.data)
        let hashes = try ReportFilter.workspaces(in: harness.folder.data).sorted()
        let names = [hashes[0]: "webshop"]
        let source = UsageSource(reader: reader, window: window, now: ReportHarness.now, names: names)
        let later = try Comparison.Source(harness.folder.data, window)
        let earlier = try #require(later.before(window, now: ReportHarness.now))
        let runs = try RunsReport(
            window, filter: ReportFilter(), order: .latest, limit: 3, from: reader, names: names)
        let documents: [(name: String, schema: String, JSONValue)] = [
            ("stats", "stats", UsageJSON.of(try source.dashboard(), top: 3)),
            ("stats-workspaces", "stats", UsageJSON.of(try source.breakdown(by: .workspace), top: nil, names: true)),
            (
                "insights", "insights",
                InsightsJSON.of(
                    Insights(EveryFinding.input), .findings, window: .allTime, zone: "Europe/Berlin", top: 10)
            ),
            (
                "compare", "compare",
                ComparisonJSON.of(try Comparison(from: earlier, to: later, now: ReportHarness.now), [])
            ), ("runs", "runs", runs.json(names: true)),
        ]
        for (name, schema, document) in documents {
            try GoldenFile.expect(document.document, is: "examples/\(name).json")
            try expect(document, fits: schema)
        }
    }

    @Test("The schema check finds violations")
    func checkWorks() throws {
        let schema = try JSONSchema(
            #"{"type":"object","required":["a"],"additionalProperties":false,"properties":{"a":{"type":"integer","minimum":0}}}"#
        )
        #expect(schema.complaints(about: try JSONNode(#"{"a":1}"#)).isEmpty)
        for wrong in [#"{"a":-1}"#, #"{"a":1.5}"#, #"{}"#, #"{"a":1,"b":2}"#, #"[]"#, #"{"a":true}"#] {
            #expect(!schema.complaints(about: try JSONNode(wrong)).isEmpty, "\(wrong)")
        }
        let unknown = try JSONSchema(#"{"pattern":"x"}"#).complaints(about: .string("x"))
        #expect(!unknown.isEmpty)
    }
}
