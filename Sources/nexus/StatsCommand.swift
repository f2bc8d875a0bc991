import Application
import ArgumentParser
import Core
import Reports
import Snapshots
import SystemSupport

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what happened: the dashboard.",
        discussion: """
            Days and hours are those of your time zone ($TZ). Without a window it covers all time; with one, everything \
            is compared with as many days before it, and while today is among them only up to the same quarter of an hour. What \
            --command, --workspace and --failed ask for is counted from the events themselves, all else from sums that are \
            kept.
            """)

    @OptionGroup(title: "The window") var window: WindowOptions
    @OptionGroup(title: "What is counted") var filter: FilterOptions

    @Option(help: ArgumentHelp("List by \(Self.kinds).", valueName: "what"))
    var by: UsageBreakdown.Kind?

    @Option(help: ArgumentHelp("Lines of each list (default: 10; all with --by and --json or --csv).", valueName: "n"))
    var top: Int?

    @Option(
        help: ArgumentHelp(
            "Report from this snapshot instead of the data folder; '-' is standard input.", valueName: "file"),
        completion: .file())
    var from: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print CSV: the list of --by, else a line a day.")
    var csv = false

    @Flag(help: "Refresh in place until Ctrl-C; takes a terminal.")
    var watch = false

    private static let kinds = UsageBreakdown.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    private static let defaultTop = 10

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top takes a number from 1 on.") }
        guard !json || !csv else { throw ValidationError("Give one of --json and --csv.") }
        guard !watch || from == nil else {
            throw ValidationError("A snapshot does not change: not --watch with --from.")
        }
        guard !watch || (!json && !csv) else { throw ValidationError("--watch shows a screen: not --json or --csv.") }
    }

    func run() async throws {
        let data = try DataFolder.readable()
        if let from {
            let snapshot = try await SnapshotArgument.with(from) { from in
                try await CancelOnSignal.run(ifStopped: "nothing was changed") {
                    try await OpenedSnapshot(from, parts: Composition.writer)
                }
            }
            return try File.standardOutput.write(report(on: snapshot.data, keyOf: data))
        }
        guard watch else {
            try await File.standardOutput.write(report(of: data))
            return
        }
        guard File.standardOutput.isTerminal, Environment.value("TERM") != "dumb" else {
            throw CommandFailure(
                "--watch takes a terminal that can be drawn on: without one, run nexus stats again instead", .usage)
        }
        try await ReportWatch.run { try await report(of: data) }
    }

    /// The whole report as text. The database is opened for it and closed again: nothing is held between two drawings.
    private func report(of data: DataFolder) async throws -> String {
        try await ReadingCommand.storeWaiting(in: data, isQuiet: watch)
        return try report(on: data, keyOf: data)
    }

    /// The report on what a data folder's database holds; names are looked up with the key of the person's own.
    private func report(on data: DataFolder, keyOf own: DataFolder) throws -> String {
        let now = SystemClock().now()
        let window = try window.window(now: now)
        let filter = try filter.filter(in: own)
        let source = try UsageSource(data: data, window: window, now: now, filter: filter)
        if let kind = by ?? (csv ? .day : nil) {
            let list = try source.breakdown(by: kind)
            if csv { return BreakdownRenderer.csv(list, top: top) }
            if json { return UsageJSON.of(list, top: top).document }
            return BreakdownRenderer.render(list, top: top ?? (kind.isInTime ? nil : Self.defaultTop), .ofOutput())
        }
        let report = try source.dashboard()
        let top = top ?? Self.defaultTop
        return json ? UsageJSON.of(report, top: top).document : DashboardRenderer.render(report, top: top, .ofOutput())
    }
}

extension UsageBreakdown.Kind: ExpressibleByArgument {}

/// What a report is confined to.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only commands that begin with these words: git finds git status.", valueName: "name"))
    var command: String?

    @Option(help: ArgumentHelp("Only this workspace, by its name or its hash.", valueName: "name"))
    var workspace: String?

    @Flag(help: "Only what failed.")
    var failed = false

    func validate() throws {
        guard command?.isEmpty != true, workspace?.isEmpty != true else {
            throw ValidationError("--command and --workspace take a name.")
        }
    }

    /// The filter, with the name of a workspace hashed as it was when it was recorded.
    func filter(in data: DataFolder) throws -> ReportFilter {
        try ReportFilter(command: command, workspace: workspace, failedOnly: failed, keyOf: data)
    }
}

/// The window of a report.
struct WindowOptions: ParsableArguments {
    @Flag(help: "Today.")
    var day = false

    @Flag(help: "Today and the six days before.")
    var week = false

    @Flag(help: "Today and the 29 days before.")
    var month = false

    @Option(help: ArgumentHelp("From this day on.", valueName: "yyyy-mm-dd"))
    var since: String?

    @Option(help: ArgumentHelp("Up to this day and with it.", valueName: "yyyy-mm-dd"))
    var until: String?

    func validate() throws {
        let named = [day, week, month].count { $0 }
        guard named <= 1, named == 0 || (since == nil && until == nil) else {
            throw ValidationError("Give one window: --day, --week, --month, or --since and --until.")
        }
    }

    func window(now: Int64) throws -> ReportWindow {
        try CommandFailure.requireKnownZone()
        if day { return .lastDays(1, now: now) }
        if week { return .lastDays(7, now: now) }
        if month { return .lastDays(30, now: now) }
        guard let window = ReportWindow.between(try date(since, "--since"), try date(until, "--until")) else {
            throw CommandFailure("the window ends before it starts: --until comes before --since", .usage)
        }
        return window
    }

    private func date(_ text: String?, _ flag: String) throws -> ReportWindow.Day? {
        guard let text else { return nil }
        guard let day = ReportWindow.Day(text) else {
            throw CommandFailure("\(flag) takes a date that exists, as YYYY-MM-DD", .usage)
        }
        return day
    }
}
