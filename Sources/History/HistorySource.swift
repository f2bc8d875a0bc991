import Core
import Intake
import SystemSupport

/// A program whose history can be imported. Sources with more details per entry come first. If several histories
/// contain a run, `HistoryImport.plans` counts the run for the first of these histories.
package enum HistorySource: String, CaseIterable, Sendable {
    case atuin, histdb, hishtory, resh, nushell, xonsh
    case xonshJSON = "xonsh-json"
    case zsh, bash, fish
    /// A report of test results. It has no usual path, so it is never found automatically.
    case junit

    /// The shell whose syntax the lines have.
    var shell: ShellDialect {
        switch self {
        case .zsh, .histdb: .zsh
        case .fish: .fish
        case .bash, .atuin, .hishtory, .resh, .nushell, .xonsh, .xonshJSON, .junit: .bash
        }
    }

    /// The session under which the entries are stored.
    package var session: String { HistorySession.id(of: rawValue) }

    /// Whether the program always stores a repeated line only once. Counts are then lower bounds.
    var isDeduplicating: Bool { self == .fish }

    /// Whether the source is the history of a shell. Only such a source can contain runs that the hook recorded too.
    package var isShell: Bool { HistorySession.isOfShell(rawValue) }

    /// Returns the usual paths of the source's file or folder, the most likely path first.
    /// - Parameter value: returns the value of an environment variable.
    func paths(_ value: (String) -> String?) -> [String] {
        func folder(_ variable: String, _ name: String) -> [String] {
            if let path = value(variable), path.hasPrefix("/") { return [path] }
            return value("HOME").flatMap { $0.hasPrefix("/") ? [$0 + name] : nil } ?? []
        }
        let home = folder("HOME", "")
        // Both bash and zsh use the variable HISTFILE. Therefore its value counts only for the user's login shell.
        let isLoginShell = value("SHELL").map { $0.hasSuffix("/" + rawValue) } ?? false
        let named = isLoginShell ? [value("HISTFILE")].compactMap { $0 }.filter { $0.hasPrefix("/") } : []
        switch self {
        case .atuin:
            // atuin 18.24 and later versions use the first path. Older versions use the second path.
            return folder("ATUIN_HOME", "/.atuin").map { $0 + "/data/history.db" }
                + folder("XDG_DATA_HOME", "/.local/share").map { $0 + "/atuin/history.db" }
        case .histdb:
            return folder("HISTDB_FILE", "/.histdb/zsh-history.db")
        case .hishtory: return home.map { $0 + "/.hishtory/.hishtory.db" }
        case .nushell: return folder("XDG_CONFIG_HOME", "/.config").map { $0 + "/nushell/history.sqlite3" }
        case .xonsh: return folder("XDG_DATA_HOME", "/.local/share").map { $0 + "/xonsh/xonsh-history.sqlite" }
        case .xonshJSON:
            let data = folder("XDG_DATA_HOME", "/.local/share").map { $0 + "/xonsh" }
            // xonsh 0.13 and later versions use the first folder. Older versions use the second folder.
            return data.map { $0 + "/history_json" } + data
        case .resh:
            return folder("XDG_DATA_HOME", "/.local/share").map { $0 + "/resh/history.reshjson" }
                + home.flatMap { [$0 + "/.resh_history.json", $0 + "/.resh/history.json"] }
        case .junit: return []
        case .zsh:
            return named + folder("ZDOTDIR", "").map { $0 + "/.zsh_history" }
                + home.flatMap { home in [".zsh_history", ".zhistory", ".histfile"].map { "\(home)/\($0)" } }
                + folder("XDG_STATE_HOME", "/.local/state").map { $0 + "/zsh/history" }
        case .bash: return named + home.map { $0 + "/.bash_history" }
        case .fish:
            let name = value("fish_history") ?? ""
            return folder("XDG_DATA_HOME", "/.local/share")
                .map { "\($0)/fish/\(name.isEmpty || name.contains("/") ? "fish" : name)_history" }
        }
    }

    /// Returns the first existing path among the usual paths of the source; nil if no usual path exists.
    package func find(environment value: (String) -> String? = Environment.value) -> String? {
        paths(value).first { path in
            if self == .xonshJSON { return (try? XonshHistory.files(in: path).isEmpty) == false }
            return (try? File(opening: path, [.read, .regular, .followingLinks])) != nil
        }
    }

    /// Opens a file for reading.
    /// - Throws: a `SystemError` if the path is not a regular file of this user.
    static func open(_ path: String) throws(SystemError) -> File {
        let file = try File(opening: path, [.read, .regular, .followingLinks])
        // A link may lead to a file of another user. Then that user would choose the imported entries.
        guard File.isOwn(try file.status()) else { throw SystemError.ofAnotherUser(path) }
        return file
    }

    /// Opens a reader of a file.
    /// - Throws: a `SystemError` if the path is not a regular file of this user, a `StoreError` for a broken database.
    func reader(of path: String) throws -> any HistoryReader {
        // The path of this source may be a folder or a file.
        if self == .xonshJSON { return try XonshHistory(path) }
        let file = try Self.open(path)
        let size = try file.status().size
        switch self {
        case .atuin: return try TableHistory(path, .atuin)
        case .histdb: return try TableHistory(path, .histdb)
        case .hishtory: return try TableHistory(path, .hishtory)
        case .nushell: return try TableHistory(path, .nushell)
        case .xonsh: return try TableHistory(path, .xonsh)
        case .xonshJSON: return try XonshHistory(path)
        case .resh: return ReshHistory(LineReader(file, size: size))
        case .zsh: return ZshHistory(LineReader(file, size: size))
        case .bash: return BashHistory(LineReader(file, size: size))
        case .fish: return FishHistory(LineReader(file, size: size))
        case .junit: return JUnitReport(MarkupReader(file, size: size))
        }
    }
}

