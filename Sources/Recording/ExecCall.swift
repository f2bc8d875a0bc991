import Core
package import SystemSupport

/// A call of `nexus exec` in the usual form:
///
///     exec [--workspace NAME] [--task NAME] [--quiet] -- COMMAND [ARGUMENT …]
///
/// This type reads the call without an argument parser, because a parser would take longer than the rest of the call.
package struct ExecCall: Equatable, Sendable {
    package let workspace: String?
    package let task: String?
    /// Whether `--quiet` suppresses reports of failures to record.
    package let isQuiet: Bool
    /// The program, followed by its arguments.
    package let command: [RawArgument]

    package init(_ command: [RawArgument], workspace: String?, task: String?, quiet: Bool = false) {
        self.command = command
        isQuiet = quiet
        self.workspace = workspace
        self.task = task
    }

    /// Parses the arguments after the program's name; nil if they do not have the usual form.
    package init?(_ arguments: [RawArgument]) {
        var rest = arguments[...]
        guard rest.popFirst() == RawArgument("exec") else { return nil }
        var workspace: String?
        var task: String?
        var isQuiet = false
        while let flag = rest.first?.text, flag == "--workspace" || flag == "--task" || flag == "--quiet",
            rest.count > 1
        {
            if flag == "--quiet" {
                isQuiet = true
                rest.removeFirst()
                continue
            }
            let name = rest[rest.startIndex + 1].text
            if flag == "--task" { task = name } else { workspace = name }
            rest = rest.dropFirst(2)
        }
        guard rest.popFirst() == RawArgument("--"), !rest.isEmpty else { return nil }
        self.init(Array(rest), workspace: workspace, task: task, quiet: isQuiet)
    }

    /// Runs the command, records it, and returns the exit code for this process. Calls `say` with a sentence if the
    /// command could not be run. Without `--quiet`, also calls `say` with a sentence if the command was not recorded.
    package func run(say: (String) -> Void) -> Int32 {
        var data: DataFolder?
        var problem: String?
        if RecordingPolicy.of(environment: Environment.value) == .on {
            do throws(DataFolderError) {
                data = try DataFolder.fromEnvironment()
            } catch {
                problem = error.description
            }
            if data == nil, problem == nil {
                problem = "neither NEXUS_DATA_DIR nor HOME is an absolute path; set one of them"
            }
        }
        let outcome = CommandRecorder(data: data, workspace: workspace, task: task).run(command)
        if let failure = outcome.failure { say(failure.description) }
        if !isQuiet, let problem = problem ?? outcome.recordingError?.description {
            say("the command was not recorded: \(problem)")
        }
        return outcome.exitCode
    }
}
