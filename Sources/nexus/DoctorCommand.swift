import Application
import ArgumentParser
import Core
import Reports
import Sync
import SystemSupport

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the whole data folder, and say what to do.",
        discussion: """
            Permissions, key, settings, buffer, database, books, sessions, rollups and the record of what was sent. It \
            returns 0 when nothing is wrong, and 65 otherwise. It changes nothing but with --rebuild, which counts sessions \
            and rollups anew from the rows.

            With --hook it checks the shell's hook instead: it starts your interactive shell with your start files on a \
            terminal of its own, runs 'true' in it, and reports whether the event came, and if not, why. The event goes into \
            a temporary data folder. Start files find NEXUS_HOOK_CHECK in the environment.

            EXAMPLES
              nexus doctor
              nexus doctor --quick
              nexus doctor --rebuild --yes
              nexus doctor --hook --shell zsh
            """)

    @Flag(help: "Leave out what reads every row.")
    var quick = false

    @Flag(help: "Count sessions and rollups anew from the rows.")
    var rebuild = false

    @OptionGroup(title: "With --rebuild") var confirmation: Confirmation

    @Flag(help: "Check that the hook of your shell records.")
    var hook = false

    @OptionGroup(title: "With --hook") var target: ShellTarget

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard rebuild || !(confirmation.yes || confirmation.dryRun) else {
            throw ValidationError("--yes and --dry-run go with --rebuild.")
        }
        guard hook || target.shell == nil else { throw ValidationError("--shell goes with --hook.") }
        guard !(hook && (quick || rebuild)) else { throw ValidationError("--hook goes without --quick and --rebuild.") }
    }

    func run() async throws {
        let data = try DataFolder.required()
        if rebuild { return try await rebuild(data) }
        let report = DoctorReport(try hook ? hookChecks(data) : checks(data))
        try CommandContext.current.write(json ? report.json.document : report.text)
        guard report.isOK else {
            throw CommandFailure("something is wrong; what to do stands beside it", .rejectedInput)
        }
    }

    private func hookChecks(_ data: DataFolder) throws -> [CheckResult] {
        let files = try ShellStartFiles(shell: target.shell)
        let hook = try HookCheck(files, deadline: target.duration).run().check(ShellSetup(files).allFiles)
        guard case .off(let reason) = try RecordingPolicy.of(SettingsFile(data).load()) else { return [hook] }
        return [
            hook,
            .error("settings", "recording is off: \(reason)", suggestion: "run 'nexus telemetry on'"),
        ]
    }

    /// Runs every check, in an order in which each relies on the earlier ones.
    private func checks(_ data: DataFolder) throws -> [CheckResult] {
        let bar = quick ? nil : ProgressLine(total: 1000)
        defer { bar?.clear() }
        bar?.show(0)
        return try FolderDoctor(data: data).checks(isQuick: quick) { bar?.show(Int($0 * 1000)) } + [ledger(data)]
    }

    private func ledger(_ data: DataFolder) -> CheckResult {
        do {
            let findings = try LedgerReader.read(data)
            guard let damage = findings.damage else {
                return .ok(
                    "ledger", "\(findings.chain.lines.counted("line")) of what was sent, each fitting the one before")
            }
            return .error(
                "ledger", "the record of what was sent is not as it was written: \(damage.description)",
                suggestion:
                    "compare it with a backup, or move it and ledger.head away and run 'nexus sync --new-ledger'")
        } catch {
            return .error(
                "ledger", "the record of what was sent cannot be read: \(String(describing: error).escapedForDisplay)",
                suggestion: "see to it that it can be read, and run this again")
        }
    }

    private func rebuild(_ data: DataFolder) async throws {
        guard data.hasDatabase else {
            throw CommandFailure("nothing was stored yet that could be recomputed", .usage)
        }
        if confirmation.dryRun {
            return try CommandContext.current.write("Sessions and rollups would be recomputed from the rows.\n")
        }
        guard try confirmation.isGiven(for: "Count sessions and rollups anew from the rows?") else { return }
        let bar = ProgressLine(total: 1000)
        defer { bar?.clear() }
        bar?.show(0)
        guard try await Rebuilder(data: data).rebuild(progress: { bar?.show(Int($0 * 1000)) }) else {
            throw CommandFailure.writerIsBusy
        }
        bar?.clear()
        try CommandContext.current.write("Sessions and rollups were recomputed.\n")
    }
}
