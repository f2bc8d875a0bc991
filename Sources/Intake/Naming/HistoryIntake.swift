package import Core
package import SystemSupport

/// The facts about one line of a history, except its text. `HistoryIntake` creates an event from these facts and the
/// text.
package struct HistoryLine: Sendable {
    /// The start of the run, in milliseconds since 1970.
    package var time: Int64
    package var durationMS: Int64?
    /// The exit code.
    package var status: Int?
    /// The shell of the line, if it differs from the shell of the source.
    package var shell: ShellDialect?
    /// Whether the line is the name of a completed task and not a command. Only the keyed hash of a task's name is
    /// kept.
    package var isTask = false

    package init(time: Int64, durationMS: Int64? = nil, status: Int? = nil) {
        self.time = time
        self.durationMS = durationMS
        self.status = status
    }
}

/// Creates events from the lines of a shell's history, by the same rules as for lines from a hook (`ShellLine`,
/// `EventIntake`).
///
/// A history does not record whether the shell found the command. If the shell did not find it, the line may be a
/// password. So a name is kept only if its program is in the lists of `CommandRules`, is a builtin, or is in PATH.
/// Other events have no name.
package struct HistoryIntake: Sendable {
    private var intake: EventIntake
    private let naming: NamingSettings
    private let shell: ShellDialect
    private var programs: ProgramSearch
    /// The cached lines of each shell, in the order of `ShellDialect.allCases`.
    private var remembered = ShellDialect.allCases.map { _ in RememberedLines() }
    private var parsed = ParsedEvent()

    /// - Parameters:
    ///   - key: hashes the names of tasks; nil for a source of shell lines, because such a source has no task names.
    ///   - session: the session of all events.
    ///   - path: the value of PATH.
    package init(
        key: HashKey? = nil, session: String, shell: ShellDialect, naming: NamingSettings, path: String?,
        clock: any WallClock = SystemClock()
    ) {
        intake = EventIntake(key: key, session: session, naming: naming, clock: clock)
        self.naming = naming
        self.shell = shell
        programs = ProgramSearch(path: path)
    }

    /// Creates the event of a line and passes the encoded event to `use`.
    package mutating func accept(
        _ bytes: [UInt8], _ line: HistoryLine, use: (Span<UInt8>) -> Void
    ) throws(Rejection) {
        parsed.reset(keepsText: true)
        parsed.set(.timestamp, line.time)
        if line.isTask { setTask(bytes, line) } else { try setCommand(bytes, line) }
        try intake.accept(parsed, use: use)
    }

    /// Returns the first word of the name of a line's command, even if the event will not keep the name. Empty if the
    /// command has no name.
    package mutating func program(of bytes: [UInt8], _ line: HistoryLine) -> String {
        let name = meaning(of: bytes, shell: line.shell ?? shell).line.command.name
        return String(name.prefix { $0 != " " })
    }

    private mutating func setTask(_ name: [UInt8], _ line: HistoryLine) {
        parsed.set(.eventType, EventType.taskCompleted.rawValue)
        parsed.set(.task, String(decoding: name, as: UTF8.self))
        parsed.success = line.status.map { $0 == 0 }
        if let durationMS = line.durationMS { parsed.set(.durationMS, durationMS) }
    }

    private mutating func setCommand(_ bytes: [UInt8], _ line: HistoryLine) throws(Rejection) {
        let meaning = meaning(of: bytes, shell: line.shell ?? shell)
        guard let event = meaning.line.event(ShellResult(status: line.status, durationMS: line.durationMS)) else {
            throw Rejection(.noCommand)
        }
        parsed.set(.eventType, event.type.rawValue)
        if !event.command.isEmpty, meaning.isKnown { parsed.set(.command, event.command) }
        parsed.success = event.success
        if let category = event.errorCategory { parsed.set(.errorCategory, category) }
        if let durationMS = line.durationMS, event.keepsDuration { parsed.set(.durationMS, durationMS) }
    }

    private mutating func meaning(of bytes: [UInt8], shell: ShellDialect) -> RememberedLines.Meaning {
        let index = ShellDialect.allCases.firstIndex(of: shell) ?? 0
        if let meaning = remembered[index].meaning(of: bytes.span) { return meaning }
        let line = ShellLine(bytes, shell: shell, naming: naming)
        let meaning = RememberedLines.Meaning(line: line, isKnown: isKnown(line.command))
        remembered[index].add(bytes.span, meaning)
        return meaning
    }

    private mutating func isKnown(_ command: NamedCommand) -> Bool {
        command.isListed || CommandRules.builtins.contains(command.program) || programs.contains(command.program)
    }
}

/// Caches the meaning of lines, so that a repeated line of a history is parsed once. The cache contains raw lines.
/// Therefore it is bounded, in memory only, and destroyed after an import.
struct RememberedLines: Sendable {
    /// The meaning of a line, by the naming rules and PATH of the import.
    struct Meaning: Sendable {
        let line: ShellLine
        /// Whether the name is kept.
        let isKnown: Bool
    }

    private var table = ByteKeyTable()
    private var meanings: [Meaning] = []

    mutating func meaning(of line: Span<UInt8>) -> Meaning? { table.index(ofKnown: line).map { meanings[$0] } }

    /// Adds a line that is not cached. A long line is left out, because it is rarely repeated.
    mutating func add(_ line: Span<UInt8>, _ meaning: Meaning) {
        guard line.count <= Limits.rememberedLineBytes else { return }
        if table.count >= Limits.rememberedNames || table.byteCount >= Limits.rememberedTextBytes {
            table.removeAll()
            meanings.removeAll(keepingCapacity: true)
        }
        _ = table.index(of: line)
        meanings.append(meaning)
    }
}

/// Checks which programs are in the folders of PATH, and caches the results.
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
    /// Shell builtins, in addition to the builtins in other lists of `CommandRules`. The event of a history's line
    /// keeps its name if the program is one of these builtins.
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
