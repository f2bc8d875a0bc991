import ArgumentParser
import Pipeline
import Platform

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command and record its name, how long it took and how it ended.",
        usage: "nexus exec [--workspace <name>] [--task <name>] -- <command> [<argument> ...]",
        discussion: """
            The command has your terminal, input and output, and its exit code is returned. Of its arguments only a \
            subcommand of a program known to have them is kept ('git push', 'npm test').
            """)

    @Option(help: "The workspace's name; only its keyed hash is kept.")
    var workspace: String?

    @Option(help: "The task's name; only its keyed hash is kept.")
    var task: String?

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String]

    mutating func validate() throws {
        if command.first == "--" { command.removeFirst() }
        if command.isEmpty { throw ValidationError("Say what to run: nexus exec -- <command>.") }
        if command.first == "--help" || command.first == "-h" { throw CleanExit.helpRequest(self) }
        if let flag = command.first, flag.hasPrefix("-") { throw ValidationError("Unknown option '\(flag)'.") }
    }

    func run() throws {
        Self.run(command, workspace: workspace, task: task)
    }

    /// The short way for the usual call, `nexus exec [--workspace W] [--task T] -- COMMAND …`, past the argument parser,
    /// which would cost more than all the rest. Returns for any other.
    static func runAtOnce(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)[...]
        guard rest.popFirst() == "exec" else { return }
        var names: [String: String] = [:]
        while let flag = rest.first, flag == "--workspace" || flag == "--task", rest.count > 1 {
            names[flag] = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        guard rest.popFirst() == "--", !rest.isEmpty else { return }
        run(Array(rest), workspace: names["--workspace"], task: names["--task"])
    }

    private static func run(_ command: [String], workspace: String?, task: String?) -> Never {
        let recorder = CommandRecorder(data: DataFolder.fromEnvironment(), workspace: workspace, task: task)
        let outcome = recorder.run(command)
        if let failure = outcome.failure { CommandFailure(failure.description, .unavailable).say() }
        // Scripts read what a command says on standard error; only a person is told that nothing was recorded.
        if let error = outcome.recordingError, File.standardError.isTerminal { CommandFailure(error).say() }
        ThisProcess.end(outcome.exitCode)
    }
}
