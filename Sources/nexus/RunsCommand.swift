import ArgumentParser
import Core
import Reports
import SystemSupport

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List single runs, the latest first.",
        discussion: """
            Times are those of your time zone ($TZ). Without a window it covers all time.

            EXAMPLES
              nexus runs --command 'cargo build' --week
              nexus runs --failed --limit 50
              nexus runs --slowest --month --csv
            """)

    @OptionGroup(title: "The window") var window: WindowOptions
    @OptionGroup(title: "What is listed") var filter: FilterOptions

    @Flag(help: "The runs that took longest, in place of the latest.")
    var slowest = false

    @Option(help: ArgumentHelp("Number of runs, from 1 to 10000.", valueName: "n"))
    var limit = 20

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print CSV.")
    var csv = false

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 10000.") }
        guard !json || !csv else { throw ValidationError("Give one of --json and --csv.") }
    }

    func run() async throws {
        let data = try DataFolder.readable()
        let window = try window.window(now: SystemClock().now())
        try await ReadingCommand.storeWaiting(in: data)
        let report = try RunsReport(
            window, filter: filter.filter(in: data), order: slowest ? .slowest : .latest, limit: limit,
            in: data)
        try File.standardOutput.write(json ? report.json.document : csv ? report.csv : report.text(.ofOutput()))
    }
}
