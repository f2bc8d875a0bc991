import ArgumentParser
import Core
import Reports
import SystemSupport

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List single runs, the latest first.",
        discussion: """
            Times are those of your time zone ($TZ). Without a window, the list covers all time.

            EXAMPLES
              nexus runs --command 'cargo build' --week
              nexus runs --failed --limit 50
              nexus runs --slowest --month --csv
            """)

    @OptionGroup(title: "The window") var window: WindowOptions
    @OptionGroup(title: "Filters") var filter: FilterOptions

    @Flag(help: "List the slowest runs instead of the latest.")
    var slowest = false

    @Option(help: ArgumentHelp("Number of runs, from 1 to 10000.", valueName: "n"))
    var limit = 20

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup var names: NameOptions

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 10000.") }
        guard output.form != .markdown else { throw ValidationError("runs prints text, JSON or CSV, not Markdown.") }
    }

    func run() async throws {
        let data = try DataFolder.readable()
        let window = try window.window(now: SystemClock().now())
        try await ReadingCommand.storeWaiting(in: data)
        let filter = try filter.filter(in: data)
        let report = try RunsReport(
            window, filter: filter, order: slowest ? .slowest : .latest, limit: limit,
            in: data, names: names.known(in: data, for: output.form))
        let text =
            switch output.form {
            case .json: report.json(names: names.isWanted).document
            case .csv: report.csv(names: names.isWanted)
            case .text, .markdown: report.text(.ofOutput())
            }
        let isEmpty = output.form == .text && report.isEmpty
        try CommandContext.current.write(text + (isEmpty ? NextSteps.text(data, hasFilter: !filter.isEmpty) : ""))
    }
}
