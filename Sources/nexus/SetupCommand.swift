import Application
import ArgumentParser
import Core
import Recording
import Reports
import SystemSupport

struct SetupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup", abstract: "Add the hook to your shell's start file, and check that it records.",
        discussion: """
            It prints the start file and the line to add. Once you agree, it adds the line in a marked block at the \
            end of the file, after the lines of other tools. The file keeps its mode, owner and links. The command \
            then starts a new shell and checks that this shell records.

            EXAMPLES
              nexus setup                 for the shell in $SHELL
              nexus setup --shell fish
              nexus setup --dry-run       print what would be changed
              nexus setup --undo          remove the block
            """)

    @OptionGroup var target: ShellTarget

    @OptionGroup var confirmation: Confirmation

    @Flag(help: "Remove the block, unless you have changed it.")
    var undo = false

    func validate() throws {
        if undo, confirmation.yes || confirmation.dryRun {
            throw ValidationError("--undo excludes --yes and --dry-run.")
        }
    }

    func run() throws {
        let files = try ShellStartFiles(shell: target.shell, environment: CommandContext.current.environment)
        let setup = ShellSetup(files)
        if undo { return try remove(setup) }
        let steps = try setup.steps()
        let data = try DataFolder.required()
        try CommandContext.current.write(plan(steps, setup, files) + "\n" + FirstNotice.text(data) + "\n")
        if confirmation.dryRun { return }
        let missing = steps.filter { $0.state == .absent }
        if !missing.isEmpty {
            let refusal =
                "nothing changed: there is no terminal to ask on; run it with --yes, or --dry-run to see the change"
            guard try confirmation.isGiven(for: "Add the line?", refusal: refusal) else { return }
            for step in missing {
                try step.file.add()
                try CommandContext.current.write("Added to \(step.file.description).\n")
            }
        }
        try prove(files, setup)
    }

    private func plan(_ steps: [ShellSetup.Step], _ setup: ShellSetup, _ files: ShellStartFiles) -> String {
        var lines = ["Shell:  \(files.program.escapedForDisplay)", "Line:   \(setup.line)"]
        for step in steps {
            let state =
                switch step.state {
                case .absent: "the line goes to the end, after the lines of other tools"
                case .block: "has the line already"
                case .changedBlock: "has the line already, in a block that was changed"
                case .line(let number): "has the hook already, in line \(number)"
                }
            lines.append("File:   \(step.file.description): \(state)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func remove(_ setup: ShellSetup) throws {
        let files = try setup.undo()
        let text = files.map { "Removed from \($0.description).\n" }.joined()
        try CommandContext.current.write(text.isEmpty ? "No start file has the block.\n" : text)
    }

    private func prove(_ files: ShellStartFiles, _ setup: ShellSetup) throws {
        let check = try HookCheck(files, deadline: target.duration).run().check(setup.allFiles)
        try CommandContext.current.write(DoctorReport([check]).text)
        guard check.state != .error else {
            throw CommandFailure("the hook does not record yet; see the suggested fix above", .rejectedInput)
        }
    }
}

/// The options of a check of the hook: the shell and the time limit.
struct ShellTarget: ParsableArguments {
    @Option(help: ArgumentHelp("The shell, by name or path: bash, zsh or fish; by default $SHELL.", valueName: "shell"))
    var shell: String?

    @Option(help: ArgumentHelp("Time limit for a new shell to record a command.", valueName: "seconds"))
    var deadline: Int = 10

    var duration: Duration { .seconds(deadline) }

    func validate() throws {
        guard (1...600).contains(deadline) else { throw ValidationError("--deadline must be from 1 to 600.") }
    }
}
