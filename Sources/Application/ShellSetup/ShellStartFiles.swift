import Core
package import Intake
package import SystemSupport

/// The shell of the user, and the start files that it reads.
package struct ShellStartFiles: Sendable {
    package let shell: ShellDialect
    /// The name or path of the shell, as the user or `$SHELL` gives it.
    package let program: String
    private let home: String
    private let value: @Sendable (String) -> String?

    /// Finds the shell by the given name, or by `$SHELL` if no name is given.
    package init(
        shell named: String?, environment value: @escaping @Sendable (String) -> String? = Environment.value
    ) throws(ShellSetupError) {
        let program = named ?? value("SHELL") ?? ""
        guard let shell = ShellDialect(rawValue: Folder(program).name) else { throw .unknownShell(program) }
        guard let home = value("HOME"), home.hasPrefix("/") else { throw .noHome }
        guard let status = FileStatus(of: SymbolicLink.resolved(home) ?? home), status.kind == .folder else {
            throw .noHome
        }
        // sudo may keep the caller's HOME. Files that root creates there would belong to root.
        guard status.isOwn else { throw .homeOfAnother(home) }
        self.shell = shell
        self.program = program
        self.home = home
        self.value = value
    }

    /// Returns the files that get the hook. For bash, the start file of login shells gets the hook too, unless it
    /// mentions `.bashrc`. `zshFolder` is the result of `findZshFolder`.
    package func wanted(zshFolder: String?) -> [StartFile] {
        switch shell {
        case .bash:
            let login = loginFile.map { [$0] } ?? []
            return [StartFile(.bash, home + "/.bashrc")] + login
        case .zsh: return [StartFile(.zsh, (zshFolder ?? folder("ZDOTDIR") ?? home) + "/.zshrc")]
        case .fish: return [StartFile(.fish, fishFolder + "/conf.d/nexus.fish")]
        }
    }

    /// Returns all other start files, to which the user may have added the hook's line.
    package func others(zshFolder: String?) -> [StartFile] {
        let paths: [String] =
            switch shell {
            case .bash: ["/.bash_profile", "/.bash_login", "/.profile", "/.bash_aliases"].map { home + $0 }
            case .zsh:
                [zshFolder ?? folder("ZDOTDIR") ?? home, home].flatMap { folder in
                    ["/.zshrc", "/.zshenv", "/.zprofile", "/.zlogin"].map { folder + $0 }
                }
            case .fish: [fishFolder + "/config.fish"]
            }
        let wanted = wanted(zshFolder: zshFolder).map(\.path)
        var seen: Set<String> = []
        return paths.filter { !wanted.contains($0) && seen.insert($0).inserted }.map { StartFile(shell, $0) }
    }

    /// The first start file that a login bash reads. Nil if there is none, or if it mentions `.bashrc`.
    private var loginFile: StartFile? {
        for name in ["/.bash_profile", "/.bash_login", "/.profile"] {
            let file = StartFile(.bash, home + name)
            guard let bytes = try? file.content() else { continue }
            return bytes.firstRange(of: Array("bashrc".utf8)) == nil ? file : nil
        }
        return nil
    }

    private var fishFolder: String { (folder("XDG_CONFIG_HOME") ?? home + "/.config") + "/fish" }

    private func folder(_ name: String) -> String? {
        guard let path = value(name), path.hasPrefix("/") else { return nil }
        return path
    }

    /// Asks zsh for the folder of its start files, which `.zshenv` may set. Nil for other shells, and when zsh does not
    /// answer.
    package func findZshFolder() -> String? {
        guard shell == .zsh else { return nil }
        let words = [program, "-c", "print -r -- \"<nexus:${ZDOTDIR:-$HOME}>\""].map { RawArgument($0) }
        guard
            let process = try? TerminalProcess(
                words, environment: Environment.allByName.map { "\($0.key)=\($0.value)" })
        else { return nil }
        defer { process.end() }
        let deadline = ContinuousClock.now + Limits.hookQuietTime * 10
        while !process.isOver, ContinuousClock.now < deadline {
            process.read(atMost: deadline - ContinuousClock.now)
            let text = String(decoding: process.output, as: UTF8.self)
            guard let start = text.firstRange(of: "<nexus:"), let end = text[start.upperBound...].firstIndex(of: ">")
            else {
                continue
            }
            let path = String(text[start.upperBound..<end])
            return path.hasPrefix("/") ? path : nil
        }
        return nil
    }
}

/// The reason why a shell cannot be set up.
package enum ShellSetupError: ReportedError, Equatable {
    case unknownShell(String)
    case noHome
    case homeOfAnother(String)

    package var exitCode: ExitCode { .usage }

    package var description: String {
        switch self {
        case .unknownShell(let name):
            "cannot set up '\(name.escapedForDisplay)': hooks exist for bash, zsh and fish; give one with --shell"
        case .noHome: "cannot set up a shell: HOME is not a folder; set HOME"
        case .homeOfAnother(let path):
            "cannot set up a shell: HOME, \(path.escapedForDisplay), belongs to another user; run this command as that user, without sudo"
        }
    }
}
