import Foundation

/// The frame of a chart: its size, its axes, its texts for screen readers, and the table of its numbers.
struct Chart {
    /// The width of every chart, in pixels before scaling. At this width the text of a chart is readable on a phone
    /// without zooming.
    static let width = 480.0
    private static let left = 58.0
    private static let right = 8.0
    private static let top = 12.0
    private static let bottom = 24.0

    /// The id of the figure, unique in the page.
    let id: String
    let title: String
    let description: String
    /// The height of the area between the axes.
    let plotHeight: Double
    /// The number of columns.
    let columns: Int
    /// The height of the area below the time axis.
    var belowHeight = 0.0
    /// Whether column `n` of the chart is row `n` of the table, so that the script can show the numbers of a column.
    var hasColumnsAsRows = true

    var height: Double { Self.top + plotHeight + Self.bottom + belowHeight }
    var plotTop: Double { Self.top }
    var plotBottom: Double { Self.top + plotHeight }
    var plotLeft: Double { Self.left }
    var plotRight: Double { Self.width - Self.right }
    /// The width of a column.
    var step: Double { (Self.width - Self.left - Self.right) / Double(max(1, columns)) }

    /// Returns the left edge of a column. The fractional part of `column` is an offset within the column.
    func x(_ column: Double) -> Double { Self.left + column * step }

    // MARK: Axes

    /// Writes labels below at most six of the columns, and the line of the horizontal axis.
    func writeColumnLabels(_ name: (Int) -> String, to page: inout Markup) {
        let every = max(1, (columns + 5) / 6)
        for column in stride(from: 0, to: columns, by: every) {
            let middle = x(Double(column) + 0.5)
            // The last label must not end beyond the edge.
            let isAtEdge = middle > plotRight - 18
            writeText(
                name(column), x: isAtEdge ? plotRight : middle, y: plotBottom + 17, isAtEdge ? "end" : "middle",
                to: &page)
        }
        page.element(
            .path,
            [
                .kind: "axis",
                .d: "M\(Coordinate.text(plotLeft)) \(Coordinate.text(plotBottom))H\(Coordinate.text(plotRight))",
            ])
    }

    /// Writes a label at the left of the plot and a thin line across the plot.
    func writeRowLabel(_ text: String, y: Double, hasLine: Bool = true, to page: inout Markup) {
        writeText(text, x: plotLeft - 6, y: y + 4, "end", to: &page)
        guard hasLine else { return }
        page.element(
            .path,
            [.kind: "grid", .d: "M\(Coordinate.text(plotLeft)) \(Coordinate.text(y))H\(Coordinate.text(plotRight))"])
    }

    func writeText(
        _ text: String, x: Double, y: Double, _ anchor: String = "start", kind: String = "label", to page: inout Markup
    ) {
        page.element(
            .text, [.kind: kind, .x: Coordinate.text(x), .y: Coordinate.text(y), .anchor: anchor], text: text)
    }

    // MARK: The figure

    /// Writes the chart as a figure with its caption and its table.
    ///
    /// - Parameter kind: the class of the figure in the style sheet.
    func write(
        _ table: ChartTable, kind: String = "chart", to page: inout Markup, _ draw: (inout Markup) -> Void
    ) {
        page.element(.figure, [.kind: kind]) { page in
            page.element(.figcaption, text: title)
            writePicture(to: &page, draw)
            page.element(.details) { page in
                page.element(.summary, text: "Figures")
                table.write(label: title, to: &page)
            }
        }
    }

    private func writePicture(to page: inout Markup, _ draw: (inout Markup) -> Void) {
        let box = "0 0 \(Coordinate.text(Self.width)) \(Coordinate.text(height))"
        func content(_ page: inout Markup) {
            page.element(.title, [.id: id + "-t"], text: title)
            page.element(.desc, [.id: id + "-d"], text: description)
            draw(&page)
        }
        let labels = "\(id)-t \(id)-d"
        if hasColumnsAsRows {
            page.element(
                .svg,
                [
                    .viewBox: box, .role: "img", .labelledBy: labels, .first: Coordinate.text(plotLeft),
                    .step: String((step * 1000).rounded() / 1000),
                ], content)
        } else {
            page.element(.svg, [.viewBox: box, .role: "img", .labelledBy: labels], content)
        }
    }
}

/// The table of a chart's numbers.
struct ChartTable {
    let titles: [String]
    /// The first cell of each row is the name of the row.
    let rows: [[String]]

    /// Writes the table in a scrolling box of its own.
    func write(label: String, to page: inout Markup) {
        page.element(.div, [.kind: "scroll", .role: "region", .tabindex: "0", .label: "Figures: " + label]) { page in
            page.element(.table) { page in
                page.element(.thead) { page in
                    page.element(.tr) { page in
                        for title in titles { page.element(.th, [.scope: "col"], text: title) }
                    }
                }
                page.element(.tbody) { page in
                    for row in rows {
                        page.element(.tr) { page in
                            page.element(.th, [.scope: "row"], text: row.first ?? "")
                            for cell in row.dropFirst() { page.element(.td, text: cell) }
                        }
                    }
                }
            }
        }
    }
}

/// The size of the mark that shows a count. There are five sizes. Counts are shown by size, so that a reader need not
/// distinguish colours.
enum MarkSize {
    /// Returns the share of the available width and height that the mark fills, more than 0 and less than 1. Nil for a
    /// count of zero.
    static func share(_ count: Int, most: Int) -> Double? {
        guard count > 0, most > 0 else { return nil }
        let level = (5 * log(Double(1 + count)) / log(Double(1 + most))).rounded(.up)
        return [0.34, 0.5, 0.66, 0.8, 0.94][min(5, max(1, Int(level))) - 1]
    }

    /// Returns the mark as a rectangle of an SVG path, in the middle of the given space.
    static func box(_ share: Double, x: Double, y: Double, width: Double, height: Double) -> String {
        let (w, h) = (max(1, width * share), max(1, height * share))
        return Coordinate.box(x + (width - w) / 2, y + (height - h) / 2, w, h)
    }
}