/// Reads the entries of a history one after the other, in bounded memory.
protocol HistoryReader {
    /// Reads the next entry; returns nil after the last entry.
    /// - Parameter entry: is set to the entry that was read if the result is `HistoryItem.entry`.
    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem?

    /// The share of the history that was read, from 0 to 1.
    var progress: Double { get }

    /// Throws if the entries may be wrong because the source changed during the read.
    func finish() throws
}

extension HistoryReader {
    func finish() throws {}
}

/// An entry as its source contains it. It exists in memory only.
struct HistoryEntry {
    var line: [UInt8] = []
    var facts = HistoryLine(time: 0)
}

/// An entry that a reader found, or the reason why an entry is skipped.
enum HistoryItem: Equatable {
    case entry
    case skipped(HistorySkip)
}

/// The reason why an entry is not imported. The raw values are a part of the JSON format.
package enum HistorySkip: String, CaseIterable, Sendable {
    /// The entry has no time, or a time that a program invented for many entries at once.
    case undated
    /// The time is before 2000, or more than a day in the future.
    case wrongTime = "wrong_time"
    /// The entry is longer than `Limits.historyEntryBytes`, or a document of `xonshJSON` is longer than
    /// `Limits.historyDocumentBytes`.
    case tooLong = "too_long"
    /// The entry does not have the format of its source.
    case broken
    /// The entry runs no command: it is empty, a comment, an assignment or a function definition.
    case noCommand = "no_command"
    /// The user's settings ignore the command.
    case ignored
    /// The entry is from a day whose rows retention has removed.
    case expired
    /// Nexus recorded the run, or the entry is later than the time at which the hook began to record this shell.
    case recorded
    /// The entry was imported from this source before.
    case known
    /// The same run was imported from another source. In a plan, the import of another source would store it first.
    case elsewhere

    /// The reason, as the end of a line such as `3 skipped: without a time`.
    package var text: String {
        switch self {
        case .undated: "without a time"
        case .wrongTime: "with a time before 2000 or in the future"
        case .tooLong: "longer than \(Limits.historyEntryBytes / 1024) KiB"
        case .broken: "in an unknown format"
        case .noCommand: "without a command"
        case .ignored: "that the settings ignore ('nexus config')"
        case .expired: "older than the retention of rows ('nexus telemetry retain')"
        case .recorded: "recorded, or later than the start of recording in this shell"
        case .known: "imported before"
        case .elsewhere: "covered by another history"
        }
    }
}
