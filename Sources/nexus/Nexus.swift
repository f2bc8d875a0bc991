import ArgumentParser
import EventModel
import Platform

/// The command line: one file for each subcommand.
@main
struct Nexus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nexus",
        abstract: "Records what your tools and scripts do, keeps it on this machine, and answers questions about it.",
        discussion: """
            Data stays in $NEXUS_DATA_DIR, else $XDG_DATA_HOME/nexus, else ~/.local/share/nexus. Names of workspaces \
            and tasks are kept only as keyed hashes; flags, paths and file contents are never kept.
            """,
        version: "nexus \(Version.current)",
        subcommands: [
            RecordCommand.self, ExecCommand.self, InitCommand.self, ServeCommand.self, SessionCommand.self,
            StatsCommand.self, FlushCommand.self, TelemetryCommand.self,
        ])

    static func main() async {
        ExecCommand.runAtOnce(CommandLine.arguments.dropFirst())
        Environment.restrictNewFiles()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard let failure = CommandFailure(error) else { exit(withError: error) }
            failure.end()
        }
    }
}
