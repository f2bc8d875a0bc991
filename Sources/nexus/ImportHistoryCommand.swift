import Application
import ArgumentParser
import Core
import History
import SystemSupport

struct ImportHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-history", abstract: "Import the history of a shell, or a test report.",
        discussion: """
            Sources are the files of zsh, bash, fish, resh and xonsh (xonsh-json), and the databases of atuin, \
            zsh-histdb, hishtory, nushell and xonsh. The source junit is a test report. Without a source, the command \
            lists the histories that it finds and the events that each would add. It then writes nothing.

            It reads lines in memory and never stores them. An event has the name and the start of the command and, if \
            the history has them, the duration and the outcome. The name is kept if the command is a builtin, in PATH, \
            or in the lists of 'nexus config'.

            A second import adds only new entries. The command skips and counts entries without a time, entries after \
            Nexus began to record the shell, and entries that it imported from another history. Import the history \
            with the most details first: without a source, the command lists it first.

            A suite of a JUnit report becomes a completed task; only the keyed hash of its name is kept.

            EXAMPLES
              nexus import-history
              nexus import-history zsh
              nexus import-history bash ~/old/.bash_history --json
              nexus import-history junit build/test-results/*.xml
            """)

    @Argument(help: "The source: \(HistorySource.allCases.map(\.rawValue).joined(separator: ", ")).")
    var source: HistorySource?

    @Argument(help: "The files of the history (default: the usual path of the source).", completion: .file())
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
                "cannot find a history of \(source.rawValue): no file is at its usual path; name the file, as in "
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
            // Each summary is printed before the next file is read, so that the failure of a later file does not lose
            // it.
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

    /// Lists the histories on this machine, with the number of events that an import of each would add.
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
