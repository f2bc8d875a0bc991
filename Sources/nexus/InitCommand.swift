import ArgumentParser
import Intake
import Platform

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Print the hook that records what is typed in a shell: its name, how long it took, how it ended.",
        discussion: """
            In ~/.bashrc: eval "$(nexus init bash)"
            In ~/.zshrc: eval "$(nexus init zsh)"
            In ~/.config/fish/config.fish: nexus init fish | source

            Arguments, paths and quotes are never kept. NEXUS_TELEMETRY=off and DO_NOT_TRACK count at each prompt.
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish

        var hook: String {
            switch self {
            case .bash: BashHook.text
            case .zsh: ZshHook.text
            case .fish: FishHook.text
            }
        }
    }

    @Argument(help: "The shell to print for.")
    var shell: Shell

    func run() throws {
        try File.standardOutput.write(shell.hook + "\n")
    }
}

/// The words that the hooks of all shells know.
enum HookWords {
    /// Of these the word behind the name is kept as well, as `nexus exec` does it.
    static let programs = CommandName.programsWithSubcommands.sorted()

    /// These run another command, which is the one that was meant. With an option behind them they stand for
    /// themselves: a hook cannot know which options take a value, and a value must not be taken for a name.
    static let prefixes = ["command", "env", "exec", "nohup", "sudo", "time"]
}
