import ArgumentParser
import Core
import SystemSupport

/// The command line: one file for each subcommand.
@main
struct Nexus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nexus",
        abstract: "Records what your tools and scripts do, keeps it on this machine, and answers questions about it.",
        discussion: """
            Data stays in $NEXUS_DATA_DIR, else $XDG_DATA_HOME/nexus, else ~/.local/share/nexus. Nexus keeps names of \
            workspaces and tasks only as keyed hashes, and never keeps flags, paths or file contents.

            EXAMPLES
              nexus exec -- make
              nexus stats --week
              nexus insights
              nexus help stats
            """,
        version: "nexus \(Version.withCommit)",
        subcommands: [
            RecordCommand.self, ExecCommand.self, InitCommand.self, SetupCommand.self, ServeCommand.self,
            SessionCommand.self, StatsCommand.self, ReportCommand.self, InsightsCommand.self, CompareCommand.self,
            RunsCommand.self,
            ExportCommand.self, VerifyCommand.self, ImportCommand.self, ImportHistoryCommand.self, SyncCommand.self,
            FlushCommand.self, DoctorCommand.self, ConfigCommand.self, TelemetryCommand.self, ManualCommand.self,
        ])

    /// Runs the subcommand that the arguments name, and ends the process. It is on the main actor, so that `exec` runs
    /// on the first thread. The first thread receives the signals.
    @MainActor static func main() async {
        ThisProcess.forbidCoreFile()
        let arguments = RawArgument.ofThisProcess
        ExecCommand.runAtOnce(arguments)
        // With `exec` the state of the process must not change, because the command inherits it.
        if arguments.first != RawArgument("exec") { ThisProcess.prepareForOwnFiles() }
        do {
            try requireText(arguments)
            try SubcommandCheck.require(arguments, of: Self.self)
            var command = try parseAsRoot(arguments.map(\.text))
            try requireResources(for: command)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // The program that reads the output has ended, as `head` does after a few lines. The user needs no message.
            if let error = error as? SystemError, error.isClosedPipe {
                ThisProcess.end(SystemSupport.ExitCode.inputOutput.rawValue)
            }
            if let failure = CommandFailure(error) { failure.end() }
            if exitCode(for: error).rawValue == 0 { printText(of: error, arguments) }
            // The parser's message quotes the arguments, so the message is escaped.
            let lines = fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
            let message = lines.map { String($0).escapedForDisplay }.joined(separator: "\n")
            try? File.standardError.write(message.isEmpty ? "" : message + "\n")
            ThisProcess.end(exitCode(for: error).rawValue)
        }
    }

    /// Prints help or the version, and ends the process. The exit code is 0 if an argument requested the text, or if
    /// standard output is a terminal. Otherwise a script gets help instead of the requested work, so the exit code is
    /// that of a usage error.
    private static func printText(of error: any Error, _ arguments: [RawArgument]) -> Never {
        let text = fullMessage(for: error)
        let isRequested = text.isEmpty || arguments.contains { requests.contains($0.text) }
        do throws(SystemError) {
            guard isRequested || File.standardOutput.isTerminal else {
                try File.standardError.write(text + "\n")
                ThisProcess.end(SystemSupport.ExitCode.usage.rawValue)
            }
            if !text.isEmpty { try File.standardOutput.write(text + "\n") }
        } catch {
            if error.isClosedPipe { ThisProcess.end(SystemSupport.ExitCode.inputOutput.rawValue) }
            CommandFailure(error.description, SystemSupport.ExitCode(error)).end()
        }
        ThisProcess.end(0)
    }

    /// The arguments that request help or another text instead of work.
    private static let requests: Set<String> = [
        "help", "-h", "-help", "--help", "--help-hidden", "--version", "--generate-completion-script",
        "--experimental-dump-help",
    ]

    /// Throws if the process lacks the files, threads or memory that the command needs. The recording of one event
    /// needs fewer resources than any other command.
    private static func requireResources(for command: any ParsableCommand) throws {
        let runtime = min(ProcessResources.processors, Limits.commandProcessors)
        let needed: ProcessResources
        if let command = command as? RecordCommand, !command.stdin {
            needed = ProcessResources(
                files: Limits.recorderFiles, threads: Limits.commandThreads + runtime,
                memory: Limits.recorderMemoryBytes)
        } else {
            needed = ProcessResources(
                files: command is ServeCommand ? Limits.serviceFiles : Limits.commandFiles,
                threads: Limits.commandThreads + runtime, memory: Limits.commandMemoryBytes)
        }
        if FileLimit.current < needed.files + 16 { _ = FileLimit.raise() }
        if let shortage = needed.findShortage() { throw CommandFailure(shortage, .tryAgain) }
    }

    /// Throws if an argument is not UTF-8. The parser would replace the invalid bytes, and the command would use a file
    /// with another name. `exec` is exempt, because it passes the arguments of its command unchanged.
    private static func requireText(_ arguments: [RawArgument]) throws {
        guard arguments.first != RawArgument("exec"),
            let wrong = arguments.firstIndex(where: { $0.exactText == nil })
        else {
            return
        }
        throw CommandFailure(
            "argument \(wrong + 1), '\(arguments[wrong].text.escapedForDisplay)', is not valid UTF-8: pass it in UTF-8",
            .usage
        )
    }
}
