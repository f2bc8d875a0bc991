import Application
import ArgumentParser
import Core
import Reports
import Sync
import SystemSupport

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the data folder and suggest fixes.",
        discussion: """
            It checks permissions, key, settings, buffer, database, counters, sessions, rollups and the ledger of transfers. \
            It returns 0 if it finds no problem, else 65. Only --rebuild changes anything: it recomputes sessions and rollups \
            from the rows.

            With --hook it checks the shell's hook instead. It starts your interactive shell with your start files on \
            a separate terminal and runs 'true' in it. It reports whether the event of 'true' arrived, and if not, \
            why. The event goes into a temporary data folder. This shell has the variable NEXUS_HOOK_CHECK, so that \
            start files can recognize the check.

            EXAMPLES
              nexus doctor
              nexus doctor --quick
              nexus doctor --rebuild --yes
              nexus doctor --hook --shell zsh
            """)

    @Flag(help: "Skip the checks that read every row.")
    var quick = false

    @Flag(help: "Recompute sessions and rollups from the rows.")
    var rebuild = false

    @OptionGroup(title: "With --rebuild") var confirmation: Confirmation

    @Flag(help: "Check that the hook of your shell records.")
    var hook = false

    @OptionGroup(title: "With --hook") var target: ShellTarget

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard rebuild || !(confirmation.yes || confirmation.dryRun) else {
            throw ValidationError("--yes and --dry-run need --rebuild.")
        }
        guard hook || target.shell == nil else { throw ValidationError("--shell needs --hook.") }
        guard !(hook && (quick || rebuild)) else { throw ValidationError("--hook excludes --quick and --rebuild.") }
    }

    func run() async throws {
        let data = try DataFolder.required()
        if rebuild { return try await rebuild(data) }
        let report = DoctorReport(try hook ? hookChecks(data) : checks(data))
        try CommandContext.current.write(json ? report.json.document : report.text)
        guard report.isOK else {
            throw CommandFailure("problems found; see the suggested fixes above", .rejectedInput)
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

    /// Runs all checks. Each check relies only on earlier checks.
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
                    "ledger", "\(findings.chain.lines.counted("line")), in an intact hash chain")
            }
            return .error(
                "ledger", "the ledger of transfers was altered: \(damage.description)",
                suggestion:
                    "compare it with a backup, or move it and ledger.head away and run 'nexus sync --new-ledger'")
        } catch {
            return .error(
                "ledger", "the ledger of transfers cannot be read: \(String(describing: error).escapedForDisplay)",
                suggestion: "make it readable, and run the check again")
        }
    }

    private func rebuild(_ data: DataFolder) async throws {
        guard data.hasDatabase else {
            throw CommandFailure("nothing to recompute: no event was stored yet", .usage)
        }
        if confirmation.dryRun {
            return try CommandContext.current.write("Sessions and rollups would be recomputed from the rows.\n")
        }
        guard try confirmation.isGiven(for: "Recompute sessions and rollups from the rows?") else { return }
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
