import Foundation

/// Shows what a section of Scripts/bench measured, and keeps it.
///
///     BenchmarkReport FOLDER [--json] [--keep BENCHMARKS]    what a comparison left in FOLDER, as a table or as JSON
///     BenchmarkReport --render BENCHMARKS                    renders RESULTS.md and the charts from kept results
///
/// What is kept stands in `Results` in the folder of the benchmarks, a file of JSON for each section; a file of the same
/// name that ends in `.md` is a note on it, by hand.
@main
struct BenchmarkReport {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("BenchmarkReport: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) throws {
        guard let first = arguments.first else { throw ReportError("say which folder") }
        if first == "--render", arguments.count == 2 { return try KeptResults(folder: arguments[1]).render() }
        let section = try Section(folder: URL(filePath: first))
        var rest = arguments.dropFirst()
        let isJSON = rest.first == "--json"
        if isJSON { rest.removeFirst() }
        print(isJSON ? String(decoding: try KeptResults.encode(section), as: UTF8.self) : TerminalTable.of(section))
        if rest.isEmpty { return }
        guard rest.count == 2, rest.first == "--keep", let folder = rest.last else {
            throw ReportError("arguments that are not known: \(rest.joined(separator: " "))")
        }
        let kept = KeptResults(folder: folder)
        try kept.keep(section)
        try kept.render()
    }
}
