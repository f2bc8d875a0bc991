package import Core
import SystemSupport

/// The shell of the user and its hook.
package struct ShellSetup: Equatable, Sendable {
    /// `bash`, `zsh` or `fish`.
    package let shell: String
    /// Where the hook belongs, with `~` for the home folder.
    package let startFile: String
    /// Whether the start file has the hook.
    package let isInstalled: Bool

    package init(shell: String, startFile: String, isInstalled: Bool) {
        self.shell = shell
        self.startFile = startFile
        self.isInstalled = isInstalled
    }

    /// The line that installs the hook.
    package var line: String {
        shell == "fish" ? "nexus init fish | source" : "eval \"$(nexus init \(shell))\""
    }

    /// How much of a start file is searched, in bytes.
    private static let searchedBytes = 1024 * 1024

    /// The shell that `$SHELL` names, whose start file is searched for `nexus init`; nil for another shell, or without a home
    /// folder.
    package static func current(environment value: (String) -> String? = Environment.value) -> ShellSetup? {
        guard let home = value("HOME"), home.hasPrefix("/"),
            let shell = value("SHELL")?.split(separator: "/").last.map(String.init)
        else { return nil }
        let path: String
        switch shell {
        case "bash": path = home + "/.bashrc"
        case "zsh": path = (value("ZDOTDIR") ?? home) + "/.zshrc"
        case "fish": path = (value("XDG_CONFIG_HOME") ?? home + "/.config") + "/fish/config.fish"
        default: return nil
        }
        let shown = path.hasPrefix(home + "/") ? "~" + path.dropFirst(home.count) : path
        return ShellSetup(shell: shell, startFile: shown, isInstalled: hasHook(path))
    }

    private static func hasHook(_ path: String) -> Bool {
        var bytes: [UInt8] = []
        guard let file = try? File(opening: path, [.read, .nonBlocking, .followingLinks]),
            (try? file.status().isRegular) == true,
            (try? file.read(appendingTo: &bytes, limit: searchedBytes)) != nil
        else { return false }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
            !line.trimmingPrefix(while: { $0 == " " || $0 == "\t" }).hasPrefix("#") && line.contains("nexus init")
        }
    }
}

/// Whether `nexus serve` serves a data folder.
package enum ServiceState: Equatable, Sendable {
    case running(processID: Int32)
    /// It was killed, or it ended: it served this folder before.
    case stopped
    case neverStarted

    package static func of(
        _ data: DataFolder, environment: (String) -> String? = Environment.value
    ) -> ServiceState {
        let runtime = RuntimeFolder(for: data, environment: environment)
        guard runtime.folder.has(RuntimeFolder.lockName) else { return .neverStarted }
        var bytes: [UInt8] = []
        guard let file = try? File(opening: runtime.processPath, [.read, .nonBlocking]),
            (try? file.read(appendingTo: &bytes, limit: 32)) != nil,
            let processID = Int32(String(decoding: bytes, as: UTF8.self).prefix { $0.isASCII && $0.isNumber }),
            ProcessIdentity(processID: processID).startTime > 0
        else { return .stopped }
        return .running(processID: processID)
    }
}
