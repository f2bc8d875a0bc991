import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import nexus

@Suite("Commands that record and report")
struct ReportCommandTests {
    private let command: NexusCommand

    init() async throws {
        command = try NexusCommand()
    }

    private func run(_ line: String) async throws -> NexusCommand.Outcome {
        try await command.run(line.split(separator: " ").map(String.init))
    }

    /// The output of a command that ends well, with nothing on standard error.
    private func output(_ line: String) async throws -> String {
        let outcome = try await run(line)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(line): \(outcome)")
        return outcome.output
    }

    @Test("The dashboard shows what was recorded, in each form")
    func stats() async throws {
        #expect(try await output("stats").contains("nexus import-history"), "an empty report says what to do next")
        try await command.record(
            "--command make --duration-ms 1200 --success", "--command make --failure", "--command git")
        let text = try await output("stats --day")
        #expect(text.contains("make") && text.contains("git"))
        let json = try JSONNode(await output("stats --json"))
        #expect(json["totals"]?["events"] == .integer(3))
        #expect(try await output("stats --csv").hasPrefix("day,"))
        #expect(try await output("stats --week --format markdown").contains("| make |"))
        #expect(try await output("stats --by command --sort count").contains("make"))
        #expect(try await output("stats --by command --json --top 1").contains("\"make\""))
        #expect(try await output("stats --by command --csv --command make").contains("make"))
        #expect(try await output("stats --by command --format markdown --failed").contains("make"))
        #expect(try await output("stats --by workspace").contains("3"))
        #expect(try await output("stats --by command --command absent").contains("filter"))
    }

    @Test("Runs, insights and comparisons are printed in each form")
    func others() async throws {
        try await command.record(
            "--command make --duration-ms 1200 --success", "--command make --failure", "--command git")
        #expect(try await output("runs --command make").contains("make"))
        #expect(try await output("runs --slowest --csv").split(whereSeparator: \.isNewline).count == 2)
        #expect(try JSONNode(await output("runs --json --failed --names"))["runs"]?[0] != nil)
        #expect(try await output("runs --command absent").contains("filter"))
        #expect(!(try await output("insights --week")).isEmpty)
        #expect(try JSONNode(await output("insights --slow --json"))["focus"] == .string("slow"))
        #expect(try await output("insights --errors --format markdown").contains("make"))
        #expect(try await output("compare 1d").contains("nothing was recorded in the earlier window"))
        #expect(try JSONNode(await output("compare 2d 1d --json"))["before"] != nil)
        #expect(try await output("compare 1d --csv --fail-if count<-99%").contains("make"))
        #expect(!(try await output("compare --at 1d --format markdown")).isEmpty)
        let condition = try await run("compare 1d --fail-if nonsense")
        #expect(condition.status == 64 && condition.errors.contains("cannot read the condition 'nonsense'"))
        let endless = try await run("compare all")
        #expect(endless.status == 64, "\(endless)")
        let window = try await run("stats never")
        #expect(window.status == 64 && window.errors.contains("never"), "\(window)")
    }

