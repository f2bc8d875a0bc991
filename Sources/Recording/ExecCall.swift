import Core
package import SystemSupport

/// The usual call of `nexus exec`, read without an argument parser, which would cost more than all the rest:
///
///     exec [--workspace NAME] [--task NAME] -- COMMAND [ARGUMENT …]
package struct ExecCall: Equatable, Sendable {
    package let workspace: String?
    package let task: String?
    /// The program first.
    package let command: [RawArgument]

    package init(_ command: [RawArgument], workspace: String?, task: String?) {
        self.command = command
        self.workspace = workspace
        self.task = task
    }

    /// Reads what follows the program's name; nil for any other call.
    package init?(_ arguments: [RawArgument]) {
        var rest = arguments[...]
        guard rest.popFirst() == RawArgument("exec") else { return nil }
        var workspace: String?
        var task: String?
        while let flag = rest.first?.text, flag == "--workspace" || flag == "--task", rest.count > 1 {
            let name = rest[rest.startIndex + 1].text
            if flag == "--task" { task = name } else { workspace = name }
            rest = rest.dropFirst(2)
        }
        guard rest.popFirst() == RawArgument("--"), !rest.isEmpty else { return nil }
        self.init(Array(rest), workspace: workspace, task: task)
    }

    /// Runs the command, records it, and returns the exit code to end with. `say` is handed each sentence for the person:
    /// why the command could not be run, and on a terminal why it was not recorded. Scripts read what a command says on
    /// standard error, so only a person is told the latter.
    package func run(say: (String) -> Void) -> Int32 {
        var data: DataFolder?
        if RecordingPolicy.of(environment: Environment.value) == .on {
            do throws(DataFolderError) {
                data = try DataFolder.fromEnvironment()
            } catch {
                if File.standardError.isTerminal { say(error.description) }
            }
        }
        let outcome = CommandRecorder(data: data, workspace: workspace, task: task).run(command)
        if let failure = outcome.failure { say(failure.description) }
        if let error = outcome.recordingError, File.standardError.isTerminal { say(error.description) }
        return outcome.exitCode
    }
}
