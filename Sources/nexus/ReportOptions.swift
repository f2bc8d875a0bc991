import Application
import ArgumentParser
import Core
import Reports
import SystemSupport

/// The window of a report.
struct WindowOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The window: a time, or two times with '..' between them. A time is \(WindowError.accepted).",
            valueName: "window"))
    var word: String?

    @Flag(help: "Today.")
    var day = false

    @Flag(help: "Today and the six days before.")
    var week = false

    @Flag(help: "Today and the 29 days before.")
    var month = false

    @Option(help: ArgumentHelp("From the start of this time.", valueName: "time"))
    var since: String?

    @Option(
        help: ArgumentHelp("Until the end of this time; 7d means 7 days ago, 2h means 2 hours ago.", valueName: "time"))
    var until: String?

    func validate() throws {
        let named = [day, week, month, word != nil].count { $0 }
        guard named <= 1, named == 0 || (since == nil && until == nil) else {
            throw ValidationError("Give one window: --day, --week, --month, a word, or --since and --until.")
        }
    }

    /// Returns the window that the options select; all time without an option.
    /// - Parameter now: in milliseconds since 1970.
    func window(now: Int64) throws -> ReportWindow {
        try CommandFailure.requireKnownZone()
        if day { return .lastDays(1, now: now) }
        if week { return .lastDays(7, now: now) }
        if month { return .lastDays(30, now: now) }
        if let word { return try .named(word, now: now) }
        return try .since(since, until: until, now: now)
    }
}

/// The order of a list.
struct OrderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Sort by \(Self.words); largest first, names from A to Z.", valueName: "figure"))
    var sort: UsageOrder.Sort?

    @Option(help: ArgumentHelp("Leave out lines with a count lower than n.", valueName: "n"))
    var minCount = 1

    private static let words = UsageOrder.Sort.allCases.map(\.rawValue).joined(separator: ", ")

    func validate() throws {
        guard minCount >= 1 else { throw ValidationError("--min-count must be at least 1.") }
    }

    var order: UsageOrder { UsageOrder(sort: sort, minCount: minCount) }
}

extension UsageOrder.Sort: ExpressibleByArgument {}

/// The form in which a report is printed.
struct OutputOptions: ParsableArguments {
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text, json, csv, markdown
    }

    @Option(help: ArgumentHelp("The format: text, json, csv or markdown.", valueName: "form"))
    var format: Form?

    @Flag(help: "Print JSON: --format json.")
    var json = false

    @Flag(help: "Print CSV: --format csv.")
    var csv = false

    func validate() throws {
        guard [json, csv, format != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Give one of --json, --csv and --format.")
        }
    }

    var form: Form { format ?? (json ? .json : csv ? .csv : .text) }
}

/// Whether names of workspaces are printed.
struct NameOptions: ParsableArguments {
    @Flag(
        name: .customLong("names"),
        help: """
            Print names of workspaces in JSON, CSV and Markdown too, if Nexus finds folders with these names. It \
            searches the current git repository, the folders next to it, and the folders of the setting name-folders.
            """)
    var isWanted = false

    /// Returns the names of workspaces by their hash; empty if the form of output shows only hashes.
    func known(in data: DataFolder, for form: OutputOptions.Form) -> [String: String] {
        form == .text || isWanted ? WorkspaceNames.known(in: data) : [:]
    }
}

extension NextSteps {
    /// Returns the next steps for the user of a data folder.
    ///
    /// - Parameters:
    ///   - data: the data folder.
    ///   - hasFilter: whether a filter leaves events out of the report.
    static func current(_ data: DataFolder, hasFilter: Bool = false) throws -> NextSteps {
        var steps = NextSteps()
        steps.recording = try RecordingPolicy.current(for: data)
        steps.latestEvent = try latestEvent(in: data)
        steps.hasFilter = hasFilter
        steps.hook = ShellSetup.current(environment: CommandContext.current.environment).map {
            Hook(startFile: $0.startFile, isInstalled: $0.isInstalled)
        }
        steps.isServiceStopped = ServiceState.of(data, environment: CommandContext.current.environment) == .stopped
        return steps
    }

    /// Returns the next steps as text at the end of a report, in the style of this terminal.
    static func text(_ data: DataFolder, hasFilter: Bool = false) throws -> String {
        try current(data, hasFilter: hasFilter).text(.ofOutput())
    }
}
