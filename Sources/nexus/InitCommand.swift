import ArgumentParser
import SystemSupport

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Print the hook that records each line of a shell: its command, how long it took, how it ended.",
        discussion: """
            In ~/.bashrc: eval "$(nexus init bash)"
            In ~/.zshrc: eval "$(nexus init zsh)"
            In ~/.config/fish/config.fish: nexus init fish | source

            Lines are read in memory; arguments, paths and quotes are never kept. The workspace is the folder of the git \
            repository, as a keyed hash; NEXUS_WORKSPACE overrides it. NEXUS_TELEMETRY=off and DO_NOT_TRACK count at each prompt.
            """)

    @Argument(help: "The shell to print for.")
    var shell: ShellHook

    func run() throws {
        try File.standardOutput.write(shell.text)
    }
}
