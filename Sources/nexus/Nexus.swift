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
            Data stays in $NEXUS_DATA_DIR, else $XDG_DATA_HOME/nexus, else ~/.local/share/nexus. Names of workspaces \
            and tasks are kept only as keyed hashes; flags, paths and file contents are never kept.

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

    /// On the main actor, so that `exec` runs on the first thread and is the one that signals reach.
    @MainActor static func main() async {
        ThisProcess.forbidCoreFile()
        let arguments = RawArgument.ofThisProcess
        ExecCommand.runAtOnce(arguments)
        // What `exec` runs has everything as it was given.
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
            // The program that reads the output has ended, as 'head' does, and needs no message.
            if let error = error as? SystemError, error.isClosedPipe {
                ThisProcess.end(SystemSupport.ExitCode.inputOutput.rawValue)
            }
            if let failure = CommandFailure(error) { failure.end() }
            if exitCode(for: error).rawValue == 0 { printText(of: error, arguments) }
            // What the parser says of wrong use quotes it.
            let lines = fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
            let message = lines.map { String($0).escapedForDisplay }.joined(separator: "\n")
            try? File.standardError.write(message.isEmpty ? "" : message + "\n")
            ThisProcess.end(exitCode(for: error).rawValue)
        }
    }

    /// Prints help or the version, and ends the process: with 0 if it was asked for. Help in place of the requested work is a
    /// misuse that a script must notice; a user at a terminal sees it.
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

    /// The arguments that ask for a text.
    private static let requests: Set<String> = [
        "help", "-h", "-help", "--help", "--help-hidden", "--version", "--generate-completion-script",
        "--experimental-dump-help",
    ]

    /// Throws where the command could not end for want of files, threads or memory. A recorder of one event needs less than
    /// the others.
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

    /// The parser would replace what is not UTF-8: another file would be read or written than the one that was named. What
    /// `exec` runs gets its arguments as they are.
    private static func requireText(_ arguments: [RawArgument]) throws {
        guard arguments.first != RawArgument("exec"),
            let wrong = arguments.firstIndex(where: { $0.exactText == nil })
        else {
            return
        }
        throw CommandFailure(
            "argument \(wrong + 1), '\(arguments[wrong].text.escapedForDisplay)', is not UTF-8: say it in UTF-8", .usage
        )
    }
}
