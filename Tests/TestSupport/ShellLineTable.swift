import Core
import Foundation
package import Intake

/// A row of `Fixtures/shell-lines.tsv`: a shell line, how it ended, and the event that it makes on every path.
package struct ShellLineRow: Sendable, CustomStringConvertible {
    package let shells: [ShellDialect]
    package let line: String
    package let result: ShellResult
    /// Nil where the line makes no event.
    package let event: ShellEvent?

    package var description: String { "\(shells.map(\.rawValue).joined(separator: ",")): \(line.debugDescription)" }

    /// All rows of the table.
    package static func all() throws -> [ShellLineRow] {
        let url = Repository.root.appending(path: "Fixtures/shell-lines.tsv")
        let text = try String(contentsOf: url, encoding: .utf8)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(ShellLineRow.init)
    }

    private struct Malformed: Error {
        let row: String
    }

    private init(_ row: Substring) throws {
        let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 9 else { throw Malformed(row: String(row)) }
        shells =
            fields[0] == "all"
            ? ShellDialect.allCases : fields[0].split(separator: ",").compactMap { .init(rawValue: String($0)) }
        let statuses = fields[1].split(separator: " ")
        var result = ShellResult(
            status: statuses.first.flatMap { Int($0) }, pipeStatus: statuses.dropFirst().compactMap { Int($0) })
        for word in fields[2].split(separator: " ") {
            switch word {
            case "stayed", "moved": result.folderChanged = word == "moved"
            case "ok", "failed": result.success = word == "ok"
            default: result.durationMS = Int64(word.dropFirst("ms=".count))
            }
        }
        self.result = result
        line = Self.unescaped(fields[8])
        guard fields[3] != "nothing" else {
            event = nil
            return
        }
        var event = ShellEvent(
            type: fields[3] == "command" ? .command : .commandLine, command: fields[4] == "-" ? "" : fields[4])
        if fields[5] != "-" { event.success = fields[5] == "yes" }
        if fields[6] != "-" { event.errorCategory = fields[6] }
        event.keepsDuration = fields[7] == "kept"
        self.event = event
    }

    private static func unescaped(_ text: String) -> String {
        var result = ""
        var isEscape = false
        for character in text {
            if isEscape {
                result.append(character == "n" ? "\n" : character == "t" ? "\t" : character)
                isEscape = false
            } else if character == "\\" {
                isEscape = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
