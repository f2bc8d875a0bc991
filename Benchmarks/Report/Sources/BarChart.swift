/// Rows as horizontal bars, in SVG: on a card of its own, so that it can be read on a light and on a dark page alike, with
/// the range of the rounds as a thin line over the end of each bar.
struct BarChart {
    let chart: Section.Chart
    let rows: [Row]

    private enum Size {
        static let width = 760.0
        static let top = 70.0
        static let line = 30.0
        static let bar = 18.0
        static let labels = 250.0
        static let values = 100.0
        static let margin = 20.0
    }

    private var shown: [(row: Row, figure: Figure)] { rows.compactMap { row in row.figure.map { (row, $0) } } }

    /// Points for one unit of what is shown.
    private var scale: Double {
        let greatest = shown.map(\.figure.high).max() ?? 1
        return (Size.width - Size.labels - Size.values) / max(greatest, .leastNonzeroMagnitude)
    }

    var svg: String {
        let height = Size.top + Double(shown.count) * Size.line + 8
        let label = Self.escaped("\(chart.title): \(chart.subtitle)")
        let size = #"width="\#(Self.point(Size.width))" height="\#(Self.point(height))""#
        let box = #"viewBox="0 0 \#(Self.point(Size.width)) \#(Self.point(height))""#
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" \#(size) \#(box) role="img" aria-label="\#(label)">"#, Self.style,
            #"<rect class="card" x="0.5" y="0.5" width="\#(Self.point(Size.width - 1))" "#
                + #"height="\#(Self.point(height - 1))" rx="8"/>"#,
            #"<text class="title" x="\#(Self.point(Size.margin))" y="30">\#(Self.escaped(chart.title))</text>"#,
            #"<text class="quiet" x="\#(Self.point(Size.margin))" y="50">\#(Self.escaped(chart.subtitle))</text>"#,
        ]
        for (index, entry) in shown.enumerated() {
            lines += bar(entry.row, entry.figure, top: Size.top + Double(index) * Size.line)
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private func bar(_ row: Row, _ figure: Figure, top: Double) -> [String] {
        let middle = top + Size.bar / 2
        let text = Self.point(middle + 4.5)
        let ours = row.isOurs ? " ours" : ""
        let low = Self.point(Size.labels + figure.low * scale)
        let high = Self.point(Size.labels + figure.high * scale)
        let value = Self.point(Size.labels + max(figure.high, figure.median) * scale + 8)
        return [
            #"<text class="label\#(ours)" x="\#(Self.point(Size.labels - 10))" y="\#(text)">\#(Self.escaped(row.name))</text>"#,
            #"<rect class="bar\#(ours)" x="\#(Self.point(Size.labels))" y="\#(Self.point(top))" rx="2" "#
                + #"width="\#(Self.point(max(1, figure.median * scale)))" height="\#(Self.point(Size.bar))"/>"#,
            #"<path class="range" d="M\#(low) \#(Self.point(middle))H\#(high)"/>"#,
            #"<text class="value\#(ours)" x="\#(value)" y="\#(text)">"#
                + NumberText.of(figure.median) + "</text>",
        ]
    }

    private static let style = """
        <style>
        text{font:13px -apple-system,"Segoe UI",Roboto,"Noto Sans",Helvetica,Arial,sans-serif;fill:#1f2328}
        .card{fill:#fff;stroke:#d0d7de}.title{font-size:16px;font-weight:600}.quiet{fill:#59636e}
        .label{text-anchor:end}.bar{fill:#afb8c1}.bar.ours{fill:#0969da}.range{stroke:#1f2328;stroke-width:1}
        text.ours{font-weight:600}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.card{fill:#0d1117;stroke:#30363d}.quiet{fill:#9198a1}
        .bar{fill:#484f58}.bar.ours{fill:#2f81f7}.range{stroke:#e6edf3}}
        </style>
        """

    /// A length with a digit behind the point at most.
    private static func point(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
