import Core
import Crypto
import Database
import Foundation
import Rollups
import SystemSupport
import TestSupport
import Testing

@testable import Reports

/// What is in a page, and that its figures are those of the other reports.
struct PageTests {
    private let harness: ReportHarness
    private let month = ReportWindow.lastDays(30, now: ReportHarness.now)

    init() throws {
        harness = try ReportHarness()
    }

    private func page(
        _ window: ReportWindow, filter: ReportFilter = ReportFilter(),
        _ change: (inout PageReport.Making) -> Void = { _ in }
    ) throws -> (report: PageReport, document: PageDocument) {
        var making = PageReport.Making(time: ReportHarness.now)
        change(&making)
        let report = try harness.source(window, filter: filter).page(making)
        let html = PageRenderer.render(report)
        if making.refreshSeconds == nil {
            try PageFiles.keep(html, window.title + (report.usage.findings.isEmpty ? "" : " planted"))
        }
        return (report, try PageDocument(html))
    }

    private func storePlanted() async throws { try await harness.store(PlantedMonth.lines(changed: true)) }

    @Test("The figures of a page are those of 'stats --json'")
    func figures() async throws {
        try await storePlanted()
        let (report, document) = try page(month)
        let dashboard = try harness.source(month).dashboard()
        #expect(report.usage == dashboard)
        let json = try JSONNode(UsageJSON.of(dashboard, top: 1000).document)
        let rows = document.rows(after: "id", "table")
        #expect(rows.count == 3)
        for (index, row) in rows.enumerated() {
            let command = try #require(json["commands"]?[index])
            #expect(command["name"] == .string(row.texts[0]))
            // Without a window before: count, success rate, p50, p95, total.
            let keys = ["count", "success_rate", "p50_ms", "p95_ms", "total_ms"]
            for (key, number) in zip(keys, row.numbers.dropFirst(2)) {
                #expect(try command[key] == number.map { try JSONNode($0) }, "\(key) of \(row.texts)")
            }
        }
        for (figure, text) in zip(DashboardRenderer.figures(dashboard), document.texts("dd")) {
            #expect(figure.value == text)
        }
        let days = document.rows(after: "id", "calendar")
        #expect(days.count == PlantedMonth.days)
        for (index, row) in days.enumerated() {
            let day = try #require(json["days"]?[index])
            #expect(day["date"] == .string(row.texts[0]) && day["events"] == .integer(Int64(row.texts[1]) ?? -1))
            #expect(day["failed"] == .integer(Int64(row.texts[3]) ?? -1))
        }
    }

