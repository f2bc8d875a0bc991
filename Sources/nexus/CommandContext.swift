import SystemSupport
import UnixSignals

/// The parts of the process that a subcommand uses: its output, its environment, and the signals that stop it.
///
/// `main` runs with those of the process. A test sets its own for one task, so that several subcommands run concurrently in the
/// process of the tests.
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

    /// The signals that stop work which cleans up after itself (`CancelOnSignal`).
    var stopSignals: [UnixSignal] = [.sigint, .sigterm]

    /// The context of the current task.
    @TaskLocal static var current = CommandContext()
}
