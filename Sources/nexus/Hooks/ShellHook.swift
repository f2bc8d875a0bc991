import ArgumentParser
import Intake

/// The shells that `nexus init` prints a hook for. The hooks are shell files beside this one, embedded in the program.
enum ShellHook: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish

    /// The text to print.
    ///
    /// All of zsh's is an argument of `emulate`: under some options (sh_glob, ksh_glob) zsh would not even read it otherwise.
    var text: String {
        switch self {
        case .bash: Self.filled(PackageResources.nexus_bash, separator: " | ")
        case .zsh:
            "# Records each command's name, duration and success: nexus help init.\n\\builtin emulate zsh -c '"
                + Self.filled(PackageResources.nexus_zsh, separator: "|").replacing("'", with: #"'\''"#) + "'\n"
        case .fish: Self.filled(PackageResources.nexus_fish, separator: " ")
        }
    }

    /// Programs of which the word after the name is kept as well, as `nexus exec` keeps it.
    static let programs = CommandName.programsWithSubcommands.sorted()

    /// These run another command, which is the one that was meant. With an option after them they are the name: a hook cannot
    /// know which options take a value, and a value must not be taken for a name.
    static let prefixes = ["command", "env", "exec", "nohup", "sudo", "time"]

    /// Puts the lists that hooks and `nexus exec` share in the place of their names. Their words are plain and need no quotes.
    private static func filled(_ file: [UInt8], separator: String) -> String {
        String(decoding: file, as: UTF8.self)
            .replacing("NEXUS_PREFIXES", with: prefixes.joined(separator: separator))
            .replacing("NEXUS_PROGRAMS", with: programs.joined(separator: separator))
            .replacing("NEXUS_SUBCOMMAND_BYTES", with: "\(CommandName.subcommandBytes)")
    }
}
