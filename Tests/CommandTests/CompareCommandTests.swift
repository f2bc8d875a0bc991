import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus compare` as a user calls it.
struct CompareCommandTests {
    private let program: Program

    init() throws {
        program = try Program()
    }

    /// Records 20 runs of `make` in each of 12 days until yesterday: a second each, and `slow` from six days ago on.
    private func record(slow: Int) throws {
        let midnight = SystemClock().now() / Timestamp.millisecondsPerDay * Timestamp.millisecondsPerDay
        var lines: [String] = []
        for day in 1...12 {
            for run in 0..<20 {
                let time = midnight - Int64(day) * Timestamp.millisecondsPerDay + Int64(run) * 1_800_000
                let duration = (day <= 6 ? slow : 1000) + run
                lines.append(
                    #"{"command":"make","timestamp":"\#(Timestamp.rfc3339(time))","duration_ms":\#(duration),"success":true}"#
                )
            }
        }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n") + "\n").status == 0)
    }

    /// Six days until yesterday, and the six before.
    private static let windows = ["7d..yesterday", "13d..7d"]

    @Test("A clear change returns 1 with a condition that it meets, and 0 without")
    func failIf() throws {
        try record(slow: 2000)
        func status(_ conditions: String...) throws -> Int32 {
            try program.run(["compare"] + Self.windows + conditions.flatMap { ["--fail-if", $0] }).status
        }
        #expect(try status() == 0)
        #expect(try status("p95 > +20%") == 1)
        #expect(try status("p95 > +150%") == 0)
        #expect(try status("p95 > +150%", "total > 50%") == 1)
        #expect(try status("success < -1%", "count > 0%", "count < 0%") == 0)
        let text = try program.run(["compare"] + Self.windows + ["--fail-if", "p50>+20%"])
        #expect(text.output.contains("p50 > +20%: met by make, +100%") && text.errors.isEmpty, "\(text)")
        #expect(text.output.contains("• make: p50 1.0s → 2.0s"), "\(text.output)")
    }

    @Test("The windows may be in any order, or be named by the day between them")
    func windows() throws {
        try record(slow: 2000)
        let one = try program.run(["compare", "--json"] + Self.windows).output
        #expect(try one == program.run(["compare", "--json"] + Self.windows.reversed()).output)
        let day = LocalCalendar.day(of: SystemClock().now() - 6 * Timestamp.millisecondsPerDay)
        let at = try JSONNode(program.run("compare", "--at", day.text, "--json").output)
        #expect(at["commands"]?[0]?["p50"]?["is_clear"] == .bool(true), "\(at)")
    }

    @Test("A snapshot is the baseline, and is not imported")
    func snapshot() throws {
        try record(slow: 1000)
        let file = program.folder.path + "/baseline.db.lz4"
        #expect(try program.run("export", "-o", file).status == 0)
        let same = try program.run("compare", "--from", file, "--fail-if", "p50 > 0%")
        #expect(same.status == 0 && same.output.contains("against All Time of the"), "\(same)")
        let other = try Program()
        let midnight = SystemClock().now() / Timestamp.millisecondsPerDay * Timestamp.millisecondsPerDay
        let lines = (0..<200).map { run in
            let time = midnight - Int64(200 - run) * 1_800_000
            return #"{"command":"make","timestamp":"\#(Timestamp.rfc3339(time))","duration_ms":3000,"success":true}"#
        }
        try other.run("record", "--stdin", input: lines.joined(separator: "\n") + "\n")
        #expect(try other.run("compare", "--from", file, "--fail-if", "p50 > +100%").status == 1)
        #expect(try other.query("SELECT count(*) FROM events") == "200")
        let csv = try other.run("compare", "--from", file, "7d", Self.windows[1], "--csv").output
        #expect(csv.contains("\r\nmake,120.0,200.0,"), "\(csv)")
    }

    @Test(
        "A comparison that is not possible is a usage error",
        arguments: [
            [], ["x"], ["7d", "14d", "21d"], ["7d", "--at", "2026-01-01"], ["7d", "--fail-if", "p95"],
            ["--at", "x"], ["--at", "2026-01-01", "--from", "/nowhere"], ["7d", "--top", "0"], ["..2026-01"],
            ["7d", "--sort", "colour"], ["7d", "--min-count", "0"], ["7d", "--json", "--format", "markdown"],
        ])
    func wrongUse(arguments: [String]) throws {
        let outcome = try program.run(["compare"] + arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty && !outcome.errors.isEmpty, "\(outcome)")
    }

    @Test("Runs with names of other rules are not compared")
    func namingVersions() throws {
        try record(slow: 2000)
        #expect(try program.run("flush").status == 0)
        // Days 1 to 6 are the first 120 rows; the rules changed before the first run of the sixth.
        let change =
            "INSERT INTO naming_versions VALUES (1, 1); UPDATE naming_versions SET first_id = 101 WHERE version = 2"
        _ = try program.query(change)
        let outcome = try program.run(["compare"] + Self.windows + ["--fail-if", "p50 > +20%"])
        #expect(
            outcome.status == 0 && outcome.output.contains("nothing was recorded in the earlier window"), "\(outcome)")
        #expect(outcome.output.contains("naming rules changed"), "\(outcome)")
        let json = try JSONNode(program.run(["compare", "--json"] + Self.windows).output)
        // A snapshot of that time has the old names too.
        let file = program.folder.path + "/baseline.db.lz4"
        #expect(try program.run("export", "-o", file).status == 0)
        let snapshot = try program.run("compare", "--from", file, "7d..yesterday", "13d..7d")
        #expect(snapshot.output.contains("naming rules changed"), "\(snapshot)")
        #expect(json["names_since"] != .null && json["commands"]?[0]?["count"]?["before"] == .integer(0))
    }

    @Test("A comparison without events prints so and succeeds")
    func empty() throws {
        let outcome = try program.run("compare", "7d", "--fail-if", "p95 > +20%")
        #expect(outcome.status == 0 && outcome.output.contains("Nothing recorded in the later window."), "\(outcome)")
    }

    @Test("Every reading command accepts words for its window, and lists them in its error")
    func words() throws {
        try record(slow: 1000)
        for command in [["stats"], ["insights"], ["runs"], ["export", "-o", program.folder.path + "/x.lz4"]] {
            for window in [
                ["7d"], ["yesterday"], ["2026-11"], ["--since", "2h"], ["--since", "14d", "--until", "7d"],
            ] {
                let outcome = try program.run(command + window)
                #expect(outcome.status == 0, "\(command) \(window): \(outcome)")
            }
            let wrong = try program.run(command + ["soon"])
            #expect(wrong.status == 64 && wrong.errors.contains("'soon'") && wrong.errors.contains("yesterday, 7d"))
            #expect(try program.run(command + ["7d", "--week"]).status == 64)
        }
    }

    @Test("The beginning of a hash is accepted where a workspace's name is")
    func hashPrefix() throws {
        let names = (0..<40).map { "w\($0)" }
        let lines = names.map { #"{"command":"make","workspace":"\#($0)"}"# }
        try program.run("record", "--stdin", input: lines.joined(separator: "\n") + "\n")
        #expect(try program.run("flush").status == 0)
        let hash = try program.query("SELECT workspace_hash FROM events LIMIT 1")
        func events(_ workspace: String) throws -> JSONNode? {
            try JSONNode(program.run("stats", "--workspace", workspace, "--json").output)["totals"]?["events"]
        }
        #expect(try events(String(hash.prefix(8))) == .integer(1))
        #expect(try events(hash) == .integer(1))
        #expect(try events("w1") == .integer(1))
        // A name of hexadecimal digits is that name.
        try program.run("record", "--stdin", input: #"{"command":"make","workspace":"cafe"}"# + "\n")
        #expect(try events("cafe") == .integer(1))
        #expect(try events("beef0123") == .integer(0))
    }
}
