import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Intake
import Maintenance
import Rollups
import Snapshots
import SystemSupport
import TestSupport
import Testing

@testable import History

/// The store of imported histories: each run once, whatever is imported in whichever order and however often.
struct HistoryImportTests {
    private let harness: HistoryHarness

    private var data: DataFolder { harness.data }

    init() throws {
        harness = try HistoryHarness()
    }

    /// Lines of zsh, one a minute from `start` on.
    private func zsh(_ lines: [String], from start: Int = 1_700_000_000) -> String {
        lines.enumerated().map { ": \(start + $0 * 60):0;\($1)\n" }.joined()
    }

    @discardableResult
    private func take(_ source: HistorySource, _ name: String) async throws -> HistorySummary {
        let summary = try await harness.take(source, name)
        try await expectSound()
        return summary
    }

    /// Expects that all that is derived from the rows is what a recount gives, and that every mark has its row.
    private func expectSound() async throws {
        let tables = try Tables(data)
        let before = try tables.rollups()
        try await SQLiteWriter.withWriter(of: data, lock: try harness.lock(), obeysSettings: false) {
            try await $0.rebuildCounts()
        }
        #expect(try Tables(data).rollups() == before)
        #expect(
            try tables.number("SELECT count(*) FROM history_marks WHERE event_id NOT IN (SELECT id FROM events)") == 0)
        let imported = "SELECT count(*) FROM events WHERE session_id GLOB 'imported-history-*'"
        #expect(try tables.number("SELECT count(*) FROM history_marks") == tables.number(imported))
        #expect(try tables.number("SELECT count(*) FROM sessions WHERE session_id GLOB 'imported-history-*'") == 0)
    }

    private func rows(_ sql: String) throws -> [String] {
        try Tables(data).rows(sql).map { row in
            row.databaseValues.map { $0.isNull ? "-" : String.fromDatabaseValue($0) ?? "\($0)" }.joined(separator: "|")
        }
    }

    // MARK: Once

    @Test("An entry is an event with its start, its name and what is known, and of no session")
    func events() async throws {
        try harness.write(
            "zsh", ": 1700000000:12;make -j8 test | tee log\n: 1700000060:0;cd x && git push\n: 1700000120:0;FOO=bar\n")
        let summary = try await take(.zsh, "zsh")
        #expect(summary.imported == 2 && summary.skipped == [.noCommand: 1] && summary.entries == 3)
        #expect(
            try rows("SELECT timestamp, session_id, event_type, command, duration_ms, success FROM events ORDER BY id")
                == [
                    "2023-11-14 22:13:20.000|imported-history-zsh|command|make test|12000|-",
                    "2023-11-14 22:14:20.000|imported-history-zsh|command|git push|-|-",
                ])
        #expect(try StoreReader(data: data)?.sessionCount() == 0)
    }

    @Test("A name is kept if the program is a builtin, in PATH or in the lists, so that no typed password is one")
    func names() async throws {
        try harness.write(
            "zsh", zsh(["hunter2", "source x", "sqlite3 a.db", "no-such-program-anywhere run", "git status"]))
        try await take(.zsh, "zsh")
        #expect(try rows("SELECT command FROM events ORDER BY id") == ["-", "source", "sqlite3", "-", "git status"])
    }

    @Test("A second import adds nothing, and a longer history its new part")
    func twice() async throws {
        let lines = ["ls", "make", "ls", "make", "git status"]
        try harness.write("zsh", zsh(lines))
        #expect(try await take(.zsh, "zsh").imported == 5)
        let again = try await take(.zsh, "zsh")
        #expect(again.imported == 0 && again.skipped == [.known: 5] && again.times == nil)
        try harness.write("zsh", zsh(lines + ["pwd", "ls"]))
        let longer = try await take(.zsh, "zsh")
        #expect(longer.imported == 2 && longer.skipped == [.known: 5])
        // Its beginning was dropped by the shell.
        try harness.write("zsh", zsh(["ls", "make"], from: 1_700_000_180))
        #expect(try await take(.zsh, "zsh").imported == 2)
        #expect(
            try rows("SELECT first_id, last_id, origin FROM origins") == ["1|9|1"])
    }

    @Test("Equal lines of a second are separate runs, and are recognized again")
    func sameSecond() async throws {
        try harness.write("zsh", String(repeating: ": 1700000000:0;ls\n", count: 3))
        #expect(try await take(.zsh, "zsh").imported == 3)
        try harness.write("zsh", String(repeating: ": 1700000000:0;ls\n", count: 4))
        let again = try await take(.zsh, "zsh")
        #expect(again.imported == 1 && again.skipped == [.known: 3])
    }

    @Test("More entries in a second than a user can type have a made-up time")
    func madeUpTimes() async throws {
        let many = (0...Limits.historyEntriesOfASecond).map { ": 1700000000:0;make \($0)\n" }.joined()
        try harness.write("zsh", many + ": 1700000001:0;ls\n")
        let summary = try await take(.zsh, "zsh")
        #expect(summary.imported == 1 && summary.skipped == [.undated: Limits.historyEntriesOfASecond + 1])
    }

    @Test("More entries than a batch holds are imported once, in any number of batches")
    func batches() async throws {
        let count = 2 * Limits.historyRows + 100
        try harness.write("zsh", zsh((0..<count).map { "make \($0 % 7)" }))
        let plan = try plan([(.zsh, "zsh")])
        #expect(plan[0].imported == count)
        #expect(try await take(.zsh, "zsh").imported == count)
        #expect(try await take(.zsh, "zsh").skipped == [.known: count])
    }

    // MARK: No run twice

    @Test("A run that atuin and zsh noted a second apart is one event, whichever is imported first")
    func twoSources() async throws {
        for isAtuinFirst in [true, false] {
            let test = try HistoryImportTests()
            try test.harness.write("zsh", test.zsh(["ls", "make", "ls", "git status"]))
            try AtuinTests.make(
                test.harness.path("atuin"),
                AtuinTests.row(1, seconds: 1_700_000_060, duration: 5_000_000_000, exit: 0, "make")
                    + AtuinTests.row(2, seconds: 1_700_000_121, duration: 5_000_000, exit: 0, "ls")
                    + AtuinTests.row(3, seconds: 1_700_000_500, duration: 5_000_000, exit: 0, "ls"))
            let first: [(HistorySource, String)] = [(.atuin, "atuin"), (.zsh, "zsh")]
            var elsewhere = 0
            for (source, name) in isAtuinFirst ? first : first.reversed() {
                elsewhere += try await test.take(source, name).skipped[.elsewhere] ?? 0
            }
            #expect(elsewhere == 2)
            #expect(try test.rows("SELECT count(*) FROM events") == ["5"])
            if isAtuinFirst {
                #expect(
                    try test.rows("SELECT command, duration_ms, success FROM events ORDER BY id") == [
                        "make|5000|1", "ls|5|1", "ls|5|1", "ls|-|-", "git status|-|-",
                    ])
            }
        }
    }

    @Test("Entries since the first shell that was recorded here are skipped, an imported shell's do not count")
    func hook() async throws {
        // Another installation recorded a shell before.
        let other = try HistoryImportTests()
        try await other.record(#"{"command":"make","timestamp":1699999000000,"session_id":"shell-0000-1-1"}"#)
        try await SnapshotWriter(data: other.data).write(.everything, as: .sqlite, to: .file(harness.path("snapshot")))
        try await record(#"{"command":"tool","timestamp":1699998000000,"session_id":"ci"}"#)
        _ = try await SnapshotImport(path: harness.path("snapshot")).run(
            into: data, lock: try harness.lock(), parts: .standard)
        try harness.write("zsh", zsh(["ls", "make", "ls"]))
        #expect(try plan([(.zsh, "zsh")])[0].imported == 3)
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"make","timestamp":1700000060900,"session_id":"shell-0000-2-2"}"#])
        // The event waits in the buffer.
        let summary = try await take(.zsh, "zsh")
        #expect(summary.imported == 1 && summary.skipped == [.recorded: 2])
    }

    @Test(
        "An imported history ends where the hook of its own shell began, whatever other recorders stored"
    )
    func hookOfAnotherShell() async throws {
        func event(_ command: String, _ second: Int, _ session: String) -> String {
            #"{"command":"\#(command)","timestamp":\#(second)400,"session_id":"shell-0000-\#(session)"}"#
        }
        // bash has the hook from the start; zsh runs a script that records and 'nexus exec', and gets the hook on the last day.
        let day = 86_400
        let start = 1_700_000_000
        try await record(
            event("make", start + 30, "1-1"), event("ls", start + 60, "1-1"), event("cargo test", start + 90, "1-1"),
            event("render", start + 120, "2-2"), event("make", start + 180, "2-2"), event("deploy", start + 200, "2-2"),
            event("git status", start + day, "3-3"), event("ls", start + day + 59, "3-3"))
        try harness.write(
            "zsh",
            zsh(["ls", "vim x", "./script", "nexus exec make"], from: start)
                + zsh(["git status", "ls -l", "pwd"], from: start + day))
        let summary = try await take(.zsh, "zsh")
        // `nexus exec make` was recorded by itself, and the last day by zsh's hook.
        #expect(summary.imported == 3 && summary.skipped == [.recorded: 4])
        #expect(try plan([(.zsh, "zsh")])[0].skipped == [.recorded: 4, .known: 3])
    }

    private func record(_ lines: String...) async throws {
        var filler = BufferFiller(data)
        try filler.append(lines)
        try await SQLiteWriter.withWriter(of: data, lock: try harness.lock()) { writer in
            _ = try await writer.drain()
            try await writer.finish()
        }
    }

    // MARK: A plan

    private func plan(_ sources: [(HistorySource, String)]) throws -> [HistorySummary] {
        var planned = PlannedHistories()
        return try sources.map { source, name in
            try HistoryImport(source, path: harness.path(name), clock: harness.clock).plan(for: data, besides: &planned)
        }
    }

    @Test("A plan prints what imports in its order would do, before and after them, and writes nothing")
    func plans() async throws {
        try harness.write("zsh", zsh(["ls", "make", "FOO=1"]))
        try harness.write("bash", "#1700000000\nls\n#1700000900\npwd\nundated\n")
        try AtuinTests.make(
            harness.path("atuin"), AtuinTests.row(1, seconds: 1_700_000_060, duration: 5_000_000_000, exit: 0, "make"))
        let sources: [(HistorySource, String)] = [(.atuin, "atuin"), (.zsh, "zsh"), (.bash, "bash")]
        let before = try plan(sources)
        #expect(try data.folder.names().isEmpty)
        var done: [HistorySummary] = []
        for (source, name) in sources { done.append(try await take(source, name)) }
        #expect(before == done)
        #expect(done.map(\.imported) == [1, 1, 1])
        let after = try plan(sources)
        #expect(after.map(\.imported) == [0, 0, 0])
    }

    // MARK: Bounds

    @Test("Entries beyond the retention are skipped, and so are impossible times")
    func retention() async throws {
        try SettingsFile(data).update { $0.set(retentionDays: 30) }
        let now = 1_800_000_000
        try harness.write(
            "zsh",
            zsh(["ls"], from: now - 40 * 86400) + zsh(["make"], from: now - 86400) + zsh(["ls"], from: now + 2 * 86400)
                + zsh(["ls"], from: 900_000_000))
        let summary = try await take(.zsh, "zsh")
        #expect(summary.imported == 1 && summary.skipped == [.expired: 1, .wrongTime: 2])
    }

    @Test("A history that keeps each line once is marked, fish's always")
    func lowerBounds() async throws {
        try harness.write("fish", "- cmd: ls\n  when: 1700000000\n")
        #expect(try await take(.fish, "fish").isLowerBound)
        try harness.write("zsh", zsh((0..<200).map { "make \($0)" }))
        #expect(try await take(.zsh, "zsh").isLowerBound)
        try harness.write("bash", "#1700000000\nls\n#1700000100\nls\n")
        #expect(try await take(.bash, "bash").isLowerBound == false)
        let histories = try StoreReader(data: data)?.importedHistories() ?? []
        #expect(histories.map(\.source) == ["bash", "fish", "zsh"])
        #expect(histories.map(\.isLowerBound) == [false, true, true])
    }

    // MARK: Removal and keys

    @Test("An import after 'rekey' adds nothing; a purge removes marks with their rows, and a new import restores them")
    func purge() async throws {
        try harness.write("zsh", zsh(["ls", "make", "git status"]))
        try await take(.zsh, "zsh")
        #expect(try await Purger(data: data).renewKey())
        #expect(try await take(.zsh, "zsh").skipped == [.known: 3])
        var selection = PurgeSelection()
        selection.command = "make"
        #expect(try await Purger(data: data).purge(selection)?.events == 1)
        try await expectSound()
        #expect(try rows("SELECT count(*) FROM history_marks") == ["2"])
        #expect(try await take(.zsh, "zsh").imported == 1)
        selection = PurgeSelection()
        selection.session = HistorySource.zsh.session
        #expect(try await Purger(data: data).purge(selection)?.events == 3)
        #expect(try rows("SELECT count(*) FROM histories") == ["0"])
        #expect(try await take(.zsh, "zsh").imported == 3)
        _ = try await Purger(data: data).purge(PurgeSelection())
        #expect(data.folder.has(DataFolder.historyKeyName) == false)
        #expect(try rows("SELECT (SELECT count(*) FROM histories) + (SELECT count(*) FROM history_marks)") == ["0"])
        #expect(try await take(.zsh, "zsh").imported == 3)
    }

    @Test("Retention removes marks with their rows, and the entries stay out afterwards")
    func expiry() async throws {
        let now = 1_800_000_000
        try harness.write("zsh", zsh(["ls"], from: now - 40 * 86400) + zsh(["make"], from: now - 86400))
        #expect(try await take(.zsh, "zsh").imported == 2)
        try SettingsFile(data).update { $0.set(retentionDays: 30) }
        let writer = try SQLiteWriter(data: data, lock: try harness.lock(), clock: harness.clock)
        try await writer.endDrain()
        await writer.close()
        #expect(try rows("SELECT count(*) FROM history_marks") == ["1"])
        #expect(try await take(.zsh, "zsh").skipped == [.expired: 1, .known: 1])
    }

    @Test("A lost key is reported, and nothing is imported twice without it")
    func lostKey() async throws {
        try harness.write("zsh", zsh(["ls"]))
        try await take(.zsh, "zsh")
        try data.folder.remove(DataFolder.historyKeyName)
        await #expect(throws: HistoryKeyError.lost(path: data.historyKeyPath)) { try await take(.zsh, "zsh") }
        #expect(try rows("SELECT count(*) FROM events") == ["1"])
    }

    @Test("Nothing of a line but its name is in any file, and two data folders have different marks of one line")
    func nothingRaw() async throws {
        try harness.write(
            "zsh", zsh(["curl -H token:s3cr3tvalue https://example.invalid/path", "export PASS=s3cr3tvalue; make"]))
        try await take(.zsh, "zsh")
        let other = try HistoryImportTests()
        try other.harness.write("zsh", zsh(["curl -H token:s3cr3tvalue https://example.invalid/path"]))
        try await other.take(.zsh, "zsh")
        for name in try data.folder.names() {
            let bytes = FileManager.default.contents(atPath: data.folder.path(of: name)) ?? Data()
            #expect(
                bytes.range(of: Data("s3cr3t".utf8)) == nil && bytes.range(of: Data("example".utf8)) == nil, "\(name)")
        }
        #expect(
            try Set(rows("SELECT mark FROM history_marks")).isDisjoint(
                with: other.rows("SELECT mark FROM history_marks")))
    }

    @Test("An import stops when recording is switched off, and the next one continues after it is on again")
    func off() async throws {
        try harness.write("zsh", zsh(["ls", "make"]))
        try SettingsFile(data).update { $0.set(recording: false) }
        await #expect(throws: HistoryError.switchedOff) {
            try await HistoryImport(.zsh, path: harness.path("zsh"), clock: harness.clock).run(
                into: data, lock: try harness.lock(), parts: .standard)
        }
        #expect(try rows("SELECT count(*) FROM events") == ["0"])
        try SettingsFile(data).update { $0.set(recording: true) }
        #expect(try await take(.zsh, "zsh").imported == 2)
    }

    @Test("A history that cannot be read imports nothing and adds no row")
    func unreadable() async throws {
        await #expect(throws: SystemError.self) { try await take(.zsh, "missing") }
        #expect(try rows("SELECT count(*) FROM histories") == ["0"])
    }

    // MARK: Snapshots

    @Test("A snapshot of imported entries is imported once elsewhere, and makes no session there")
    func snapshot() async throws {
        try harness.write("zsh", zsh(["ls", "make"]))
        try await take(.zsh, "zsh")
        try await SnapshotWriter(data: data).write(.everything, as: .sqlite, to: .file(harness.path("snapshot")))
        let there = try HistoryImportTests()
        for expected in [2, 0] {
            let outcome = try await SnapshotImport(path: harness.path("snapshot")).run(
                into: there.data, lock: try there.harness.lock(), parts: .standard)
            #expect(outcome.imported == expected)
        }
        #expect(try there.rows("SELECT count(*) FROM sessions") == ["0"])
        #expect(try StoreReader(data: there.data)?.sessionCount() == 0)
    }
}
