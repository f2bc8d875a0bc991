import Core
import SystemSupport
import TestSupport
import Testing

@testable import nexus

@Suite("Usage errors of the command line")
struct ValidationTests {
    @Test(
        "Options that do not go together, and values out of range, are refused with the reason",
        arguments: [
            (
                "record --stdin --command make",
                "--command and --stdin exclude each other: with --stdin, the lines describe the events."
            ),
            ("record --stdin --success", "--success and --stdin exclude each other"),
            ("record --stdin --soft", "--soft and --stdin exclude each other."),
            ("record --ack --command make", "--strict, --ack and --json need --stdin."),
            ("record --success --failure", "--success and --failure exclude each other."),
            ("record --duration-ms x", "--duration-ms must be a number of milliseconds."),
            ("exec", "Missing expected argument"),
            ("exec --", "No command to run: give one, as in nexus exec -- <command>."),
            ("exec --wrong make", "Unknown option '--wrong'"), ("init dash", "'dash' is invalid"),
            ("setup --undo --yes", "--undo excludes --yes and --dry-run."),
            ("setup --deadline 0", "--deadline must be from 1 to 600."),
            ("serve --install --uninstall", "--install and --uninstall exclude each other."),
            ("serve --install --durable", "--install and --uninstall exclude other options."),
            ("session list --limit 0", "--limit must be from 1 to 1000."),
            ("session show --limit 10001", "--limit must be from 1 to 10000."),
            ("stats --day --week", "Give one window"), ("stats 7d --since 2h", "Give one window"),
            ("stats --top 0", "--top must be at least 1."),
            ("stats --watch --from x", "--watch and --from exclude each other"),
            ("stats --watch --json", "--watch excludes --json, --csv and --format."),
            ("stats --json --csv", "Give one of --json, --csv and --format."),
            ("stats --min-count 0", "--min-count must be at least 1."), ("stats --by moon", "'moon' is invalid"),
            ("report --watch --from x", "--watch and --from exclude each other"),
            ("report --refresh 0", "--refresh must be from 1 to 86400."), ("report --day --week", "Give one window"),
            ("insights --csv", "insights prints text, JSON or Markdown, not CSV."),
            ("insights --top 0", "--top must be at least 1."),
            ("insights --slow --errors", "Give one of --slow and --errors."),
            ("compare", "Nothing to compare"), ("compare a b c", "Give one or two windows."),
            ("compare 7d --at 2h", "--at excludes windows"),
            ("compare 7d --top 0", "--top must be at least 1."),
            ("runs --limit 0", "--limit must be from 1 to 10000."),
            ("runs --format markdown", "runs prints text, JSON or CSV"),
            ("export --plain -o a.db.lz4", "--plain and a name that ends with .lz4 exclude each other."),
            ("export --format csv -o a.ndjson", "--format csv and the name of the file exclude each other."),
            ("export --json -o -", "With '-o -' the snapshot itself goes to standard output."),
            ("sync send --new-ledger --dry-run", "--new-ledger and --dry-run exclude each other."),
            ("doctor --yes", "--yes and --dry-run need --rebuild."),
            ("doctor --shell zsh", "--shell needs --hook."),
            ("doctor --hook --quick", "--hook excludes --quick and --rebuild."),
            ("telemetry purge", "Nothing to remove"), ("telemetry purge --all --session s", "Nothing to remove"),
        ])
    func refused(line: String, reason: String) async throws {
        let command = try NexusCommand()
        let outcome = try await command.run(line.split(separator: " ").map(String.init))
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains(reason), "\(outcome)")
        #expect(!command.folder.data.folder.exists, "nothing was made")
    }

    @Test("An empty name is refused: the variable of a script may not be set")
    func emptyNames() async throws {
        let command = try NexusCommand()
        for line in [
            ["stats", "--command", ""], ["runs", "--workspace", ""], ["telemetry", "purge", "--command", ""],
            ["session", "show", ""],
        ] {
            let outcome = try await command.run(line)
            #expect(
                outcome.status == 64 && outcome.errors.contains("must not be empty"))
        }
    }

    @Test(
        "A subcommand that does not exist is refused with the one that was meant",
        arguments: [
            ("stast", "cannot run 'stast': there is no such subcommand; did you mean 'stats'? 'nexus help' lists them"),
            (
                "help stast",
                "no help for 'stast': there is no such subcommand; did you mean 'stats'? 'nexus help' lists them"
            ),
            ("xyzzy", "cannot run 'xyzzy': there is no such subcommand; 'nexus help' lists them"),
            ("session lst", "did you mean 'list'? 'nexus help session' lists them"),
            ("telemetry statsu", "did you mean 'status'?"), ("help telemetry off x", "no help for 'x'"),
        ])
    func unknownSubcommand(line: String, message: String) async throws {
        let outcome = try await NexusCommand().run(line.split(separator: " ").map(String.init))
        #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome)")
    }

    @Test("The nearest name differs by a third of its letters at most, and is the only one that near")
    func nearest() {
        let names = ["stats", "status", "runs", "export"]
        #expect(SubcommandCheck.nearest(to: "exprot", of: names) == "export")
        #expect(SubcommandCheck.nearest(to: "RUNS", of: names) == "runs")
        #expect(SubcommandCheck.nearest(to: "stat", of: ["stats", "state"]) == nil)
        #expect(SubcommandCheck.nearest(to: "", of: names) == nil)
        #expect(SubcommandCheck.nearest(to: String(repeating: "s", count: 40), of: names) == nil)
        #expect(SubcommandCheck.nearest(to: "x", of: []) == nil)
    }

    @Test(
        "Help and the version are printed with success",
        arguments: ["--version", "help", "help stats", "stats --help", "help telemetry purge"])
    func help(line: String) async throws {
        let outcome = try await NexusCommand().run(line.split(separator: " ").map(String.init))
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        #expect(line == "--version" ? outcome.output.hasPrefix("nexus 0.") : outcome.output.contains("EXAMPLES"))
    }

    @Test("Every command without a data folder names the variables to set")
    func noFolder() async throws {
        var command = try NexusCommand()
        command.variables = [:]
        for line in [
            ["stats"], ["record", "--command", "make"], ["config"], ["telemetry", "status"], ["sync", "list"],
        ] {
            let outcome = try await command.run(line)
            #expect(
                outcome.status == 74
                    && outcome.errors
                        == "no data folder: neither NEXUS_DATA_DIR nor HOME is an absolute path; set one of them"
            )
        }
        command.variables["NEXUS_DATA_DIR"] = "relative"
        let outcome = try await command.run("stats")
        #expect(outcome.status == 78 && outcome.errors.contains("'relative' is not an absolute path"))
    }
}
