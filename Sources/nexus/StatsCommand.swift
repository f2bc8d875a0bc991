import ArgumentParser
import EventModel
import Platform
import Reports
import Service
import Store

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what happened: the dashboard.",
        discussion: "Days are those of your time zone ($TZ). Without a window it covers all time.")

    @OptionGroup(title: "The window") var window: WindowOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let data = try DataFolder.required()
        let clock = SystemClock()
        let window = try window.window(now: clock.now())
        try await ReadingCommand.storeWaiting(in: data)
        let report = try UsageReport(window, from: StoreReader(data: data))
        try File.standardOutput.write(json ? JSONText.of(UsageJSON(report)) : DashboardRenderer.render(report))
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
