import SystemSupport
import UnixSignals

/// The parts of the process that a subcommand uses: its output, its environment, and the signals that stop it.
///
/// `main` uses the output, environment and signals of the process. A test sets a context for one task, so that several
/// subcommands can run concurrently in the process of the tests.
struct CommandContext: Sendable {
    /// Writes a report to standard output.
    var write: @Sendable (String) throws(SystemError) -> Void = { text throws(SystemError) in
        try File.standardOutput.write(text)
    }

    /// Writes a message to standard error.
    var report: @Sendable (String) throws(SystemError) -> Void = { text throws(SystemError) in
        try File.standardError.write(text)
    }

    /// Returns the value of an environment variable; nil when it is not set.
    var environment: @Sendable (String) -> String? = Environment.value

    /// The signals that cancel the work of `CancelOnSignal`.
    var stopSignals: [UnixSignal] = [.sigint, .sigterm]

    /// The context of the current task.
    @TaskLocal static var current = CommandContext()
}
