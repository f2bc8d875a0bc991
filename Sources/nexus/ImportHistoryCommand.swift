import Application
import ArgumentParser
import Core
import History
import SystemSupport

struct ImportHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-history", abstract: "Import the history of a shell, or a test report.",
        discussion: """
            Sources are the files of zsh, bash, fish, resh and xonsh (xonsh-json), and the databases of atuin, zsh-histdb, \
            hishtory, nushell and xonsh. \
            Without a source, it lists the histories that it finds and what each would add, and writes nothing.

            It reads lines in memory and never stores them. Each entry keeps the command's name, its start and, if the \
            history has them, its duration and outcome. It keeps a name if the command is a builtin, in PATH, or in \
            the lists of 'nexus config'. Importing again adds only new entries. Entries since Nexus began to record \
            the shell, entries without a time, and entries of another history are skipped and counted. Import the \
            richest history first: it is at the top of the list. A suite of a JUnit report becomes a completed task; \
            only the keyed hash of its name is kept.

            EXAMPLES
              nexus import-history
              nexus import-history zsh
              nexus import-history bash ~/old/.bash_history --json
              nexus import-history junit build/test-results/*.xml
            """)

    @Argument(help: "The source: \(HistorySource.allCases.map(\.rawValue).joined(separator: ", ")).")
    var source: HistorySource?

    @Argument(help: "The history's files (default: where the source usually has it).", completion: .file())
    var files: [String] = []

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func run() async throws {
        try CommandFailure.requireKnownZone()
        guard let source else { return try list() }
        let data = try DataFolder.required()
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            throw CommandFailure(
                "cannot import a history: nothing is written while recording is off (\(reason.escapedForDisplay))",
                .settings)
        }
        let paths = files.isEmpty ? [source.find()].compactMap { $0 } : files
        guard !paths.isEmpty else {
            throw CommandFailure(
                "cannot find a history of \(source.rawValue): no file is where it usually is; name the file, as in "
                    + "'nexus import-history \(source.rawValue) FILE'", .rejectedInput)
        }
        var summaries: [HistorySummary] = []
        for path in paths {
            let summary = try await CancelOnSignal.run(
                ifStopped: "imported entries stay, and the next import adds the rest"
            ) {
                try await Self.take(path, of: source, into: data)
            }
            summaries.append(summary)
            // Each summary is printed at once, so that it is not lost if a later file fails.
            if !json { try File.standardOutput.write(summary.text(isPlan: false)) }
        }
        if json {
            try File.standardOutput.write((summaries.count == 1 ? summaries[0].json : Self.json(summaries)).document)
        }
    }

    private static func take(
        _ path: String, of source: HistorySource, into data: DataFolder
    ) async throws -> HistorySummary {
        let bar = ProgressLine(total: 1000)
        defer { bar?.clear() }
        guard let lock = try await TelemetryControl(data: data).waitForWriter() else {
            throw CommandFailure(
                "cannot import a history: another nexus process writes the database; try again later", .tryAgain)
        }
        return try await HistoryImport(source, path: path).run(into: data, lock: lock, parts: Composition.writer) {
            bar?.show(Int($0 * 1000))
        }
    }

    private static func json(_ summaries: [HistorySummary]) -> JSONValue {
        ["histories": .array(summaries.map(\.json))]
    }

    /// Lists the entries that an import of each source would add.
    private func list() throws {
        let data = try DataFolder.readable()
        let summaries = try HistoryImport.plans(for: data)
        let text = summaries.map { $0.text(isPlan: true) }.joined(separator: "\n")
        let shells = HistorySource.allCases.filter(\.isShell).map(\.rawValue).joined(separator: ", ")
        let nothing = "No history of \(shells) was found.\n"
        try File.standardOutput.write(json ? Self.json(summaries).document : text.isEmpty ? nothing : text)
    }
}

extension HistorySource: ExpressibleByArgument {}
