import Application
import ArgumentParser
import Core
import Reports
import Snapshots
import Sync
import SystemSupport

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare two windows: what changed, and whether chance explains it.",
        discussion: """
            If you give one window, the command compares it with a window of the same length before it. If you give \
            two windows, it compares the later window with the earlier window. --at compares the time since a day with \
            the same length of time before that day.

            --from compares the data folder with a snapshot. The first window then selects events of the data folder, \
            and the second window events of the snapshot. A missing window selects all events. --from with a \
            ClickHouse URL compares windows of the aggregates on that server, and sends the server the filter.

            A change is clear if chance alone produces such a change in fewer than 1 of 100 comparisons. A clear \
            change of outcomes or durations needs 10 runs of the command in each window. A clear change of counts or \
            total times needs three days in each window. The comparison leaves out runs that an older version of nexus \
            named by other rules. If the windows differ in length, it compares counts and total times per day.

            --fail-if 'FIGURE OPERATOR PERCENT' returns 1 if any command has a clear change that meets this condition. \
            FIGURE is count, failed, success, p50, p95 or total. OPERATOR is >, >=, < or <=. PERCENT is the change \
            from the earlier to the later window, with its sign; for success it is in percentage points.

            EXAMPLES
              nexus compare 7d
              nexus compare 2026-10 2026-11
              nexus compare --at 2026-11-22 --command 'cargo build'
              nexus compare 7d --fail-if 'p95 > +20%' --fail-if 'success < -5%'
              nexus compare --from baseline.db.lz4 7d --format markdown
              nexus compare --from clickhouse://db.example.com/nexus 2026-10 2026-11
            """)

    @Argument(
        help: ArgumentHelp(
            "One or two windows. A window is a time, or two times with '..' between them. A time is "
                + "\(WindowError.accepted).",
            valueName: "window"))
    var windows: [String] = []

    @Option(
        help: ArgumentHelp("Compare the time since this day with an equally long time before it.", valueName: "time"))
    var at: String?

    @Option(
        help: ArgumentHelp(
            "Compare with this snapshot ('-' is standard input), or compare windows on the server of a ClickHouse URL.",
            valueName: "file"), completion: .file())
    var from: String?

    @OptionGroup(title: "A server") var server: ServerOptions

    @Option(
        help: ArgumentHelp(
            "Return 1 if a clear change meets this condition; may be repeated.", valueName: "condition"))
    var failIf: [String] = []

    @OptionGroup(title: "Filters") var filter: FilterOptions
    @OptionGroup(title: "Order") var order: OrderOptions

    @Option(help: ArgumentHelp("Number of lines of each list.", valueName: "n"))
    var top = 20

    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        guard top >= 1 else { throw ValidationError("--top must be at least 1.") }
        guard windows.count <= 2 else { throw ValidationError("Give one or two windows.") }
        guard at == nil || (windows.isEmpty && from.map(ServerFigures.isServer) != false) else {
            throw ValidationError("--at excludes windows and --from with a snapshot: give windows instead of --at.")
        }
        guard at != nil || from != nil || !windows.isEmpty else {
            throw ValidationError("Nothing to compare: give a window, two windows, --at or --from.")
        }
    }

    func run() async throws {
        let conditions = try failIf.map { text in
            guard let condition = FailCondition(text) else {
                throw CommandFailure(
                    "cannot read the condition '\(text.escapedForDisplay)': give \(FailCondition.accepted)", .usage)
            }
            return condition
        }
        try CommandFailure.requireKnownZone()
        let data = try DataFolder.readable()
        let now = SystemClock().now()
        try server.requireServer(from)
        if let from, ServerFigures.isServer(from) { return try await compare(onServer: from, data, now, conditions) }
        try await ReadingCommand.storeWaiting(in: data)
        guard let from else { return try show(sources(in: data, now: now), data, now, conditions) }
        let later = try Comparison.Source(data, windows.first.map { try .named($0, now: now) } ?? .allTime)
        let window: ReportWindow = windows.count > 1 ? try .named(windows[1], now: now) : .allTime
        let snapshot = try await SnapshotArgument.with(from) { from in
            try await CancelOnSignal.run(ifStopped: "nothing was changed") {
                try await OpenedSnapshot(from, parts: Composition.writer)
            }
        }
        let earlier = try Comparison.Source(snapshot.data, window, in: "the snapshot")
        try show((earlier, later), data, now, conditions)
        withExtendedLifetime(snapshot) {}
    }

    private typealias Sources = (earlier: Comparison.Source, later: Comparison.Source)

    private func sources(in data: DataFolder, now: Int64) throws -> Sources {
        let (before, window) = try namedWindows(now: now)
        let later = try Comparison.Source(data, window)
        if let before { return (try Comparison.Source(data, before), later) }
        return (try earlier(than: later, window, now: now), later)
    }

    /// Returns the windows in order of time. If the user gave only one window, the earlier window is nil, and the
    /// caller uses the time before the later window.
    private func namedWindows(now: Int64) throws -> (earlier: ReportWindow?, later: ReportWindow) {
        if windows.count == 2 {
            let named = try windows.map { try ReportWindow.named($0, now: now) }
            let ordered = named.sorted { ($0.start ?? 0, $0.range.upperBound) < ($1.start ?? 0, $1.range.upperBound) }
            return (ordered[0], ordered[1])
        }
        if let at { return (nil, try .since(at, until: nil, now: now, place: "--at")) }
        guard let word = windows.first else {
            throw CommandFailure("nothing to compare: give a window, two windows or --at", .usage)
        }
        return (nil, try .named(word, now: now))
    }

    private func earlier(
        than later: Comparison.Source, _ window: ReportWindow, now: Int64
    ) throws -> Comparison.Source {
        guard let earlier = later.before(window, now: now) else {
            throw CommandFailure(
                "cannot compare a window without a beginning: there is nothing before it; give two windows", .usage)
        }
        return earlier
    }

    /// Compares windows of the aggregates on a server.
    private func compare(
        onServer url: String, _ data: DataFolder, _ now: Int64, _ conditions: [FailCondition]
    ) async throws {
        let now = ServerDays.endOfToday(now: now)
        let (before, window) = try namedWindows(now: now)
        try ServerDays.require(window)
        if let before { try ServerDays.require(before) }
        let windows = [before?.range ?? window.before(now: now) ?? window.range, window.range]
        let start = min(windows[0].lowerBound, windows[1].lowerBound)
        let end = max(windows[0].upperBound, windows[1].upperBound)
        let filter = filter.filterOfServer
        let answer = try await server.answer(url, start..<end, filter)
        let later = Comparison.Source(answer.reader, title: window.title, range: window.range, isOfServer: true)
        let first =
            try before.map {
                Comparison.Source(answer.reader, title: $0.title, range: $0.range, isOfServer: true)
            } ?? earlier(than: later, window, now: now)
        try show((first, later), data, now, conditions, filter)
    }

    private func show(
        _ sources: Sources, _ data: DataFolder, _ now: Int64, _ conditions: [FailCondition],
        _ filterOfServer: ReportFilter? = nil
    ) throws {
        let comparison = try Comparison(
            from: sources.earlier, to: sources.later, now: now, filter: filterOfServer ?? filter.filter(in: data),
            order: order.order)
        try ReadingCommand.note(comparison.note)
        let text =
            switch output.form {
            case .json: ComparisonJSON.of(comparison, conditions).document
            case .csv: ComparisonRenderer.csv(comparison)
            case .markdown: ComparisonRenderer.markdown(comparison, conditions, top: top)
            case .text: ComparisonRenderer.render(comparison, conditions, top: top, .ofOutput())
            }
        let isEmpty = output.form == .text && comparison.rows.isEmpty && filterOfServer == nil
        try CommandContext.current.write(
            text + (isEmpty ? NextSteps.text(data, hasFilter: !comparison.filter.isEmpty) : ""))
        guard conditions.allSatisfy({ $0.violations(in: comparison).isEmpty }) else {
            throw ArgumentParser.ExitCode.failure
        }
    }
}
