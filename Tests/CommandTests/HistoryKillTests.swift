import Foundation
import SystemSupport
import TestSupport
import Testing

/// Imports of all sources that are killed at random instants, and what they leave on a disk.
@Suite(.serialized)
struct HistoryKillTests {
    /// Kills for each source: all of them with NEXUS_TEST_FULL=1.
    private static let kills = ProcessInfo.processInfo.environment["NEXUS_TEST_FULL"] == "1" ? 50 : 2
    /// Entries of a history: two transactions.
    private static let count = 5000

    private static func program() throws -> Program {
        var program = try Program()
        program.environment["PATH"] = "/usr/bin:/bin"
        return program
    }

    /// The events and what is derived from them.
    private func content(_ program: Program) throws -> String {
        try program.query(
            """
            SELECT timestamp, event_type, command, duration_ms, success, task_hash IS NULL FROM events ORDER BY 1, 3;
            SELECT sum(events) FROM activity_rollup; SELECT count(*) FROM history_marks;
            """)
    }

    /// Runs an import for at most a time. Returns whether it ended by itself, and the time that it took.
    private func importHistory(_ program: Program, _ source: String, _ path: String, for time: Double) throws -> Double
    {
        let process = program.process(["import-history", source, path])
        process.standardOutput = FileHandle.nullDevice
        let clock = ContinuousClock()
        let start = clock.now
        try process.run()
        // The instant of the kill is what the test varies.
        if time < .infinity {
            Thread.sleep(forTimeInterval: time)
            kill(process.processIdentifier, SIGKILL)
        }
        process.waitUntilExit()
        return (clock.now - start) / .seconds(1)
    }

    @Test(
        "An import of any source that is killed at a random instant is completed by the next",
        arguments: HistoryFiles.sources)
    func killed(source: String) throws {
        let whole = try Self.program()
        let files = HistoryFiles(aside: "aside", lines: (0..<Self.count).map { "make target\($0 % 11)" })
        let path = try files.write(source, in: whole.folder.path)
        let took = try importHistory(whole, source, path, for: .infinity)
        let expected = try content(whole)
        #expect(expected.hasSuffix("\n\(Self.count)\n\(Self.count)"))
        var random = SeededGenerator(seed: UInt64(HistoryFiles.sources.firstIndex(of: source) ?? 0))
        for _ in 0..<Self.kills {
            let program = try Self.program()
            let time = Double.random(in: 0...took, using: &random)
            _ = try importHistory(program, source, path, for: time)
            let second = try program.run("import-history", source, path)
            #expect(second.status == 0, "\(second.errors)")
            #expect(try content(program) == expected, "killed after \(time) s of \(took) s")
            #expect(try program.run("import-history", source, path).output.contains("0 of \(Self.count)"))
            #expect(try program.run("doctor").status == 0)
        }
    }

    @Test(
        "Nothing of a line is on the disk but its name, also after a kill and an import that failed",
        .enabled(if: LoopImage.canMount, "mounting an image is not possible here"))
    func image() throws {
        var program = try Self.program()
        let image = try LoopImage(in: program.folder)
        program.environment["TMPDIR"] = image.path
        // The histories are beside the image, not in it.
        let forms = [
            "make test hunter-#", "hunter-#", "cd hunter-# && ls", "X=hunter-# git status", "echo hunter-# | cat",
            "./hunter-#/x",
        ]
        let lines = (0..<5000).map { forms[$0 % forms.count].replacing("#", with: "\($0)") }
        for source in HistoryFiles.sources {
            let path = try HistoryFiles(aside: "hunter-aside", lines: lines).write(source, in: program.folder.path)
            _ = try importHistory(program, source, path, for: 0.3)
            #expect(try program.run("import-history", source, path).status == 0)
        }
        let broken = program.folder.path + "/broken"
        try Data("hunter-x \0 hunter-y {\"hunter\": \"hunter-z\"".utf8).write(to: URL(filePath: broken))
        for source in HistoryFiles.sources {
            let outcome = try program.run("import-history", source, broken)
            #expect(!outcome.output.contains("hunter") && !outcome.errors.contains("hunter"), "\(outcome)")
        }
        _ = try program.run("flush")
        #expect(try program.query("SELECT count(*) FROM events WHERE command = 'make test'") != "0")
        try waitUntil("the end of all that uses the disk") { (try? image.unmount()) != nil }
        #expect(try !image.contains("hunter"))
        #expect(try image.contains("SQLite format 3"), "the image is searched")
    }
}