    @Test("A figure with a window before has its count there, and its clear changes")
    func changes() async throws {
        try await storePlanted()
        let window = try #require(ReportWindow.between(ReportWindow.Day("2026-11-14"), ReportWindow.Day("2026-11-20")))
        let (report, document) = try page(window)
        let row = try #require(document.rows(after: "id", "table").first { $0.texts[0] == "cargo build" })
        let usage = try #require(report.usage.commands.first { $0.name == "cargo build" })
        let ratio = try #require(usage.change?.medianRatio)
        #expect(row.numbers[3] == usage.before.map { String($0) })
        #expect(row.numbers[7] == String(NumberText.rounded(ratio)), "\(row)")
        let comparison = document.rows(after: "id", "compare")
        #expect(
            comparison.map { $0.texts[0] }.sorted() == ["cargo build", "cargo test", "git status"], "\(comparison)")
        #expect(comparison[0].texts.contains { $0.contains(" → ") })
    }

    @Test("The two planted changes are the first findings of the document, each with its chart and the change marked")
    func planted() async throws {
        try await storePlanted()
        for window in [month, .lastDays(7, now: ReportHarness.now), .lastDays(1, now: ReportHarness.now), .allTime] {
            let (report, document) = try page(window)
            let sections = document.tokens.indices.filter {
                document.tokens[$0] == .start("section", ["class": "finding"])
            }
            #expect(sections.count == report.usage.findings.count && sections.count == 2, "\(window.title)")
            for (index, command) in zip(sections, ["cargo build", "cargo test"]) {
                let end = try #require(document.tokens[index...].firstIndex(of: .end("section")))
                let tokens = document.tokens[index..<end]
                #expect(tokens.dropFirst(2).first == .text(command), "\(window.title)")
                let kinds = tokens.compactMap { token in
                    if case .start("path", let attributes) = token { attributes["class"] } else { nil }
                }
                #expect(kinds.contains("band") && kinds.contains("median") && kinds.contains("change"), "\(kinds)")
                #expect(kinds.contains("bad") == (command == "cargo test"))
            }
            let first = try #require(
                document.elements("section").first { $0["class"] == "finding" || $0["id"] == "commands" })
            #expect(first["class"] == "finding", "before the table of commands")
        }
    }

    @Test("Every chart has a role, a title, a description and its figures in a table")
    func accessible() async throws {
        try await storePlanted()
        let (_, document) = try page(month)
        let pictures = document.elements("svg").filter { $0["aria-hidden"] == nil }
        #expect(pictures.count == document.elements("figure").count && pictures.count > 10)
        let ids = Set(
            document.tokens.compactMap { token -> String? in
                if case .start(_, let attributes) = token { attributes["id"] } else { nil }
            })
        for picture in pictures {
            #expect(picture["role"] == "img")
            let labels = try #require(picture["aria-labelledby"]).split(separator: " ").map(String.init)
            #expect(labels.count == 2 && labels.allSatisfy(ids.contains))
        }
        #expect(document.texts("desc").count == pictures.count && document.texts("desc").allSatisfy { $0.count > 20 })
        let figures = document.tokens.split { $0 == .end("figure") }.dropLast()
        for figure in figures { #expect(figure.contains(.start("tbody", [:]))) }
    }

    @Test("An identifier is in a page once, and every link leads to one")
    func links() async throws {
        try await storePlanted()
        let (_, document) = try page(month)
        let ids = document.tokens.compactMap { token -> String? in
            if case .start(_, let attributes) = token { attributes["id"] } else { nil }
        }
        #expect(Set(ids).count == ids.count)
        for link in document.elements("a") {
            let target = try #require(link["href"])
            #expect(target.hasPrefix("#") && ids.contains(String(target.dropFirst())), "\(target)")
        }
    }

    @Test("The policy allows the page's own style and script alone, by their hashes, and nothing is loaded")
    func policy() async throws {
        try await storePlanted()
        let (_, document) = try page(month)
        let policy = try #require(
            document.elements("meta").first { $0["http-equiv"] == "Content-Security-Policy" }?["content"])
        func hash(_ text: String) -> String {
            "'sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString() + "'"
        }
        let (style, script) = (document.texts("style"), document.texts("script"))
        #expect(style.count == 1 && script.count == 1)
        #expect(
            policy
                == "default-src 'none'; script-src \(hash(script[0])); style-src \(hash(style[0])); base-uri 'none'; "
                + "form-action 'none'")
        let elements = Set(Markup.Element.allCases.map(\.rawValue))
        let attributes = Set(Markup.Attribute.allCases.map(\.rawValue))
        for token in document.tokens {
            guard case .start(let name, let own) = token else { continue }
            #expect(elements.contains(name) && attributes.isSuperset(of: own.keys), "\(name) \(own)")
        }
        #expect(!attributes.contains("style") && !attributes.contains("src"))
        #expect(!attributes.contains { $0.hasPrefix("on") })
        #expect(document.elements("meta").allSatisfy { $0["http-equiv"] != "refresh" })
        let refreshed = try page(month) { $0.refreshSeconds = 30 }.document
        #expect(refreshed.elements("meta").contains { $0["http-equiv"] == "refresh" && $0["content"] == "30" })
    }

    @Test("A page on an empty folder states that, and how it was made")
    func empty() throws {
        let (_, document) = try page(.lastDays(2, now: ReportHarness.now))
        #expect(document.texts("p").contains { $0.hasPrefix("Nothing recorded in this window") })
        #expect(document.texts("h2") == ["How it was made"])
        #expect(document.elements("figure").isEmpty)
    }

    @Test("A filter selects what charts and figures show, and a name of a workspace is not in the page")
    func filtered() async throws {
        try await harness.store([
            #"{"command":"make","duration_ms":1000,"success":true,"workspace":"acme","timestamp":"2026-11-20T10:00:00Z"}"#,
            #"{"command":"make","duration_ms":3000,"success":false,"error_category":"exit_2","workspace":"acme","timestamp":"2026-11-21T10:00:00Z"}"#,
            #"{"command":"git status","duration_ms":10,"success":true,"workspace":"other","timestamp":"2026-11-21T10:00:00Z"}"#,
        ])
        let data = harness.folder.data
        var filter = ReportFilter(workspace: "acme")
        // The one with two events.
        filter.workspaceHash = try StoreReader(data: data)?.usage(by: .workspace, in: 0..<Int64.max).first?.name
        let (report, document) = try page(month, filter: filter.withoutNames)
        #expect(document.rows(after: "id", "table").map { $0.texts[0] } == ["make"])
        #expect(report.series.keys.sorted() == ["make"] && report.series["make"]?.total.count == 2)
        #expect(report.failures.map(\.category) == ["exit_2"])
        let text = PageRenderer.render(report)
        #expect(!text.contains("acme"))
        let digits = try #require(filter.workspaceHash).prefix(8)
        #expect(text.contains("workspace \(digits)"))
        #expect(document.texts("p").contains { $0.hasPrefix("Sessions are counted for all events") })
        let failed = try page(month, filter: ReportFilter(failedOnly: true)).report
        #expect(failed.series["make"]?.cells.map(\.count).reduce(0, +) == 1)
    }

    @Test("Long windows are shown in groups of days, short ones by the hour, and no run is missing from a chart")
    func columns() async throws {
        var lines: [String] = []
        for day in 0..<400 {
            let time = Timestamp.rfc3339(ReportHarness.now - Int64(day) * Timestamp.millisecondsPerDay)
            lines.append(#"{"command":"make","duration_ms":\#(day + 1),"success":true,"timestamp":"\#(time)"}"#)
        }
        try await harness.store(lines)
        for (window, unit) in [
            (ReportWindow.allTime, ChartColumns.Unit.days(4)), (month, .days(1)),
            (.lastDays(2, now: ReportHarness.now), .hour),
        ] {
            let (report, document) = try page(window)
            let columns = try #require(report.columns)
            #expect(columns.unit == unit && columns.count <= ChartColumns.most)
            #expect(zip(columns.starts, columns.starts.dropFirst()).allSatisfy { $0 < $1 })
            let series = try #require(report.series["make"])
            #expect(series.total.count == report.usage.totals.events)
            #expect((series.hours == nil) == (window == .allTime))
            let heat = DurationRows(series.total.latency)
            let shown = series.cells.map { heat.counts($0.latency).reduce(0, +) }.reduce(0, +)
            #expect(shown == series.total.latency.count)
            #expect(!document.elements("svg").isEmpty)
        }
    }
}

/// Pages that a browser is to look at: with `NEXUS_PAGES` they are written into the folder that it names.
enum PageFiles {
    static func keep(_ html: String, _ name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["NEXUS_PAGES"] else { return }
        let model: JSONValue = [
            "elements": .strings(Markup.Element.allCases.map(\.rawValue)),
            "attributes": .strings(Markup.Attribute.allCases.map(\.rawValue)),
        ]
        try Data(model.document.utf8).write(to: URL(filePath: folder + "/model.json"), options: .atomic)
        let file = folder + "/" + name.replacing(" ", with: "-").lowercased() + ".html"
        try Data(html.utf8).write(to: URL(filePath: file))
    }
}
