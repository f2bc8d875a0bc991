import ArgumentParser

/// The shells that `nexus init` prints a hook for. The hooks are shell files beside this one, embedded in the program.
enum ShellHook: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish

    /// The text to print.
    ///
    /// All of zsh's is an argument of `emulate`: under some options (sh_glob, ksh_glob) zsh would not even read it otherwise.
    var text: String {
        switch self {
        case .bash: String(decoding: PackageResources.nexus_bash, as: UTF8.self)
        case .zsh:
            "# Records each line's command, duration and outcome: nexus help init.\n\\builtin emulate zsh -c '"
                + String(decoding: PackageResources.nexus_zsh, as: UTF8.self).replacing("'", with: #"'\''"#) + "'\n"
        case .fish: String(decoding: PackageResources.nexus_fish, as: UTF8.self)
        }
    }
}
