import Application
import Core
import Foundation
import Snapshots
import Sync
import SystemSupport
import TestSupport
import Testing

@testable import nexus

@Suite("Commands that change settings and data")
struct ManagementCommandTests {
    private let command: NexusCommand
    private var data: DataFolder { command.folder.data }

    init() throws {
        command = try NexusCommand()
    }

    private func run(_ line: String) async throws -> NexusCommand.Outcome {
        try await command.run(line.split(separator: " ").map(String.init))
    }

    /// The output of a command that ends well.
    private func output(_ line: String) async throws -> String {
        let outcome = try await run(line)
        #expect(outcome.status == 0, "\(line): \(outcome)")
        return outcome.output
    }

    @Test("Settings are printed, set, unset, added and removed")
    func config() async throws {
        #expect(try await output("config").contains("git-workspace"))
        #expect(try await output("config set git-workspace off").isEmpty)
        #expect(try await output("config show git-workspace").contains("off"))
        #expect(try await output("config add ignore ls pwd").isEmpty)
        #expect(try JSONNode(await output("config --json")) != .null)
        #expect(try await output("config remove ignore pwd").isEmpty)
        #expect(try await output("config show ignore").contains("ls"))
        #expect(try await output("config unset ignore").isEmpty)
        #expect(try await run("config set retention-days 9").errors.contains("nexus telemetry retain"))
        #expect(try await run("config remove ignore top").status == 64)
        #expect(try await run("config show nothing").status == 64)
        #expect(
            try await output("config add name-folders \(command.folder.path)/../\(Folder(command.folder.path).name)")
                .isEmpty)
        let folder = try #require(SymbolicLink.resolved(command.folder.path))
        #expect(try await output("config show name-folders").contains(folder), "the folder is absolute")
    }

    @Test("Recording is switched off and on, and commands report that it is off")
    func offAndOn() async throws {
        try await command.record("--command make")
        #expect(try await output("telemetry off").hasPrefix("Recording is off; "))
        try await command.record("--command git")
        let flush = try await run("flush")
        #expect(flush.status == 78 && flush.errors.contains("cannot store 1 event: recording is off"), "\(flush)")
        let stats = try await run("stats")
        #expect(stats.errors.contains("recording is off: events that were pending"))
        let imported = try await run("import \(command.folder.path)/none.db")
        #expect(imported.status == 78 && imported.errors.contains("nothing was imported: recording is off"))
        #expect(try await run("serve").errors.hasPrefix("cannot serve: recording is off"))
        #expect(try await output("telemetry on") == "Recording is on.\n")
        #expect(try await output("flush").isEmpty)
        #expect(try await output("runs --csv").split(whereSeparator: \.isNewline).count == 2)
    }

    @Test("Each way in which switching off is not complete is reported")
    func offOutcomes() throws {
        func failure(_ outcome: TelemetryControl.OffOutcome?) -> CommandFailure? {
            do { try CommandFailure.require(outcome) } catch { return error as? CommandFailure }
            return nil
        }
        #expect(failure(nil) == nil && failure(.isQuiet) == nil)
        #expect(failure(.writerIsBusy)?.code == 75)
        #expect(
            failure(.hasStopped(path: "/a\u{7}"))?.message
                .contains("finish a write to /a\\u{7}; continue or end that process") == true)
        #expect(failure(.unknownWriter(SystemError("lock", "/a", code: 5)))?.code == 74)
    }

    @Test("A purge prints what would go, asks, and removes it")
    func purge() async throws {
        try await command.record("--command make", "--command make", "--command git")
        #expect(try await output("flush").isEmpty)
        #expect(
            try await output("telemetry purge --command make --dry-run")
                == "Would be removed: 2 events in 1 session.\n")
        let before = try await run("telemetry purge --before 2026-02-30 --yes")
        #expect(before.status == 64 && before.errors == "--before must be a date that exists, as YYYY-MM-DD")
        #expect(try await output("telemetry purge --before 2020-01-01 --dry-run").contains("0 events"))
        #expect(try await output("telemetry purge --command make --yes").contains("2"))
        #expect(try await output("runs --csv").split(whereSeparator: \.isNewline).count == 2)
        #expect(try JSONNode(await output("telemetry purge --all --yes --json")) != .null)
        #expect(try await output("runs --csv").split(whereSeparator: \.isNewline).count == 1)
    }

    @Test("Nothing is destroyed without a terminal and without --yes")
    func noTerminal() async throws {
        guard !File.standardInput.isTerminal else { return }
        try await command.record("--command make")
        for line in ["telemetry purge --all", "telemetry rekey", "telemetry retain 9d"] {
            let outcome = try await run(line)
            #expect(
                outcome.status == 64
                    && outcome.errors.hasPrefix("confirmation needed: this cannot be undone; give --yes"), "\(outcome)")
        }
        #expect(try await output("runs --csv").split(whereSeparator: \.isNewline).count == 2)
    }

    @Test("A new key and the retention are set once confirmed")
    func rekeyAndRetain() async throws {
        try await command.record("--command make")
        #expect(try await output("telemetry rekey --dry-run").hasPrefix("A new key would be created"))
        #expect(try await output("telemetry rekey --yes") == "There is a new key; the old one is destroyed.\n")
        #expect(try await output("telemetry retain") == "Rows are kept forever.\n")
        #expect(try await output("telemetry retain 90d --dry-run") == "Would be removed: 0 events in 0 sessions.\n")
        #expect(
            try await output("telemetry retain 90d --yes").hasSuffix(
                "older ones are removed when events are next stored.\n"))
        #expect(try await output("telemetry retain forever --dry-run") == "Nothing would be removed.\n")
        #expect(try await output("telemetry retain forever") == "Rows are kept forever.\n")
        for time in ["0d", "90", "+9d", "36501d"] {
            #expect(try await run("telemetry retain \(time)").errors.hasPrefix("the retention must be 1d to 36500d"))
        }
    }

    @Test("The doctor reports each check, and recomputes aggregates once confirmed")
    func doctor() async throws {
        let nothing = try await run("doctor --rebuild --yes")
        #expect(nothing.status == 64 && nothing.errors.hasPrefix("nothing to recompute: no event was stored yet"))
        try await command.record("--command make")
        #expect(try await output("flush").isEmpty)
        #expect(try await output("doctor --rebuild --dry-run").contains("would be recomputed"))
        #expect(try await output("doctor --rebuild --yes").hasPrefix("Sessions and rollups were recomputed"))
        for name in try data.folder.names() where name.hasPrefix("nexus.db") {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: data.folder.path(of: name))
        }
        #expect(try await output("doctor --quick").contains("ledger"))
        try File(opening: data.ledgerPath, [.write, .create]).write("damaged\n")
        let damaged = try await run("doctor --json")
        #expect(damaged.status == 65 && damaged.output.contains("\"ledger\""))
    }

    @Test("The hook is added to a start file once confirmed, and removed again")
    func setup() async throws {
        let plan = try await output("setup --dry-run")
        #expect(
            plan.contains(
                "File:   \(command.folder.path)/.bashrc: the line goes to the end, after the lines of other tools"))
        if !File.standardInput.isTerminal {
            #expect(try await run("setup").errors.hasPrefix("nothing changed: there is no terminal to ask on"))
        }
        #expect(try await output("setup --undo") == "No start file has the block.\n")
        try File(opening: command.folder.path + "/.bashrc", [.write, .create]).write("\neval \"$(nexus init bash)\"\n")
        #expect(try await output("setup --dry-run").contains(".bashrc: has the hook already, in line 2"))
        #expect(try await run("setup --shell tcsh").status == 64)
    }

    @Test("Destinations are added, listed, found and removed")
    func destinations() async throws {
        #expect(try await output("sync list") == "No destinations yet.\n")
        #expect(try await run("sync --to").status == 64)
        #expect(try await run("sync").errors.contains("no destination given: none is stored; give --to with a URL"))
        #expect(try await output("sync add stick file:///mnt/stick").isEmpty)
        let open = try await run("sync add lab http://lab.example/nexus")
        #expect(open.status == 0 && open.errors.contains("the connection is not encrypted"))
        #expect(try await output("sync list") == "lab    http://lab.example:80/nexus\nstick  file:///mnt/stick\n")
        #expect(
            try JSONNode(await output("sync list --json"))["destinations"]?["stick"] == .string("file:///mnt/stick"))
        #expect(
            try await run("sync").errors == "no destination given: several are stored; give --to with one of lab, stick"
        )
        #expect(try await run("sync add stick file:///other").errors.contains("remove it first"))
        #expect(try await run("sync add .x file:///other").errors.hasPrefix("a name has 1 to 64 characters of"))
        #expect(try await run("sync --to nowhere").status != 0)
        #expect(try await output("sync remove lab").isEmpty)
        #expect(try await run("sync remove lab").status != 0)
        func found(_ text: String?) throws -> String? {
            if case .rows(let destination) = try Destinations(in: data).find(text) { destination.identity } else { nil }
        }
        #expect(try found(nil) == "file:///mnt/stick")
        #expect(try found("file:///a") == "file:///a")
    }

    @Test("Events are sent to a folder once, and the ledger lists that")
    func sync() async throws {
        let target = Folder(command.folder.path + "/target")
        try target.prepare()
        let to = "sync --to file://\(target.path)"
        #expect(try await output(to).hasPrefix("Nothing new for file://"))
        #expect(try await output("sync log") == "Nothing was ever sent.\n")
        try await command.record("--command make --duration-ms 5", "--command git")
        let preview = try await output(to + " --dry-run")
        #expect(
            preview.hasPrefix("Would be sent to file://\(target.path); nothing was sent:")
                && preview.contains("command=make"))
        #expect(try JSONNode(await output(to + " --dry-run --json"))["events"] == .integer(2))
        #expect(try target.names().isEmpty)
        #expect(try await output(to).hasPrefix("Sent 2 events, "))
        #expect(try JSONNode(await output(to + " --json"))["events"] == .integer(0))
        let log = try await output("sync log")
        #expect(log.hasPrefix("TIME (UTC)") && log.contains("  sent   file://"), "\(log)")
        #expect(try JSONNode(await output("sync log --json"))["transfers"]?[0]?["confirmed"] == .bool(true))
        #expect(try await output(to + " --again").hasPrefix("Sent 2 events"))
        #expect(try await output("telemetry status").contains("file://"))
    }

    @Test("A snapshot that cannot be read is refused by each command that takes one")
    func snapshots() async throws {
        let path = command.folder.path + "/snapshot.db.lz4"
        try await command.record("--command make")
        for line in ["verify \(path)", "import \(path)", "stats --from \(path)", "compare --from \(path)"] {
            let outcome = try await run(line)
            #expect(outcome.status != 0 && outcome.errors.contains(path), "\(line): \(outcome)")
        }
        try File(opening: path, [.write, .create]).write("no snapshot")
        #expect(try await run("verify \(path)").status == 65)
        #expect(
            SnapshotArgument.displayName("-") == "standard input" && SnapshotArgument.displayName("a\u{7}") == "a\\u{7}"
        )
    }

    @Test("A snapshot is verified, reported from, compared with and imported")
    func soundSnapshot() async throws {
        let path = command.folder.path + "/snapshot.db.lz4"
        try await command.record("--command make --duration-ms 5", "--command git")
        #expect(try await output("flush").isEmpty)
        _ = try await SyncActor().export(times: nil, of: data, as: .sqlite, to: .file(path), isPlain: false) { _, _ in }
        #expect(try await output("verify \(path)").hasPrefix("\(path) is sound: 2 events from "))
        #expect(try JSONNode(await output("verify \(path) --json"))["events"] == .integer(2))
        #expect(try await output("stats --from \(path)").contains("make"))
        #expect(try await output("compare --from \(path)").contains("make"))
        #expect(try await output("import \(path)") == "0 events imported, 2 already present\n")
        var other = try NexusCommand()
        other.variables["NEXUS_DATA_DIR"] = other.folder.path + "/other"
        #expect(try await other.run("import", path).output == "2 events imported, 0 already present\n")
        #expect(try JSONNode(await other.run("import", path, "--json").output)["known"] == .integer(2))
    }

    @Test("The units of systemd are written and removed")
    func units() async throws {
        let installed = try await output("serve --install")
        #expect(installed.hasPrefix("Written: \(command.folder.path)/.config/systemd/user/nexus.service\n"))
        #expect(installed.hasSuffix("systemctl --user enable --now nexus.socket\n"))
        #expect(try await output("serve --uninstall").contains("Removed: "))
        #expect(try await output("serve --uninstall") == "No units of Nexus are installed.\n")
    }
}
