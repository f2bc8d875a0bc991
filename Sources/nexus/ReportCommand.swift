import Application
import ArgumentParser
import Core
import Reports
import Snapshots
import Sync
import SystemSupport

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a report with charts: one HTML file for a browser.",
        discussion: """
            The file contains all that it needs, loads nothing, and has mode 0600. It shows the dashboard, changes, \
            all commands, charts of the commands that took the most time, failures and sessions. It also compares the \
            window with the time before the window. By default the file is nexus-report.html in a folder of your own \
            below $TMPDIR, else /tmp. The command prints the path of the file. It never replaces a link, or a file \
            that is not a report of Nexus. Workspaces appear as the first digits of their hashes, or by name with \
            --names.

            Days and hours are those of your time zone ($TZ). Without a window, the report covers all time.

            --from with a ClickHouse URL opens a connection to that server and sends it the filter. The report then \
            shows the aggregates on the server: whole days of UTC, without sessions and workspaces.

            EXAMPLES
              nexus report --month --open
              nexus report 2026-11 -o november.html
              nexus report --week --command 'cargo build'
              nexus report --from backup.db.lz4 -o backup.html
              nexus report --month --from clickhouse://db.example.com/nexus
              nexus report --day -o today.html --watch --refresh 30
            """)

    @OptionGroup(title: "The window") var window: WindowOptions
    @OptionGroup(title: "Filters") var filter: FilterOptions

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The file; by default nexus-report.html in your temporary folder.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(help: "Open the file in the browser, with xdg-open.")
    var open = false

    @Option(
        help: ArgumentHelp(
            "Report from this snapshot ('-' is standard input), or from the server of a ClickHouse URL, instead of the "
                + "data folder.", valueName: "file"),
        completion: .file())
    var from: String?

    @OptionGroup(title: "A server") var server: ServerOptions

    @Flag(help: "Show the names of workspaces, if Nexus finds folders on this disk with these names.")
    var names = false

    @Flag(help: "Rewrite the file every 10 seconds, or at the interval of --refresh, until Ctrl-C.")
    var watch = false

    @Option(
        help: ArgumentHelp("Seconds after which the page reloads itself, from 1 to 86400.", valueName: "seconds"))
    var refresh: Int?

    private static let watchSeconds = 10

    func validate() throws {
        guard !watch || from == nil else {
            throw ValidationError("--watch and --from exclude each other: --watch reports on the data folder only.")
        }
        if let refresh, !(1...86_400).contains(refresh) {
            throw ValidationError("--refresh must be from 1 to 86400.")
        }
        if let output, output.isEmpty { throw ValidationError("-o must be the name of a file.") }
    }

    func run() async throws {
        let data = try DataFolder.readable()
        _ = try window.window(now: SystemClock().now())
        let file = try target(in: data)
        // The file is checked before the report is made, because making a report takes seconds.
        try file.requireReplaceable()
        try server.requireServer(from)
        if let from, ServerFigures.isServer(from) {
            try await file.write(page(onServer: from))
        } else if let from {
            let snapshot = try await SnapshotArgument.with(from) { from in
                try await CancelOnSignal.run(ifStopped: "nothing was written") {
                    try await OpenedSnapshot(from, parts: Composition.writer)
                }
            }
            try file.write(page(on: snapshot.data, keyOf: data))
            withExtendedLifetime(snapshot) {}
        } else {
            try await write(file, data)
        }
        try CommandContext.current.write(file.path.escapedForDisplay + "\n")
        if open, let reason = ReportOpening.open(file, environment: CommandContext.current.environment) {
            try CommandContext.current.report("nexus: \(reason)\n")
        }
        guard watch else { return }
        try await FileWatch.run(every: .seconds(refresh ?? Self.watchSeconds)) { try await write(file, data) }
    }

    /// Returns the page for the aggregates of a server.
    private func page(onServer url: String) async throws -> String {
        let time = SystemClock().now()
        let now = ServerDays.endOfToday(now: time)
        let window = try window.window(now: now)
        try ServerDays.require(window)
        let filter = filter.filterOfServer
        let range = (window.before(now: now)?.lowerBound ?? window.range.lowerBound)..<window.range.upperBound
        let answer = try await server.answer(url, range, filter)
        let source = UsageSource(reader: answer.reader, window: window, now: now, filter: filter, isOfServer: true)
        var making = PageReport.Making(time: time)
        making.isOfServer = true
        making.refreshSeconds = refresh
        return PageRenderer.render(try source.page(making))
    }

    private func write(_ file: ReportFile, _ data: DataFolder) async throws {
        try await ReadingCommand.storeWaiting(in: data, isQuiet: watch)
        try file.write(page(on: data, keyOf: data))
    }

    private func target(in data: DataFolder) throws -> ReportFile {
        guard let output else {
            return try .temporary(CommandContext.current.environment("TMPDIR"), user: ThisProcess.userID)
        }
        guard !data.owns(fileAt: output) else {
            throw CommandFailure(
                "cannot write \(output.escapedForDisplay): nexus keeps its own data in it; give another name with -o",
                .usage)
        }
        return try ReportFile(output)
    }

    /// Returns the page for the database of a data folder. The key of `own`, the user's data folder, is used to look up
    /// names.
    private func page(on data: DataFolder, keyOf own: DataFolder) throws -> String {
        let now = SystemClock().now()
        let filter = try filter.filter(in: own, recordedIn: data)
        let source = try UsageSource(
            data: data, window: window.window(now: now), now: now, filter: names ? filter : filter.withoutNames,
            order: UsageOrder(), names: names ? WorkspaceNames.known(in: own) : [:])
        var making = PageReport.Making(time: now)
        making.showsNames = names
        making.isOfSnapshot = from != nil
        making.refreshSeconds = refresh
        let report = try source.page(making)
        try ReadingCommand.note(report.note, isQuiet: watch)
        return PageRenderer.render(report)
    }
}
