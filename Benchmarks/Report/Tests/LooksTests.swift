import Testing

@testable import BenchmarkReport

@Suite("Tables, numbers and charts")
struct LooksTests {
    private func section(_ definitions: [[String]]) throws -> Section {
        var section = Section()
        section.name = "ingest"
        section.title = "Ingest"
        section.sizes = "3 rounds"
        section.date = "2026-11-26 11:00 UTC"
        section.commit = "abc1234"
        section.rows = try definitions.map { try RowDefinition($0).row(from: ["a": [1, 2, 3], "b": [10, 20, 30]]) }
        return section
    }

    @Test(
        "Numbers have three digits that count, and thousands set apart",
        arguments: [
            (0.25, "0.25"), (0.01234, "0.0123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"),
            (1_234_567, "1,230,000"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        #expect(NumberText.of(value) == text)
    }

    @Test("A missed bar is first on the page, with its figure, and is marked in its table")
    func missed() throws {
        let section = try section([
            ["speed", "--of", "a", "--at-least", "5"], ["cost", "--of", "a", "--at-most", "2"],
        ])
        let page = ResultsPage(sections: [section], notes: ["ingest": "The profile shows why."]).text
        #expect(page.contains("**Bars: 1 met, 1 missed, 0 not measured.**"))
        #expect(page.contains("- Ingest: speed: 2.00, and the bar is at least 5"))
        #expect(page.contains("| speed | 2.00 | 1.00…3.00 | at least 5 | **missed** |"))
        #expect(page.contains("| cost | 2.00 | 1.00…3.00 | at most 2 | met |"))
        #expect(page.contains("The profile shows why."))
        #expect(page.contains("Taken 2026-11-26 11:00 UTC on abc1234."))
    }

    @Test("The terminal shows the same rows, in columns")
    func table() throws {
        let text = TerminalTable.of(try section([["speed", "--of", "a", "--unit", "s", "--at-most", "2"]]))
        #expect(text.contains("speed  2.00 s  1.00…3.00  at most 2 s  met\n"))
    }

    @Test("A chart has a bar for each row, as long as its figure, and escapes names for XML")
    func chart() throws {
        let rows = try section([["<ours>", "--of", "a", "--ours"], ["theirs", "--of", "b"]]).rows
        let svg = BarChart(chart: .init(name: "c", title: "T & t", subtitle: "s"), rows: rows).svg
        #expect(svg.contains("T &amp; t"))
        #expect(svg.contains("&lt;ours&gt;"))
        // The longest range, 30, has 410 points.
        #expect(svg.contains(##"<rect class="bar ours" x="250" y="70" rx="2" width="27.3" height="18"/>"##))
        #expect(svg.contains(##"<rect class="bar" x="250" y="100" rx="2" width="273.3" height="18"/>"##))
    }
}
