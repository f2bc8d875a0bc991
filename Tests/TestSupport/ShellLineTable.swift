import Core
import Foundation
package import Intake

/// A row of `Fixtures/shell-lines.tsv`: a shell line, its result, and the event that it becomes in every way of
/// recording.
package struct ShellLineRow: Sendable, CustomStringConvertible {
    package let shells: [ShellDialect]
    package let line: String
    package let result: ShellResult
    /// Nil if the line makes no event.
    package let event: ShellEvent?

    package var description: String { "\(shells.map(\.rawValue).joined(separator: ",")): \(line.debugDescription)" }

    /// All rows of the table.
    package static func all() throws -> [ShellLineRow] {
        let url = Repository.root.appending(path: "Fixtures/shell-lines.tsv")
        let text = try String(contentsOf: url, encoding: .utf8)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(ShellLineRow.init)
    }

    /// The row that `rowQuery` returns for the event, with `|` between the columns; nil if the line makes no event.
    package var expected: String? {
        guard let event else { return nil }
        let success = event.success.map { $0 ? "1" : "0" } ?? "-"
        let command = event.command.isEmpty ? "-" : event.command
        return
            "\(event.type.rawValue)|\(command)|\(success)|\(event.errorCategory ?? "-")|\(event.keepsDuration ? 1 : 0)"
    }

    /// The SQL query that returns a row in the form of `expected` for each event.
    package static let rowQuery = """
        SELECT event_type, coalesce(command, '-'), coalesce(success, '-'), coalesce(error_category, '-'), \
        duration_ms IS NOT NULL FROM events ORDER BY id
        """

    /// The duration to send for the row. The default of 50 ms is also plausible for a change of the folder that failed.
    package var durationMS: Int64 { result.durationMS ?? 50 }

    /// Returns the row as a line of NDJSON.
    package func json(_ shell: ShellDialect) throws -> String {
        let text = String(decoding: try JSONEncoder().encode(line), as: UTF8.self)
        var members = ["\"shell_line\":\(text)", "\"shell\":\"\(shell.rawValue)\"", "\"duration_ms\":\(durationMS)"]
        if let status = result.status { members.append("\"exit_status\":\(status)") }
        if !result.pipeStatus.isEmpty { members.append("\"pipe_status\":\(result.pipeStatus)") }
        if let success = result.success { members.append("\"success\":\(success)") }
        if let folder = result.folderChanged { members.append("\"folder_changed\":\(folder)") }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// Returns the flags of `nexus record` for the row. The caller passes the shell line on standard input.
    package func flags(_ shell: ShellDialect) -> [String] {
        var flags = ["--line", "-", "--shell", shell.rawValue, "--duration-ms", "\(durationMS)"]
        if let status = result.status { flags += ["--exit-status", "\(status)"] }
        if !result.pipeStatus.isEmpty {
            flags += ["--pipe-status", result.pipeStatus.map(String.init).joined(separator: ",")]
        }
        if let success = result.success { flags.append(success ? "--success" : "--failure") }
        if let folder = result.folderChanged { flags += ["--folder-changed", folder ? "yes" : "no"] }
        return flags
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