    @Test("A page is written to a private file, on a snapshot too, and the path is printed")
    func page() async throws {
        try await command.record("--command make --duration-ms 1200 --success --workspace acme", "--command git")
        var own = command
        own.variables["TMPDIR"] = command.folder.path
        let temporary = command.folder.path + "/nexus-\(ThisProcess.userID)/nexus-report.html"
        #expect(try await own.run("report", "--month").output == temporary + "\n")
        let text = try String(contentsOfFile: temporary, encoding: .utf8)
        #expect(text.contains("make") && !text.contains("acme"))
        let file = command.folder.path + "/page.html"
        #expect(try await output("report --command make -o \(file) --names --refresh 60") == file + "\n")
        let filtered = try String(contentsOfFile: file, encoding: .utf8)
        #expect(filtered.contains("only command make") && !filtered.contains(">git<"))
        let snapshot = command.folder.path + "/all.db.lz4"
        _ = try await output("export -o \(snapshot)")
        #expect(try await output("report --from \(snapshot) -o \(file)") == file + "\n")
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("from a snapshot"))
        let opened = try await run("report -o \(file) --open")
        #expect(opened.status == 0 && opened.errors.hasPrefix("nexus: cannot open the report"), "\(opened)")
        let refused = try await run("report -o \(snapshot)")
        #expect(refused.status == 74 && refused.errors.contains("a file that is no report of Nexus"), "\(refused)")
        let owned = try await run("report -o \(command.folder.data.databasePath)")
        #expect(owned.status == 64 && owned.errors.contains("keeps its own data"), "\(owned)")
    }

    @Test("An event that is rejected is an error, and with --soft a message")
    func rejected() async throws {
        let refused = try await run("record --command make --timestamp yesterday")
        #expect(refused.status == 65 && refused.errors.hasPrefix("event not recorded: "))
        let soft = try await run("record --command make --timestamp yesterday --soft")
        #expect(soft.status == 0 && soft.errors.hasPrefix("nexus: event not recorded: "))
        #expect(try await output("record --command make --durable").isEmpty)
    }

    @Test("A session is started, ended, listed and shown")
    func sessions() async throws {
        let start = try await output("session start --id release-1 --shell fish")
        #expect(start == "set -gx NEXUS_SESSION release-1;\n")
        #expect(try await output("session start").hasPrefix("export NEXUS_SESSION=s-"))
        #expect(try await run("session start --id a/b").status == 64)
        #expect(try await output("session end") == "unset NEXUS_SESSION;\n")
        var other = command
        other.variables["NEXUS_SESSION"] = nil
        #expect(try await other.run("session", "end").errors == "no session to end: NEXUS_SESSION is not set")
        other.variables["NEXUS_SESSION"] = "a/b"
        #expect(try await other.run("session", "end").status == 64)
        #expect(try await output("session list --limit 5").contains("release-1"))
        #expect(try JSONNode(await output("session list --json"))["sessions"]?[0] != nil)
        #expect(try await output("session show release").contains("session_started"))
        #expect(try await output("session show release-1 --json").contains("release-1"))
        #expect(try await output("session show").contains("session_ended"), "by default that of the shell")
        let none = try await run("session show none")
        #expect(none.status == 65 && none.errors.contains("unknown session none: it was not recorded"))
        _ = try await output("session start --id release-2")
        #expect(
            try await run("session show release").errors
                == "ambiguous session id release: several sessions begin with it; give more characters")
    }

    @Test("The status shows recording, counters and a problem of the key")
    func status() async throws {
        try await command.record("--command make", "--command git")
        let text = try await output("telemetry status")
        #expect(text.contains("2") && text.contains(command.folder.data.folder.path))
        #expect(try JSONNode(await output("telemetry --json"))["schema"] != nil)
        try command.folder.data.folder.remove("key")
        #expect(try await output("telemetry status").contains("key"))
    }

    @Test("'explain' shows what would be stored of a line, and stores nothing")
    func explain() async throws {
        #expect(
            try await command.run("telemetry", "explain", #"{"command":"git push --force"}"#).output.contains(
                "git push"))
        #expect(
            try await command.run("telemetry", "explain", #"{"command":"git"}"#, "--json").output.contains("\"git\""))
        #expect(!(try await output("telemetry explain")).isEmpty)
        #expect(try JSONNode(await output("telemetry explain --json")) != .null)
        let wrong = try await command.run("telemetry", "explain", "no json")
        #expect(wrong.status == 65 && wrong.errors.hasPrefix("cannot explain the line: "))
        #expect(!command.folder.data.folder.exists)
    }

    @Test("The hook of each shell is printed", arguments: ["bash", "zsh", "fish"])
    func hooks(shell: String) async throws {
        let text = try await output("init \(shell)")
        #expect(text.contains("__nexus_") && text.hasSuffix("\n"))
    }

    @Test("The manual has a page for each subcommand")
    func manual() async throws {
        let folder = Folder(command.folder.path + "/man")
        try folder.prepare()
        #expect(try await output("man-pages \(folder.path)").isEmpty)
        let names = try folder.names()
        #expect(names.contains("nexus.1") && names.contains("nexus-telemetry-purge.1") && names.count > 30)
        #expect(try await run("man-pages \(folder.path)/none").status == 74)
    }
}
