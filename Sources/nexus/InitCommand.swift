import ArgumentParser
import SystemSupport

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Print the shell hook, which records the command, duration and outcome of each line.",
        discussion: """
            In ~/.bashrc: eval "$(nexus init bash)"
            In ~/.zshrc: eval "$(nexus init zsh)"
            In ~/.config/fish/config.fish: nexus init fish | source

            The hook reads lines in memory; Nexus never keeps arguments, paths or quotes. The workspace is the name of \
            the git repository's folder, or the value of NEXUS_WORKSPACE; only its keyed hash is kept. The hook checks \
            NEXUS_TELEMETRY=off and DO_NOT_TRACK at each prompt.

            EXAMPLES
              eval "$(nexus init bash)"
              nexus init fish | source
            """)

    @Argument(help: "The shell whose hook is printed.")
    var shell: ShellHook

    func run() throws {
        try CommandContext.current.write(shell.text)
    }
}

/// The shells that `nexus init` supports. The hooks are shell files in `Hooks`, embedded in the program.
enum ShellHook: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish

    /// The hook to print.
    ///
    /// The hook of zsh is an argument of `emulate`, because zsh cannot parse the hook if the user has set sh_glob or
    /// ksh_glob. The functions of the hook begin by unsetting the user's DEBUG and ZERR traps. Because of
    /// `local_traps`, zsh restores the traps when each function returns.
    var text: String {
        switch self {
        case .bash: String(decoding: PackageResources.nexus_bash, as: UTF8.self)
        case .zsh:
            "# Records each line's command, duration and outcome: nexus help init.\n\\builtin emulate zsh -o local_traps -c '"
                + String(decoding: PackageResources.nexus_zsh, as: UTF8.self).replacing("'", with: #"'\''"#) + "'\n"
        case .fish: String(decoding: PackageResources.nexus_fish, as: UTF8.self)
        }
    }
}
