package import Core
import Intake
import SystemSupport

extension HookCheckResult {
    /// Returns the result as a sentence, with a suggestion. `files` are the user's start files.
    package func check(_ files: [StartFile]) -> CheckResult {
        let name = shell.rawValue
        switch outcome {
        case .arrived(let duration):
            let version = answer["version"].map { " " + $0.escapedForDisplay } ?? ""
            let time = Int((duration / .milliseconds(1)).rounded(.up))
            let text = "\(name)\(version) records: the event of a command arrived after \(time) ms"
            guard let folder = otherDataFolder else { return .ok("hook", text) }
            return .note(
                "hook", text,
                suggestion: "the start files set NEXUS_DATA_DIR: events go to \(folder.escapedForDisplay)")
        case .insideCheck:
            return .error(
                "hook", "not checked: this shell was started by a check",
                suggestion: "remove 'nexus doctor --hook' from the start files of \(name)")
        case .shellEnded:
            return .error(
                "hook", "\(name) ended while it read its start files\(lastWords)",
                suggestion: "remove 'exit' or 'exec' from the start files, or skip it if $\(HookCheck.mark) is set")
        case .noPrompt:
            guard let program = programName, program != name else {
                return .error(
                    "hook", "\(name) showed no prompt in time: a start file waits or takes long\(lastWords)",
                    suggestion: "run '\(name) -ix' to find the line that waits, or allow more time with --deadline")
            }
            return .error(
                "hook",
                "\(name) showed no prompt: a start file runs '\(program.escapedForDisplay)' instead",
                suggestion: "run that program after the hook, or only if $\(HookCheck.mark) is not set")
        case .notArrived:
            return problem(files)
        }
    }

    private func problem(_ files: [StartFile]) -> CheckResult {
        let name = shell.rawValue
        let (text, suggestion) =
            switch cause {
            case .switchedOff(let variable):
                (
                    "\(variable) switches recording off in \(name)",
                    "remove \(variable) from the start files, or unset it"
                )
            case .leftOut(let reason):
                ("this folder is left out: \(reason.escapedForDisplay)", "run the check in another folder")
            case .complaint(let message):
                ("the hook does not work in this \(name): \(message.escapedForDisplay)", "see 'nexus help init'")
            case .noHook, .noNexus: missingHook(files)
            case .removed:
                (
                    "the hook is installed, but another tool removed it from what \(name) runs at a prompt",
                    "move the line with 'nexus init \(name)' to the end of the start files"
                )
            case .noHistory:
                (
                    "bash keeps no history, but the hook reads lines from the history",
                    "remove 'set +o history' and 'HISTSIZE=0' from the start files"
                )
            case .noRecorder:
                (
                    "the hook is installed, but 'nexus-record' is not on the PATH",
                    "add the folder of nexus-record to PATH in the start files"
                )
            case nil:
                (
                    "the hook is installed, but no event arrived in time",
                    "run 'nexus-record --command test' in a new shell: it prints the problem"
                )
            }
        return .error("hook", text, suggestion: suggestion)
    }

    private func missingHook(_ files: [StartFile]) -> (String, String) {
        let name = shell.rawValue
        let line = files.lazy.compactMap { file -> String? in
            switch try? file.state() {
            case .line(let number): "line \(number) of \(file.path.escapedForDisplay)"
            case .block, .changedBlock: "the block in \(file.path.escapedForDisplay)"
            case .absent, nil: nil
            }
        }.first
        guard let line else { return ("the start files of \(name) have no hook", "run 'nexus setup'") }
        guard cause == .noHook else {
            return (
                "\(line) has the hook, but 'nexus' is not on the PATH of \(name)",
                "add the folder of nexus to PATH before that line"
            )
        }
        return (
            "\(line) has the hook, but \(name) does not run it: 'nexus' is not on the PATH there, or the line is not reached",
            "move the line after the line that sets PATH, and before any 'return' or 'exec'"
        )
    }

    /// The last line that the shell printed, for messages.
    private var lastWords: String {
        let lines = output.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isASCII || $0 >= " " } }
        guard let last = lines.last(where: { $0.contains { $0 != " " } }) else { return "" }
        return "; its last output: '\(String(last.prefix(120)).escapedForDisplay)'"
    }
}
