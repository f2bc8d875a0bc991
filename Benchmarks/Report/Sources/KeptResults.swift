import Foundation

/// The sections that were kept, in the folder of the benchmarks, and what is made of them.
struct KeptResults {
    private let folder: URL
    private var results: URL { folder.appending(path: "Results") }
    private var charts: URL { folder.appending(path: "Charts") }

    init(folder: String) { self.folder = URL(filePath: folder) }

    static func encode(_ section: Section) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(section)
    }

    /// Keeps a section in place of what was kept of it before.
    func keep(_ section: Section) throws {
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
        try Self.encode(section).write(to: results.appending(path: section.name + ".json"), options: .atomic)
    }

    /// Writes the page and the charts.
    func render() throws {
        let sections = try sections()
        var notes: [String: String] = [:]
        for section in sections {
            let note = try? String(contentsOf: results.appending(path: section.name + ".md"), encoding: .utf8)
            notes[section.name] = note?.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let page = ResultsPage(sections: sections, notes: notes).text
        try Data(page.utf8).write(to: folder.appending(path: "RESULTS.md"), options: .atomic)
        try FileManager.default.createDirectory(at: charts, withIntermediateDirectories: true)
        for section in sections {
            for chart in section.charts {
                let svg = BarChart(chart: chart, rows: section.rows.filter { $0.chart == chart.name }).svg
                try Data(svg.utf8).write(to: charts.appending(path: chart.name + ".svg"), options: .atomic)
            }
        }
    }

    private func sections() throws -> [Section] {
        let names = try FileManager.default.contentsOfDirectory(atPath: results.path).filter { $0.hasSuffix(".json") }
        let sections = try names.sorted().map { name in
            try JSONDecoder().decode(Section.self, from: Data(contentsOf: results.appending(path: name)))
        }
        func place(_ section: Section) -> Int { Section.order.firstIndex(of: section.name) ?? Section.order.count }
        return sections.sorted { place($0) < place($1) }
    }
}
