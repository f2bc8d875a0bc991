/// What is kept of a program that was run, by its arguments: the base name, and the second word only of programs that
/// are known to have subcommands, where that word looks like one. Anything else a program is given is data.
package enum CommandName {
    /// Shells that record by themselves keep the same rule, so they are given the same list. No set: to make its type when
    /// the program runs costs more than to look at every name, and a program looks once.
    package static let programsWithSubcommands = [
        "apt", "apt-get", "aws", "az", "brew", "bun", "bundle", "cargo", "conda", "deno", "docker", "dotnet", "flutter",
        "gcloud", "gh", "git", "glab", "go", "helm", "hg", "jj", "kubectl", "minikube", "nexus", "nix", "npm", "opam",
        "pip", "pip3", "pnpm", "podman", "poetry", "rails", "rustup", "snap", "svn", "swift", "systemctl", "terraform",
        "tofu", "uv", "vagrant", "yarn", "zig",
    ]

    /// The name to record for `arguments`, the program first. It still passes the privacy rules as any command does.
    package static func of(_ arguments: [String]) -> String {
        guard let program = arguments.first else { return "" }
        // Bytes: a slash or a blank before a combining accent is a part of one character with it.
        let bytes = program.utf8.split(separator: UInt8(ascii: "/")).last ?? program.utf8[...]
        // A file's name of several words says more than which program it is.
        guard !bytes.contains(UInt8(ascii: " ")) else { return "" }
        let name = String(decoding: bytes, as: UTF8.self)
        guard programsWithSubcommands.contains(name), arguments.count > 1, isSubcommand(arguments[1]) else {
            return name
        }
        return name + " " + arguments[1]
    }

    /// How long a word may be that is taken for a subcommand.
    package static let subcommandBytes = 20

    private static func isSubcommand(_ word: String) -> Bool {
        word.utf8.count <= subcommandBytes
            && word.utf8.enumerated().allSatisfy { index, byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (index > 0 && byte == UInt8(ascii: "-"))
            }
    }
}
