import Core
import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing

/// The table of shell lines through the real programs: every path makes the same event of a line.
struct ShellLinePathTests {
    private let program: Program
    private let rows: [(row: ShellLineRow, shell: ShellDialect)]

    init() throws {
        program = try Program()
        rows = try ShellLineRow.all().flatMap { row in row.shells.map { (row, $0) } }
    }

    private var expected: [String] { rows.compactMap(\.row.expected) }

    private func stored(_ program: Program) throws -> [String] {
        _ = try program.run("flush")
        return try program.query(ShellLineRow.rowQuery).split(separator: "\n").map(String.init)
    }

    @Test("A stream makes the event of every line of the table")
    func stream() throws {
        let input = try rows.map { try $0.row.json($0.shell) }.joined(separator: "\n")
        let outcome = try program.run("record", "--stdin", input: input)
        #expect(outcome.status == 65, "lines that run nothing are rejected")
        let stored = try stored(program)
        for (row, other) in zip(expected, stored) { #expect(row == other) }
        #expect(stored.count == expected.count)
    }

    @Test("The lean recorder makes the event of every line of the table")
    func leanRecorder() throws {
        let process = program.process(["--stdin", "--soft"])
        process.executableURL = URL(filePath: Program.path(of: "nexus-record"))
        let path = program.folder.path + "/lines"
        try rows.map { try $0.row.json($0.shell) }.joined(separator: "\n").write(
            toFile: path, atomically: true, encoding: .utf8)
        process.standardInput = FileHandle(forReadingAtPath: path)
        process.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try stored(program) == expected)
    }

    @Test("'--line -' makes the event of every line of the table, in both recorders")
    func flags() throws {
        for (index, (row, shell)) in rows.enumerated() {
            let isLean = index % 8 != 0
            let process = program.process((isLean ? [] : ["record"]) + row.flags(shell) + ["--soft"])
            if isLean { process.executableURL = URL(filePath: Program.path(of: "nexus-record")) }
            let input = Pipe()
            process.standardInput = input
            process.standardError = FileHandle(forWritingAtPath: "/dev/null")
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data(row.line.utf8))
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        #expect(try stored(program) == expected)
    }

    @Test("Socket and pipe of the service make the event of every line of the table")
    func service() throws {
        let service = try RunningService(program)
        let lines = try rows.map { try $0.row.json($0.shell) }
        let counts = try service.client().exchange(lines, total: lines.count)
        #expect(counts.accepted == expected.count && counts.rejected == lines.count - expected.count)
        let pipe = try FileHandle(forWritingTo: URL(filePath: service.runtime.pipePath))
        for line in lines { try pipe.write(contentsOf: Data((line + "\n").utf8)) }
        try pipe.close()
        try service.stop()
        #expect(try stored(program) == expected + expected)
    }

    @Test("Nothing of a line is in any file of the data folder")
    func privacy() throws {
        let line = "SECRET=hunter2 git push 'hunter2' # hunter2"
        let input = Pipe()
        let process = program.process(["record", "--line", "-", "--exit-status", "0"])
        process.standardInput = input
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try stored(program) == ["command|git push|1|-|0"])
        for path in try FileManager.default.subpathsOfDirectory(atPath: program.folder.data.folder.path) {
            let bytes = FileManager.default.contents(atPath: program.folder.data.folder.path + "/" + path) ?? Data()
            #expect(bytes.range(of: Data("hunter2".utf8)) == nil, "\(path)")
        }
    }

    @Test("A line without a command is not an event, and a command without a plain word is noted")
    func nothing() throws {
        let none = try program.run("record", "--line", "# note")
        #expect(none.status == 65 && none.errors.contains("the shell line runs no command"))
        let emptied = try program.run("record", "--command", "'x y' z")
        #expect(emptied.status == 0 && emptied.errors.contains("no name was kept"))
        let stream = try program.run("record", "--stdin", input: "{\"command\":\"$x\"}\n{\"command\":\"$y\"}\n")
        #expect(stream.errors.split(separator: "\n").count { $0.contains("no name was kept") } == 1)
        #expect(try program.run("record", "--line", "make", "--exit-status", "300").status == 64)
    }

    @Test("'explain' shows the name of a line and that the line itself is not stored")
    func explain() throws {
        let text = try program.run(
            "telemetry", "explain", #"{"shell_line":"cd secret && make -j8 all","exit_status":0}"#
        ).output
        #expect(
            text.contains("cut: make all") && text.contains("[shell-line] never stored") && !text.contains("secret"))
    }
}
