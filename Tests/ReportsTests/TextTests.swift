import Core
import Database
import Reports
import Rollups
import SystemSupport
import TestSupport
import Testing

/// How numbers, widths and texts from outside look.
struct TextTests {
    @Test(
        "Durations show their two largest units",
        arguments: [
            (0, "0ms"), (999, "999ms"), (1000, "1s"), (59_499, "59s"), (60_000, "1m 0s"), (3_599_000, "59m 59s"),
            (3_600_000, "1h 0m"), (8_100_000, "2h 15m"), (86_400_000, "1d 0h"), (183_600_000, "2d 3h"),
        ])
    func durations(milliseconds: Int64, text: String) {
        #expect(NumberText.duration(milliseconds) == text)
    }

    @Test(
        "Latencies show a digit more where seconds are few",
        arguments: [(0, "0ms"), (999.4, "999ms"), (1000, "1.0s"), (8240, "8.2s"), (9949, "9.9s"), (9950, "10s")])
    func latencies(milliseconds: Double, text: String) {
        #expect(NumberText.latency(milliseconds) == text)
    }

    @Test(
        "Changes are shown in percent, from ten times as a factor, and never as zero when there is one",
        arguments: [
            (100, 112, "+12%"), (100, 95, "-5%"), (5, 5, "="), (0, 3, "new"), (0, 0, "="), (3, 0, "-100%"),
            (10, 100, "x10"), (1000, 1001, "+1%"), (1000, 999, "-1%"),
        ])
    func changes(old: Double, new: Double, text: String) {
        #expect(NumberText.change(from: old, to: new) == text)
    }

    @Test(
        "A percentage is 0 or 100 only for none or all",
        arguments: [(0, "0%"), (0.0001, "1%"), (0.944, "94%"), (0.9999, "99%"), (1, "100%")])
    func percentages(share: Double, text: String) {
        #expect(NumberText.percent(share) == text)
    }

    @Test(
        "Characters take the columns that a terminal gives them",
        arguments: [
            ("make", 4), ("", 0), ("日本語", 6), ("e\u{301}", 1), ("한국", 4), ("ｆｕｌｌ", 8), ("👩‍👩‍👧", 2), ("🇩🇪", 2),
            ("☺\u{FE0F}", 2), ("ä", 1), ("\u{1112}\u{1161}\u{11AB}", 2), ("…", 1), ("█", 1),
        ])
    func displayWidths(text: String, columns: Int) {
        #expect(text.displayWidth == columns)
    }

    @Test(
        "A number has four digits after the point, and a fraction does not become a whole number",
        arguments: [
            (30_000.0 / 30_001, 0.9999), (1.0 / 30_001, 0.0001), (0.5, 0.5), (1.0, 1.0), (0.0, 0.0), (2.0 / 3, 0.6667),
            (-0.00001, -0.0001), (12.000_01, 12.0001), (1e12, 1e12),
        ])
    func numbers(value: Double, rounded: Double) {
        #expect(NumberText.rounded(value) == rounded)
    }

    @Test("A text is truncated by columns, not by characters")
    func truncation() {
        #expect("日本語".truncated(toWidth: 5, mark: "…") == "日本…")
        #expect("日本語".truncated(toWidth: 4, mark: "…") == "日…")
        #expect("make".truncated(toWidth: 4, mark: "…") == "make")
    }

