import Core
import SystemSupport

/// Adds the hook to the start files of the user's shell, and removes it.
package struct ShellSetup: Sendable {
    /// A start file and the form in which it has the hook.
    package struct Step: Sendable {
        package let file: StartFile
        package let state: StartFile.State
    }

    private let files: ShellStartFiles
    private let zshFolder: String?

    /// - Parameter asksZsh: whether zsh is started to print the folder of its start files. If false, a folder that
    ///   `.zshenv` sets remains unknown.
    package init(_ files: ShellStartFiles, asksZsh: Bool = true) {
        self.files = files
        zshFolder = asksZsh ? files.findZshFolder() : nil
    }

    /// Returns the start file of the user's shell, with `~` for the home folder, and whether it has the hook. Nil if
    /// Nexus has no hook for the shell, or if the file cannot be read. This call starts no shell.
    package static func current(
        environment: @escaping @Sendable (String) -> String? = Environment.value
    ) -> (startFile: String, isInstalled: Bool)? {
        guard let files = try? ShellStartFiles(shell: nil, environment: environment),
            let step = try? ShellSetup(files, asksZsh: false).steps().first
        else { return nil }
        let home = (environment("HOME") ?? "") + "/"
        let path = step.file.path
        return (path.hasPrefix(home) ? "~/" + path.dropFirst(home.count) : path, step.state != .absent)
    }

    /// All files that may contain the hook.
    package var allFiles: [StartFile] { files.wanted(zshFolder: zshFolder) + files.others(zshFolder: zshFolder) }

    /// The line to add.
    package var line: String { SetupBlock.line(files.shell) }

    /// Returns the files that should have the hook, and the form in which each file has it. The user may have added the
    /// hook's line to another start file. If that other file is not a login file of bash, its line counts as the hook
    /// of every file that has no hook.
    package func steps() throws(StartFileError) -> [Step] {
        let logins = [".bash_profile", ".bash_login", ".profile"]
        var own: StartFile.State?
        for file in files.others(zshFolder: zshFolder) where !logins.contains(Folder(file.path).name) {
            if case .line(let number) = try file.state() { own = .line(number) }
        }
        var steps: [Step] = []
        for file in files.wanted(zshFolder: zshFolder) {
            let state = try file.state()
            steps.append(Step(file: file, state: state == .absent ? own ?? .absent : state))
        }
        return steps
    }

    /// Removes the block from all files.
    ///
    /// - Returns: the files from which the block was removed.
    package func undo() throws(StartFileError) -> [StartFile] {
        var changed: [StartFile] = []
        for file in allFiles {
            if try file.remove() { changed.append(file) }
        }
        return changed
    }
}
