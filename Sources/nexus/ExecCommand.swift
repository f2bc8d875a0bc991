import ArgumentParser
import Recording
import SystemSupport

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command and record its name, how long it took and how it ended.",
        usage: "nexus exec [--workspace <name>] [--task <name>] [--quiet] -- <command> [<argument> ...]",
        discussion: """
            The command uses your terminal, input and output, and nexus returns its exit code. Nexus keeps the name of \
            the program. If Nexus knows that the program has subcommands, it keeps the subcommand too ('git push', \
            'npm test'). It keeps no other argument. If the program only runs another program, as 'sudo' and 'timeout \
            5' do, Nexus keeps the name of the other program.

            EXAMPLES
              nexus exec -- make -j8
              nexus exec --task release -- ./build.sh
            """)

    @Option(
        help:
            "The workspace's name; only its keyed hash is kept. Default: $NEXUS_WORKSPACE, else the repository's name."
    )
    var workspace: String?

    @Option(help: "The task's name; only its keyed hash is kept.")
    var task: String?

    @Flag(help: "Print no message if the command cannot be recorded.")
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
        // The command is taken from the last arguments of the process, because the parser decodes arguments as UTF-8.
        // The bytes of a file name may be invalid UTF-8.
        let command = RawArgument.ofThisProcess.suffix(command.count)
        Self.run(ExecCall(Array(command), workspace: workspace, task: task, quiet: quiet))
    }

    /// If `ExecCall` can read the arguments, runs the command without the argument parser and ends the process.
    /// Otherwise returns, and the caller uses the argument parser.
    static func runAtOnce(_ arguments: [RawArgument]) {
        if let call = ExecCall(arguments) { run(call) }
    }

    private static func run(_ call: ExecCall) -> Never {
        ThisProcess.end(call.run { CommandFailure($0, .unavailable).say() })
    }
}
