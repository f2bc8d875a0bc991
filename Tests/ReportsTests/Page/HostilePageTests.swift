import Core
import Database
import DatabaseTesting
import Foundation
import Rollups
import SystemSupport
import TestSupport
import Testing

@testable import Reports

/// Text that a page shows stays text, whatever it is and wherever it came from.
///
/// Intake would refuse most of these values, and an import checks every row. So they are written into the database itself, as
/// another program of the user could.
struct HostilePageTests {
    private let harness: ReportHarness

    init() throws {
        harness = try ReportHarness()
    }

    /// 200 values: each of these in each of the ways in which it may be put.
    static let values: [String] = {
        let payloads = [
            "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)>", "</svg><script>alert(1)</script>", "</title><script>alert(1)</script>",
            "</style><style>*{display:none}</style>", "</td></tr></table><h1>x</h1>", "<!-- x", "--><b>x</b>",
            "<![CDATA[<b>x</b>]]>", "<?php x ?>", "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)",
            "\"><iframe src=\"https://evil.example\">", "javascript:alert(1)", "&lt;script&gt;", "&#60;b&#62;",
            "&amp;lt;b&amp;gt;", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>",
            "<a href=//x>y</a>",
            "<form action=//x><input autofocus onfocus=alert(1)>", "<math><mi//xlink:href=\"data:x\">",
            "<details open ontoggle=alert(1)>", "</details></section></main>", "<template><b>",
            "<noscript><p title=\"</noscript>\">",
            "</textarea><b>", "<plaintext>", "<link rel=stylesheet href=//x>", "@import url(//x)", "{{x}}",
            "${alert(1)}",
            "\u{2028}alert(1)", "\u{202E}<b>x", "\u{0}<b>x", "\"\u{301} onmouseover=alert(1) x=", "<\u{338}b>",
            "<scr\u{0}ipt>",
        ]
        let ways: [(String) -> String] = [
            { $0 }, { "make " + $0 }, { $0 + ", …" }, { "'" + $0 + "\"" }, { $0 + $0 + "\n" },
        ]
        return ways.flatMap { way in payloads.map(way) }
    }()

    /// The page on the harness's folder.
    private func page() throws -> String {
        let source = UsageSource(
            reader: try StoreReader(data: harness.folder.data), window: .lastDays(7, now: ReportHarness.now),
            now: ReportHarness.now,
            names: Dictionary(
                try ReportFilter.workspaces(in: harness.folder.data).map { ($0, "name of " + $0) },
                uniquingKeysWith: { first, _ in first }))
        var making = PageReport.Making(time: ReportHarness.now)
        making.showsNames = true
        return PageRenderer.render(try source.page(making))
    }

    @Test("200 hostile values in every field change no element and no attribute of a page")
    func hostile() async throws {
        let values = Self.values
        #expect(Set(values).count == 200)
        var lines: [String] = []
        for index in values.indices {
            // In the week and in the one before, so that the comparison has them too.
            for time in ["2026-11-12T10:00:00Z", "2026-11-20T10:00:00Z"] {
                lines.append(
                    #"{"command":"c\#(index)","error_category":"e\#(index)","template_used":"t\#(index)","session_id":"s\#(index)","#
                        + #""workspace":"w\#(index)","duration_ms":500,"success":false,"timestamp":"\#(time)"}"#)
            }
        }
        try await harness.store(lines)
        let plain = try PageDocument(page())
        let tables = try Tables(harness.folder.data)
        for (index, value) in values.enumerated() {
            let text = "'" + value.replacing("\u{0}", with: "\u{1}").replacing("'", with: "''") + "'"
            for (kind, name) in [(0, "c"), (3, "t"), (4, "e")] {
                // A name is unique among those of its kind.
                try tables.execute(
                    "UPDATE rollup_names SET name = \(text) WHERE kind = \(kind) AND name = '\(name)\(index)'")
            }
            try tables.execute("UPDATE sessions SET session_id = \(text) WHERE session_id = 's\(index)'")
        }
        try tables.execute("UPDATE rollup_names SET name = '<b>' || name || '\"><script>' WHERE kind = 1")
        let html = try page()
        try PageFiles.keep(html, "hostile")
        let hostile = try PageDocument(html)
        #expect(hostile.structure.sorted() == plain.structure.sorted())
        let elements = Set(Markup.Element.allCases.map(\.rawValue))
        #expect(hostile.structure.allSatisfy { elements.contains(String($0.prefix { $0 != " " })) })
        #expect(!html.contains("<script>alert") && !html.contains("\u{202E}") && !html.contains("\u{2028}"))
        // They are there, as text.
        let names = Set(hostile.rows(after: "id", "table").map { $0.texts[0] })
        #expect(names.count == 200 && names.contains("<script>alert(1)</script>"))
        #expect(html.contains("name of &lt;b&gt;"))
    }

    @Test("Text and attribute values are escaped, each character that has a meaning in HTML")
    func escaped() {
        #expect(Markup.escaped("a<b>&\"'c") == "a&lt;b&gt;&amp;&quot;&#39;c")
        #expect(Markup.escaped("make test") == "make test")
        #expect(Markup.escaped("a\u{1B}[2Jb\u{202E}\nc") == "a\\u{1b}[2Jb\\u{202e}\\u{a}c")
        #expect(Markup.escaped("größer → ✓") == "größer → ✓")
        var page = Markup()
        page.element(.p, [.id: "\" onclick=\"x"], text: "</p>")
        #expect(page.text == "<p id=\"&quot; onclick=&quot;x\">&lt;/p&gt;</p>")
    }

    @Test("Coordinates have one digit after the point at most")
    func coordinates() {
        #expect([0, 1.04, 1.05, -0.5, -12.34, 100].map(Coordinate.text) == ["0", "1", "1.1", "-0.5", "-12.3", "100"])
    }
}
