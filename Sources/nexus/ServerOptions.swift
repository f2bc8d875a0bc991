import ArgumentParser
import Core
import Reports
import Sync
import SystemSupport

/// The options of a report from the aggregates on a server.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only the installation whose id begins with these digits; 'nexus stats --by installation' lists the ids.",
            valueName: "id"))
    var installation: String?

    @Option(
        help: ArgumentHelp(
            "Show a command, category or template as '(other)' if fewer than n installations have it.", valueName: "n"))
    var atLeast: Int?

    @Option(help: ArgumentHelp("A file with the user name and the password of the server.", valueName: "file"))
    var credentials: String?

    func validate() throws {
        if let atLeast, atLeast < 1 { throw ValidationError("--at-least must be at least 1.") }
        if let installation {
            let isID = installation.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            guard isID, (4...32).contains(installation.utf8.count) else {
                throw ValidationError("--installation must be 4 to 32 of the digits 0-9 a-f.")
            }
        }
    }

    /// Whether the user gave any of these options.
    private var areGiven: Bool { installation != nil || atLeast != nil || credentials != nil }

    /// Throws if the user gave an option of reports from a server, but `--from` does not name a server.
    /// - Parameters:
    ///   - from: the argument of `--from`.
    ///   - kind: the argument of `--by`.
    func requireServer(_ from: String?, by kind: UsageBreakdown.Kind? = nil) throws {
        guard from.map(ServerFigures.isServer) != true, areGiven || kind == .installation else { return }
        throw CommandFailure(
            "--by installation, --installation, --at-least and --credentials need a server: "
                + "give --from clickhouse://HOST:PORT/DATABASE", .usage)
    }

    /// Returns the answer of a server to a question about a range of time.
    /// - Parameters:
    ///   - url: the argument of `--from`.
    ///   - range: in milliseconds since 1970.
    ///   - windows: ranges; the server combines the durations in each range. Nil to get the durations of each day.
    func answer(
        _ url: String, _ range: Range<Int64>, durationsOf windows: [Range<Int64>]? = nil, _ filter: ReportFilter,
        isByInstallation: Bool = false
    ) async throws -> ServerAnswer {
        guard filter.workspace == nil else { throw NotOnServers("a workspace") }
        guard atLeast == nil || !isByInstallation else {
            throw CommandFailure("--at-least and --by installation exclude each other", .usage)
        }
        var question = ServerQuestion()
        question.part = windows == nil ? .days : .counts
        (question.firstDay, question.lastDay) = ServerDays.days(of: range)
        (question.firstDayOfReport, question.lastDayOfReport) = (question.firstDay, question.lastDay)
        question.command = filter.command
        question.isFailedOnly = filter.failedOnly
        question.installation = installation
        question.leastInstallations = atLeast ?? 1
        question.isByInstallation = isByInstallation
        var questions = [question]
        for window in isByInstallation ? [] : windows ?? [] {
            question.part = .durations
            (question.firstDay, question.lastDay) = ServerDays.days(of: window)
            questions.append(question)
        }
        let credentials = try Credentials.load(file: credentials)
        let figures = try ServerFigures(url, credentials: credentials)
        if credentials != nil, figures.isReadableOnTheWay {
            try CommandContext.current.report(
                "nexus: the connection is not encrypted: others may read user name, password and figures; use clickhouses://\n"
            )
        }
        let data = try DataFolder.required()
        return try await CancelOnSignal.run(ifStopped: "nothing was changed") { [questions] in
            try await figures.read(questions, in: data) { ServerDays.bucket(of: $0) }
        }
    }
}
