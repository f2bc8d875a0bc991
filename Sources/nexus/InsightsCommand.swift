import ArgumentParser
import Core
import Reports
import Sync
import SystemSupport

struct InsightsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insights", abstract: "Show slow and failing commands, and what changed.",
        discussion: """
            Without a flag, it prints the few findings worth reading, the costliest first. Each finding is a change \
            that chance does not explain, with its evidence and the command that lists the runs. It compares a command \
            with the command's own history, and needs 20 runs before the change and 10 after it. The window selects \
            the changes that began or persist in the window. Without a window, the command prints changes of all time. \
            Days are those of your time zone ($TZ).

            --from opens a connection to a ClickHouse server and sends it the filter. The command then searches the \
            aggregates that 'nexus sync' has sent there, with whole days of UTC. Streaks of failures and retries are \
            not included, because aggregates do not have the order of runs.

            EXAMPLES
              nexus insights --week
              nexus insights --command 'cargo build'
              nexus insights --errors 7d --workspace webshop
              nexus insights --month --format markdown
              nexus insights --from clickhouse://db.example.com/nexus --at-least 5
            """)

    @OptionGroup(title: "The window") var window: WindowOptions

    @Option(help: ArgumentHelp("Only commands that begin with these words.", valueName: "name"))
    var command: String?

    @Option(
        help: ArgumentHelp("Only this workspace: its name, or a prefix of its hash.", valueName: "name"))
    var workspace: String?

    @Flag(help: "Show commands that take the most time or became slower, and correlated factors.")
    var slow = false

    @Flag(help: "Show failures: categories, commands, streaks and retries.")
    var errors = false

    @Option(help: ArgumentHelp("Number of lines of each list.", valueName: "n"))
    var top = 10

    @Option(
        help: ArgumentHelp("Search the aggregates on this server: clickhouse://HOST:PORT/DATABASE.", valueName: "url"))
    var from: String?

    @OptionGroup(title: "A server") var server: ServerOptions

    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        guard output.form != .csv else { throw ValidationError("insights prints text, JSON or Markdown, not CSV.") }
        guard top >= 1 else { throw ValidationError("--top must be at least 1.") }
        guard command?.isEmpty != true, workspace?.isEmpty != true else {
            throw ValidationError("--command and --workspace must not be empty.")
        }
        guard !slow || !errors else { throw ValidationError("Give one of --slow and --errors.") }
    }

    func run() async throws {
        let data = try DataFolder.readable()
        let window = try window.window(now: SystemClock().now())
        try server.requireServer(from)
        let insights: Insights
        let filter: ReportFilter
        if let from {
            try ServerDays.require(window)
            filter = ReportFilter(command: command, workspace: workspace)
            // All days before the window are the baseline.
            let answer = try await server.answer(from, 0..<window.range.upperBound, filter)
            insights = Insights(try InsightsInput(window, from: answer.reader, filter: filter))
        } else {
            try await ReadingCommand.storeWaiting(in: data)
            filter = try ReportFilter(
                command: command, workspace: workspace, failedOnly: false, keyOf: data, recordedIn: data)
            insights = Insights(try InsightsInput(window, in: data, filter: filter))
        }
        let focus: InsightsRenderer.Focus = slow ? .slow : errors ? .errors : .findings
        let zone = from == nil ? LocalCalendar.zoneName : "UTC"
        let text =
            switch output.form {
            case .json: InsightsJSON.of(insights, focus, window: window, zone: zone, top: top).document
            case .markdown: MarkdownReport.of(insights, focus, window: window, zone: zone, top: top)
            case .text, .csv:
                InsightsRenderer.render(insights, focus, window: window, zone: zone, top: top, .ofOutput())
            }
        let isEmpty = output.form == .text && insights.outcomes.isEmpty && from == nil
        try CommandContext.current.write(text + (isEmpty ? NextSteps.text(data, hasFilter: !filter.isEmpty) : ""))
    }
}
