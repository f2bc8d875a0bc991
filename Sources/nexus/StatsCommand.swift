import Application
import ArgumentParser
import Core
import Reports
import Snapshots
import Sync
import SystemSupport

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show the dashboard, or a list.",
        discussion: """
            Days and hours are those of your time zone ($TZ). Without a window, the report covers all time. It \
            compares a window with the same number of days before it. If the window includes today, the last of the \
            earlier days counts only up to the same time of day. With a filter, sessions are counted from single rows; \
            all other figures come from aggregates.

            --from with a ClickHouse URL opens a connection to that server and sends it the filter. The report then \
            shows the aggregates that 'nexus sync' has sent there, summed over all installations. Days are whole days \
            of UTC. Sessions, workspaces and changes are not included.

            EXAMPLES
              nexus stats --week
              nexus stats 2h
              nexus stats --by day --command 'cargo build' 2026-11
              nexus stats --by command --sort p95 --min-count 10 --month
              nexus stats --week --format markdown
              nexus stats --month --from clickhouse://db.example.com/nexus --at-least 5
              nexus stats --by installation --from clickhouse://db.example.com/nexus
            """)

    @OptionGroup(title: "The window") var window: WindowOptions
    @OptionGroup(title: "Filters") var filter: FilterOptions

    @Option(help: ArgumentHelp("List by \(Self.kinds).", valueName: "what"))
    var by: UsageBreakdown.Kind?

    @Option(
        help: ArgumentHelp(
            "Number of lines of each list (default: 10, or all lines for --by with --json or --csv).", valueName: "n"))
    var top: Int?

    @Option(
        help: ArgumentHelp(
            "Report from this snapshot ('-' is standard input), or from the server of a ClickHouse URL, instead of the "
                + "data folder.", valueName: "file"),
        completion: .file())
    var from: String?

    @OptionGroup(title: "A server") var server: ServerOptions

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup var names: NameOptions

    @Flag(help: "Refresh the report on the terminal until q or Ctrl-C. Arrows, j, k, space and b scroll.")
    var watch = false

    private static let kinds = UsageBreakdown.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    private static let defaultTop = 10

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top must be at least 1.") }
        guard !watch || from == nil else {
            throw ValidationError("--watch and --from exclude each other: --watch reports on the data folder only.")
        }
        guard !watch || output.form == .text else {
            throw ValidationError("--watch excludes --json, --csv and --format.")
        }
    }

    func run() async throws {
        let data = try DataFolder.readable()
        try server.requireServer(from, by: by)
        if let from, ServerFigures.isServer(from) {
            return try await CommandContext.current.write(report(onServer: from))
        }
        if let from {
            let snapshot = try await SnapshotArgument.with(from) { from in
                try await CancelOnSignal.run(ifStopped: "nothing was changed") {
                    try await OpenedSnapshot(from, parts: Composition.writer)
                }
            }
            try CommandContext.current.write(report(on: snapshot.data, keyOf: data))
            // The scratch folder is removed when `snapshot` is released, so `snapshot` must live until the report is
            // written.
            return withExtendedLifetime(snapshot) {}
        }
        guard watch else {
            try await CommandContext.current.write(report(of: data))
            return
        }
        guard File.standardOutput.isTerminal, Environment.value("TERM") != "dumb" else {
            throw CommandFailure(
                "cannot watch: --watch needs a terminal that can move the cursor; run 'nexus stats' without it", .usage)
        }
        try await ReportWatch.run { try await report(of: data) }
    }

    /// Returns the whole report as text. Each call opens the database and closes it, so that `--watch` keeps no file
    /// open between two drawings.
    private func report(of data: DataFolder) async throws -> String {
        try await ReadingCommand.storeWaiting(in: data, isQuiet: watch)
        return try report(on: data, keyOf: data)
    }

    /// Returns the report on the database of a data folder. The key of `own`, the user's data folder, is used to look
    /// up names.
    private func report(on data: DataFolder, keyOf own: DataFolder) throws -> String {
        let now = SystemClock().now()
        let window = try window.window(now: now)
        let filter = try filter.filter(in: own, recordedIn: data)
        let source = try UsageSource(
            data: data, window: window, now: now, filter: filter, order: order.order,
            names: by == .workspace ? names.known(in: own, for: output.form) : [:])
        return try report(source) { try steps(own, filter) }
    }

    /// Returns the report on the aggregates of a server.
    private func report(onServer url: String) async throws -> String {
        let now = ServerDays.endOfToday(now: SystemClock().now())
        let window = try window.window(now: now)
        try ServerDays.require(window)
        try ServerDays.require(by)
        let filter = filter.filterOfServer
        let before = window.before(now: now)
        let range = (before?.lowerBound ?? window.range.lowerBound)..<window.range.upperBound
        // With a filter, a list by time shows percentiles for each day, so the durations of each day are needed.
        let windows = by?.isInTime == true && !filter.isEmpty ? nil : [window.range, before].compactMap { $0 }
        let answer = try await server.answer(
            url, range, durationsOf: windows, filter, isByInstallation: by == .installation)
        let source = UsageSource(
            reader: answer.reader, window: window, now: now, filter: filter, order: order.order, isOfServer: true)
        return try report(source) { "" }
    }

    /// Returns the report on a source.
    /// - Parameter steps: returns the next steps after an empty report.
    private func report(_ source: UsageSource, steps: () throws -> String) throws -> String {
        let form = output.form
        if let kind = by ?? (form == .csv ? .day : nil) {
            let limit = top ?? (form == .json || form == .csv ? nil : defaultTop(kind))
            let list = try source.breakdown(by: kind, sessions: limit)
            try ReadingCommand.note(list.note, isQuiet: watch)
            switch form {
            case .csv: return BreakdownRenderer.csv(list, top: top, names: names.isWanted)
            case .json: return UsageJSON.of(list, top: top, names: names.isWanted).document
            case .markdown: return MarkdownReport.of(list, top: top ?? defaultTop(kind), names: names.isWanted)
            case .text:
                return try BreakdownRenderer.render(list, top: top ?? defaultTop(kind), .ofOutput())
                    + (list.rows.isEmpty ? steps() : "")
            }
        }
        let report = try source.dashboard()
        try ReadingCommand.note(report.note, isQuiet: watch)
        let top = top ?? Self.defaultTop
        switch form {
        case .json: return UsageJSON.of(report, top: top).document
        case .markdown: return MarkdownReport.of(report, top: top)
        case .text, .csv:
            return try DashboardRenderer.render(report, top: top, .ofOutput())
                + (report.isEmpty ? steps() : "")
        }
    }

    /// Returns the next steps after an empty report; empty if the report is on a snapshot.
    private func steps(_ data: DataFolder, _ filter: ReportFilter) throws -> String {
        from == nil ? try NextSteps.text(data, hasFilter: !filter.isEmpty) : ""
    }

    /// Returns the default number of lines; nil for lists by time, which are printed completely.
    private func defaultTop(_ kind: UsageBreakdown.Kind) -> Int? { kind.isInTime ? nil : Self.defaultTop }
}

extension UsageBreakdown.Kind: ExpressibleByArgument {}

/// The filter of a report.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only commands that begin with these words: git finds git status.", valueName: "name"))
    var command: String?

    @Option(
        help: ArgumentHelp("Only this workspace: its name, or a prefix of its hash.", valueName: "name"))
    var workspace: String?

    @Flag(help: "Only failures.")
    var failed = false

    func validate() throws {
        guard command?.isEmpty != true, workspace?.isEmpty != true else {
            throw ValidationError("--command and --workspace must not be empty.")
        }
    }

    /// The filter for the aggregates on a server. `ServerOptions.answer` rejects a filter with a workspace.
    var filterOfServer: ReportFilter { ReportFilter(command: command, workspace: workspace, failedOnly: failed) }

    /// Returns the filter. It has the hash of the workspace's name, because recorded events have only the hash.
    ///
    /// - Parameters:
    ///   - data: the data folder whose key hashes names.
    ///   - recorded: the data folder whose events are counted; by default `data`.
    func filter(in data: DataFolder, recordedIn recorded: DataFolder? = nil) throws -> ReportFilter {
        try ReportFilter(
            command: command, workspace: workspace, failedOnly: failed, keyOf: data, recordedIn: recorded ?? data)
    }
}
