import ArgumentParser
import Recording
import SystemSupport

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command and record its name, how long it took and how it ended.",
        usage: "nexus exec [--workspace <name>] [--task <name>] [--quiet] -- <command> [<argument> ...]",
        discussion: """
            The command uses your terminal, input and output, and nexus returns its exit code. Nexus keeps no argument \
            except the subcommand of a program known to have them ('git push', 'npm test'). A program that runs \
            another one, such as 'sudo' or 'timeout 5', is skipped.

            EXAMPLES
              nexus exec -- make -j8
              nexus exec --task release -- ./build.sh
            """)

    @Option(
        help:
            "The workspace's name; only its keyed hash is kept. By default $NEXUS_WORKSPACE, else the folder of the git repository."
    )
    var workspace: String?

    @Option(help: "The task's name; only its keyed hash is kept.")
    var task: String?

    @Flag(help: "Do not report that the command could not be recorded.")
    var quiet = false

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String]

    mutating func validate() throws {
        if command.first == "--" { command.removeFirst() }
        if command.isEmpty { throw ValidationError("No command to run: give one, as in nexus exec -- <command>.") }
        if command.first == "--help" || command.first == "-h" { throw CleanExit.helpRequest(self) }
        if let flag = command.first, flag.hasPrefix("-") { throw ValidationError("Unknown option '\(flag)'.") }
    }

    func run() throws {
        // The command is taken from the last arguments of the process, because the parser decodes arguments as UTF-8. A
        // file name may have other bytes.
        let command = RawArgument.ofThisProcess.suffix(command.count)
        Self.run(ExecCall(Array(command), workspace: workspace, task: task, quiet: quiet))
    }

    /// Runs a call of the usual form without the argument parser, and ends the process. Returns if the call has another
    /// form.
    static func runAtOnce(_ arguments: [RawArgument]) {
        if let call = ExecCall(arguments) { run(call) }
    }

    private static func run(_ call: ExecCall) -> Never {
        ThisProcess.end(call.run { CommandFailure($0, .unavailable).say() })
    }
}