    @Test("A report without a terminal has 80 columns of UTF-8 without colour; a terminal reports its features")
    func style() {
        func style(_ environment: [String: String], columns: Int? = 100, isTerminal: Bool = true) -> TerminalStyle {
            TerminalStyle(terminalColumns: columns, isTerminal: isTerminal) { environment[$0] }
        }
        #expect(style(["COLUMNS": "200", "TERM": "dumb"], columns: nil, isTerminal: false) == TerminalStyle())
        #expect(style(["TERM": "xterm"]) == TerminalStyle(columns: 100, hasColour: true))
        #expect(style(["NO_COLOR": "1", "LANG": "de_DE.UTF-8"]) == TerminalStyle(columns: 100))
        #expect(style(["NO_COLOR": ""]).hasColour)
        #expect(style(["TERM": "dumb"]) == TerminalStyle(columns: 100, isPlain: true))
        #expect(style(["LC_ALL": "C", "LANG": "C.UTF-8"]).isPlain)
        #expect(style([:], columns: nil).columns == 80)
        #expect(style([:], columns: 1).columns == 40 && style([:], columns: 1000).columns == 200)
    }

    @Test("A text of CSV cannot become a formula, and quotes, commas and line breaks stay in their field")
    func csv() {
        let texts = [
            "=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a,b", "say \"hi\"", "a\nb", "plain", "＝1", "日本", "",
        ]
        let fields = texts.map { text in
            var field: [UInt8] = []
            CSVText.append(Array(text.utf8).span, to: &field)
            return field.text
        }
        #expect(
            fields == [
                "\"'=1+1\"", "\"'+1\"", "\"'-1\"", "\"'@SUM(A1)\"", "\"'\tx\"", "\"'\rx\"", "\"a,b\"",
                "\"say \"\"hi\"\"\"", "\"a\nb\"", "plain", "\"'＝1\"", "日本", "\"\"",
            ])
    }

    @Test("A name from outside moves nothing on a terminal, in no form of a report")
    func hostileNames() throws {
        let name = "\u{1B}[2J\u{202E}evil\r\n\u{9B}31m"
        let row = UsageRow(UsageCell(name: name, count: 3, succeeded: 1, failed: 2), before: nil)
        let zone = "Zone\u{1B}[31m"
        var input = EveryFinding.input
        input.histories = input.histories.map { CommandHistory(command: name, cells: $0.cells) }
        input.failures = [.init(command: name, category: name, count: 3, first: 0, last: 0)]
        let insights = Insights(input)
        var texts: [String] = []
        for kind in UsageBreakdown.Kind.allCases {
            let list = UsageBreakdown(
                kind: kind, window: .allTime, zone: zone, filter: ReportFilter(command: name), rows: [row])
            texts += [BreakdownRenderer.render(list, top: nil, TerminalStyle()), BreakdownRenderer.csv(list, top: nil)]
            texts.append(UsageJSON.of(list, top: nil).document)
        }
        for focus in [InsightsRenderer.Focus.findings, .slow, .errors] {
            texts.append(
                InsightsRenderer.render(insights, focus, window: .allTime, zone: zone, top: 9, TerminalStyle()))
            texts.append(InsightsJSON.of(insights, focus, window: .allTime, zone: zone, top: 9).document)
        }
        for text in texts {
            let isHarmless = text.unicodeScalars.allSatisfy { scalar in
                scalar == "\n" || scalar == "\r" || ![.control, .format].contains(scalar.properties.generalCategory)
            }
            #expect(isHarmless, "\(text.escapedForDisplay)")
        }
    }

    @Test("JSON keeps the order of keys, prints null, and escapes invisible characters")
    func json() throws {
        let value = JSONValue.object([
            .init("b", .integer(1)), .init("a", .number(0.123456)), .init("n", .string(nil)), .init("e", .array([])),
            .init("t", .string("\u{1B}[2J\u{202E}\"\\\n日\u{E0001}")), .init("x", .number(.infinity)),
        ])
        let text = """
            {
              "b" : 1,
              "a" : 0.1235,
              "n" : null,
              "e" : [],
              "t" : "\\u001b[2J\\u202e\\"\\\\\\n日\\udb40\\udc01",
              "x" : null
            }

            """
        #expect(value.document == text)
        #expect(try JSONNode(value.document)["t"] == .string("\u{1B}[2J\u{202E}\"\\\n日\u{E0001}"))
    }
}
