import Core
import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing

/// The table of shell lines typed into real shells: with the statuses that the shell itself notes, each line makes the event that
/// it makes on every other path. What the lines run is a stub that does nothing and ends as the row says.
@Suite(.serialized)
struct TypedTableTests {
    /// The whole table with `NEXUS_TEST_FULL=1`, else every sixth line.
    private static let step = ProcessInfo.processInfo.environment["NEXUS_TEST_FULL"] == "1" ? 1 : 6

    /// Lines that end the shell, never end, or wait for more.
    private static func canBeTyped(_ line: String, in kind: InteractiveShell.Kind) -> Bool {
        let endless = ["exec make", "while true", "select ", "unclosed"]
        guard !endless.contains(where: line.contains) else { return false }
        // fish leaves what it cannot parse to be edited, and zsh runs nothing.
        guard kind == .bash || !line.hasPrefix("$(") && parses(line, in: kind) else { return false }
        guard line.contains("\n") else { return true }
        // bash runs each complete command of a block by itself; a shell drops blank lines.
        let parts = (0..<4).filter { ShellLine(line.utf8, part: $0).kind != .nothing }
        return !line.hasPrefix("\n") && !line.hasSuffix("\n") && (kind != .bash || parts.count < 2)
    }

    private static func parses(_ line: String, in kind: InteractiveShell.Kind) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/\(kind)")
        let options = kind == .fish ? ["--no-config", "--no-execute"] : ["-fn", "-o", "interactive_comments"]
        process.arguments = options + ["-c", line]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private static let statuses: [InteractiveShell.Kind: String] = [
        .bash: #"""
        cd
        set +H; shopt -s extglob
        PROMPT_COMMAND='echo "$? ${PIPESTATUS[*]} $PWD" >>"$HOME/prompts"'
        export PATH=$HOME/stubs:$PATH
        """#,
        .zsh: #"""
        cd
        setopt interactive_comments no_bang_hist
        precmd() { echo "$? $pipestatus $PWD" >>"$HOME/prompts" }
        export PATH=$HOME/stubs:$PATH
        """#,
        .fish: #"""
        cd
        function tell --on-event fish_prompt; echo $status $pipestatus $PWD >>$HOME/prompts; end
        set -gx PATH $HOME/stubs $PATH
        """#,
    ]

    /// Makes programs of all names in the table's lines, and the folders that they change to.
    private func makeStubs(_ rows: [ShellLineRow], in home: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: home + "/stubs", withIntermediateDirectories: true)
        let stub = "#!/bin/sh\nread -r status <\"$HOME/status\"\nexit \"$status\"\n"
        var names: Set<String> = []
        for row in rows {
            for word in row.line.split(whereSeparator: {
                !"._+-".contains($0) && !($0.isASCII && ($0.isLetter || $0.isNumber))
            })
            where word.first?.isLetter == true { names.insert(String(word)) }
        }
        for name in names.subtracting(["hunter2", "sh", "dd", "nexus-record"]) {
            try stub.write(toFile: home + "/stubs/" + name, atomically: false, encoding: .utf8)
            unsafe chmod(home + "/stubs/" + name, 0o755)
        }
        for name in ["script.sh", "build.sh", "gradlew"] {
            try stub.write(toFile: home + "/" + name, atomically: false, encoding: .utf8)
            unsafe chmod(home + "/" + name, name == "script.sh" ? 0o644 : 0o755)
        }
        for folder in ["repo", "x", "a", "b"] {
            try files.createSymbolicLink(atPath: home + "/" + folder, withDestinationPath: ".")
        }
    }

    /// What the shell noted after a line: the status, those of the pipeline, and the folder.
    private func result(_ noted: String, before: String, row: ShellLineRow) -> ShellResult {
        func folder(_ text: String) -> Substring? { text.firstIndex(of: "/").map { text[$0...] } }
        let numbers = noted.prefix { $0 != "/" }.split(separator: " ").compactMap { Int($0) }
        var result = ShellResult(status: numbers.first, pipeStatus: Array(numbers.dropFirst()))
        result.folderChanged = folder(noted) != folder(before)
        result.durationMS = 5
        return result
    }

    @Test("The table typed into a shell makes the events of the other paths", arguments: InteractiveShell.Kind.allCases)
    func table(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = kind == .fish ? nil : try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let all = try ShellLineRow.all()
        try makeStubs(all, in: program.folder.path)
        let status = program.folder.path + "/status"
        let shell = try InteractiveShell(kind, program, before: Self.statuses[kind] ?? "")
        let dialect = try #require(ShellDialect(rawValue: kind.rawValue))
        let rows = all.enumerated().filter { index, row in
            index % Self.step == 0 && row.shells.contains(dialect) && Self.canBeTyped(row.line, in: kind)
        }.map(\.element)
        var before = try #require(shell.prompts.last)
        var expected: [String] = []
        var asInTable = 0
        for row in rows {
            let wanted = row.line.contains("|") || row.line.contains("hunter2") ? 0 : row.result.status ?? 0
            try "\(wanted)\n".write(toFile: status, atomically: false, encoding: .utf8)
            let noted =
                row.line.contains("\n") || row.line.contains("\t")
                ? try shell.paste(row.line) : try shell.type(row.line)[0]
            let event = ShellLine(row.line.utf8, shell: dialect).event(result(noted, before: before, row: row))
            before = noted
            if event == row.event { asInTable += 1 }
            guard let event else { continue }
            let success = event.success.map { $0 ? "1" : "0" } ?? "-"
            expected.append(
                "\(event.type.rawValue)|\(event.command.isEmpty ? "-" : event.command)|\(success)|"
                    + "\(event.errorCategory ?? "-")|\(event.keepsDuration ? 1 : 0)")
        }
        let columns = ShellLineRow.rowQuery.dropFirst("SELECT ".count).replacing(" FROM events ORDER BY id", with: "")
        // Without those that do not come the comparison shows which they are.
        let stored =
            try (try? shell.rows(String(columns), count: expected.count))
            ?? program.query(ShellLineRow.rowQuery).split(separator: "\n").map(String.init)
        print("\(kind): \(rows.count) lines typed, \(expected.count) events, \(asInTable) as in the table")
        // The recorders that the hook of fish starts overtake each other.
        let (left, right) = kind == .fish ? (stored.sorted(), expected.sorted()) : (stored, expected)
        for (index, (row, other)) in zip(left, right).enumerated() { #expect(row == other, "event \(index)") }
        #expect(left.count == right.count)
        #expect(asInTable * 10 > rows.count * 7)
    }
}
