package import Core
package import SystemSupport

/// An entry of a history that an event is made of. Its line stays in memory.
package struct HistoryLine: Sendable {
    /// The start of the run, in milliseconds since 1970.
    package var time: Int64
    package var durationMS: Int64?
    /// The exit code.
    package var status: Int?
    /// The shell of the line, where it is not the source's.
    package var shell: ShellDialect?

    package init(time: Int64, durationMS: Int64? = nil, status: Int? = nil) {
        self.time = time
        self.durationMS = durationMS
        self.status = status
    }
}

/// Makes events of the lines of a shell's history, by the rules that the hook's lines pass (`ShellLine`, `EventIntake`).
///
/// A history does not say whether the shell found the command, and a line that it did not find may be a password. So a name is
/// kept only if its program is in the lists of `CommandRules`, is a builtin, or is in PATH. Other events have no name.
package struct HistoryIntake: Sendable {
    private var intake: EventIntake
    private let naming: NamingSettings
    private let shell: ShellDialect
    private var programs: ProgramSearch

    /// - Parameters:
    ///   - session: the session of all events.
    ///   - path: the value of PATH.
    package init(
        session: String, shell: ShellDialect, naming: NamingSettings, path: String?,
        clock: any WallClock = SystemClock()
    ) {
        // A history names no workspace, so that no key is needed.
        intake = EventIntake(key: nil, session: session, naming: naming, clock: clock)
        self.naming = naming
        self.shell = shell
        programs = ProgramSearch(path: path)
    }

    /// Makes the event of a line and passes it, encoded, to `use`.
    package mutating func accept(
        _ bytes: [UInt8], _ line: HistoryLine, use: (Span<UInt8>) -> Void
    ) throws(Rejection) {
        let shellLine = ShellLine(bytes, shell: line.shell ?? shell, naming: naming)
        guard let event = shellLine.event(ShellResult(status: line.status, durationMS: line.durationMS)) else {
            throw Rejection(.noCommand)
        }
        var parsed = ParsedEvent()
        parsed.set(.timestamp, line.time)
        parsed.set(.eventType, event.type.rawValue)
        if !event.command.isEmpty, isKnown(shellLine.command) { parsed.set(.command, event.command) }
        parsed.success = event.success
        if let category = event.errorCategory { parsed.set(.errorCategory, category) }
        if let durationMS = line.durationMS, event.keepsDuration { parsed.set(.durationMS, durationMS) }
        try intake.accept(parsed, use: use)
    }

    private mutating func isKnown(_ command: NamedCommand) -> Bool {
        command.isListed || CommandRules.builtins.contains(command.program) || programs.contains(command.program)
    }
}

/// Finds out which programs are in the folders of PATH, and remembers the answers.
struct ProgramSearch: Sendable {
    private let folders: [Folder]
    private var found: [String: Bool] = [:]

    init(path: String?) {
        folders = (path ?? "").split(separator: ":").filter { $0.hasPrefix("/") }.map { Folder(String($0)) }
    }

    mutating func contains(_ name: String) -> Bool {
        guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), name != ".", name != ".." else { return false }
        if let answer = found[name] { return answer }
        if found.count >= Limits.rememberedNames { found.removeAll(keepingCapacity: true) }
        let answer = folders.contains { $0.has(name) }
        found[name] = answer
        return answer
    }
}

extension CommandRules {
    /// Commands that shells have built in and no list above names: a history's line keeps its name if it is one of them.
    static let builtins: Set<String> = [
        "abbr", "argparse", "autoload", "bg", "bind", "bindkey", "break", "builtin", "caller", "command", "commandline",
        "compadd", "compdef", "compgen", "complete", "compopt", "contains", "continue", "count", "dirs", "disable",
        "disown", "emit", "emulate", "enable", "eval", "exec", "exit", "false", "fc", "fg", "functions", "getopts",
        "hash", "help", "history", "jobs", "kill", "let", "limit", "logout", "mapfile", "math", "noglob", "path",
        "print", "pwd", "random", "readarray", "rehash", "return", "sched", "set_color", "shift", "shopt", "source",
        "status", "string", "suspend", "test", "time", "times", "trap", "type", "ulimit", "unabbr", "unalias",
        "unfunction", "unhash", "unlimit", "vared", "wait", "whence", "where", "which", "zcompile", "zle", "zmodload",
        "zmv", "zparseopts", "zstyle",
    ]
}
