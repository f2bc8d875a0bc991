import Foundation

/// What one section of Scripts/bench measured, and when, where and on what: the one source of every form it is shown in.
struct Section: Codable, Equatable {
    var name = ""
    var title = ""
    /// How much was measured how often, in words.
    var sizes = ""
    /// Whether it was a quick run, which is for looking, not for claiming.
    var isQuick = false
    var date = ""
    var commit = ""
    var machine: [Fact] = []
    var versions: [Fact] = []
    var charts: [Chart] = []
    var rows: [Row] = []

    /// Something about the machine, or the version of what was measured.
    struct Fact: Codable, Equatable {
        let name: String
        let value: String
    }

    /// A chart of those rows that name it.
    struct Chart: Codable, Equatable {
        let name: String
        let title: String
        let subtitle: String
    }

    /// The order they stand in, as a reader meets them.
    static let order = [
        "ingest", "ingest-large", "record", "hook", "reports", "reports-large", "maintenance", "snapshot", "history",
        "sync",
    ]
}

extension Section {
    /// What a comparison left in a folder: the file `section`, a statement a line, its words set apart by tabs; and in
    /// `series` a file for everything measured, a number a line.
    init(folder: URL) throws {
        self.init()
        let series = try Self.series(in: folder.appending(path: "series"))
        let text = try String(contentsOf: folder.appending(path: "section"), encoding: .utf8)
        for line in text.split(separator: "\n") {
            try take(line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init), series)
        }
    }

    private mutating func take(_ words: [String], _ series: [String: [Double]]) throws(ReportError) {
        switch (words[0], words.count) {
        case ("row", 2...): rows.append(try RowDefinition(words.dropFirst()).row(from: series))
        case ("chart", 4): charts.append(Chart(name: words[1], title: words[2], subtitle: words[3]))
        case ("machine", 3): machine.append(Fact(name: words[1], value: words[2]))
        case ("version", 3): versions.append(Fact(name: words[1], value: words[2]))
        case ("name", 2): name = words[1]
        case ("title", 2): title = words[1]
        case ("sizes", 2): sizes = words[1]
        case ("date", 2): date = words[1]
        case ("commit", 2): commit = words[1]
        case ("quick", 2): isQuick = words[1] == "yes"
        default: throw ReportError("a statement that is not known: \(words.joined(separator: " "))")
        }
    }

    private static func series(in folder: URL) throws -> [String: [Double]] {
        var series: [String: [Double]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            series[name] = try text.split(whereSeparator: \.isWhitespace).map { word in
                guard let number = Double(word) else {
                    throw ReportError("'\(name)' has '\(word)', which is no number")
                }
                return number
            }
        }
        return series
    }
}
