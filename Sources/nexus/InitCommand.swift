import ArgumentParser
import SystemSupport

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

    @Argument(help: "The shell to print for.")
    var shell: ShellHook

    func run() throws {
        try File.standardOutput.write(shell.text)
    }
}
