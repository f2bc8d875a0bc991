import Core
import SystemSupport

/// The JSON keys of an event that describe a shell line. Their values are not stored. They only determine the event's
/// type, name and outcome, and whether its duration and its workspace are kept.
package enum ShellKey: String, CaseIterable, Sendable {
    /// The line that was typed or run.
    case line = "shell_line"
    /// The shell that the line was typed into: `bash`, `zsh` or `fish`. With any other text the line is parsed like a
    /// line of bash.
    case shell
    /// The index, from 0, of the described command among the complete commands of the line.
    case part = "shell_part"
    /// The status of the line, 0 to 255.
    case status = "exit_status"
    /// The statuses of the line's last pipeline, an array.
    case pipeStatus = "pipe_status"
    /// Whether the shell is in another folder than before the line.
    case folderChanged = "folder_changed"
    /// Whether the workspace is the git repository, because the user named no workspace. The setting `git_workspace`
    /// decides whether such a workspace is kept.
    case gitRoot = "git_root"

    init?(_ key: Span<UInt8>) {
        guard let found = Self.allCases.first(where: { key.equals($0.rawValue.utf8.span) }) else { return nil }
        self = found
    }
}

/// The values of an event that describe a shell line. The text of the line is in the bytes of the parsed event or in
/// bytes of the caller.
package struct ShellFields: Sendable {
    /// The range of the line's text; nil if there is no line.
    var line: Range<Int>?
    var shell = ShellDialect.bash
    var part: Int?
    var status: Int?
    var pipeStatus: [Int] = []
    var folderChanged: Bool?
    var isGitRoot = false
    private var seen: UInt8 = 0

    var isEmpty: Bool { seen == 0 }

    package init() {}

    /// Marks a key as seen; returns false if it was marked before.
    mutating func markSeen(_ key: ShellKey) -> Bool {
        let bit: UInt8 = 1 << UInt8(ShellKey.allCases.firstIndex(of: key) ?? 0)
        defer { seen |= bit }
        return seen & bit == 0
    }

    /// Sets the shell by its name. A path to the shell and a login shell's `-bash` are accepted too.
    mutating func setShell(_ name: Span<UInt8>) {
        let names = ShellDialect.allCases.filter { name.hasSuffix($0.rawValue.utf8.span) }
        shell = names.first ?? .bash
    }
}

extension ParsedEvent {
    /// Sets a shell line that the parsed event keeps.
    package mutating func setShellLine(_ line: some Collection<UInt8>, shell: String = "bash") {
        let start = text.count
        appendText(line)
        _ = self.shell.markSeen(.line)
        self.shell.line = start..<text.count
        self.shell.setShell(shell.utf8.span)
    }

    /// Sets the result of the shell line.
    package mutating func setShellResult(status: Int?, pipeStatus: [Int], folderChanged: Bool?) {
        _ = shell.markSeen(.status)
        shell.status = status
        shell.pipeStatus = pipeStatus
        shell.folderChanged = folderChanged
    }

    /// Returns the event that the shell line describes, by the rules of the user's settings. Nil if the parsed event
    /// has no shell line. Also nil if the parsed event has a command, which then names the event.
    ///
    /// - Throws: a rejection if the line runs no command, or if its command was stopped and has not ended.
    func resolvingShellLine(in text: Span<UInt8>, _ naming: NamingSettings) throws(Rejection) -> ParsedEvent? {
        guard let range = shell.line, place(.command) == nil else { return nil }
        var bytes: [UInt8] = []
        bytes.append(text.extracting(range))
        let line = ShellLine(bytes, shell: shell.shell, part: shell.part, naming: naming)
        let result = ShellResult(
            status: shell.status, pipeStatus: shell.pipeStatus, success: success, durationMS: durationMS,
            folderChanged: shell.folderChanged)
        guard let event = line.event(result) else { throw Rejection(.noCommand) }
        return resolved(event, text, keepsWorkspace: naming.usesGitWorkspace || !shell.isGitRoot)
    }

    private func resolved(_ event: ShellEvent, _ text: Span<UInt8>, keepsWorkspace: Bool) -> ParsedEvent {
        var parsed = ParsedEvent()
        func copy(_ field: EventField) {
            guard let range = place(field) else { return }
            let start = parsed.text.count
            var bytes: [UInt8] = []
            bytes.append(text.extracting(range))
            parsed.appendText(bytes)
            parsed.setPlace(start..<parsed.text.count, of: field)
        }
        for field in [EventField.timestamp, .sessionID, .task, .taskHash, .templateUsed] { copy(field) }
        if keepsWorkspace {
            copy(.workspace)
            copy(.workspaceHash)
        }
        if let range = place(.eventType), EventType(text.extracting(range))?.isCommand != true {
            copy(.eventType)
        } else {
            parsed.set(.eventType, event.type.rawValue)
        }
        if !event.command.isEmpty { parsed.set(.command, event.command) }
        parsed.success = event.success
        if let category = event.errorCategory {
            parsed.set(.errorCategory, category)
        } else if event.success == false {
            copy(.errorCategory)
        }
        if let timestamp { parsed.set(.timestamp, timestamp) }
        if let durationMS, durationMS <= Limits.durationMilliseconds { parsed.elapsedMS = durationMS }
        if let durationMS, event.keepsDuration { parsed.set(.durationMS, durationMS) }
        if let servicesCount { parsed.set(.servicesCount, servicesCount) }
        if let portsUsed { parsed.set(.portsUsed, portsUsed) }
        parsed.unknownKeys = unknownKeys
        return parsed
    }
}

extension Span<UInt8> {
    fileprivate func hasSuffix(_ suffix: Span<UInt8>) -> Bool {
        count >= suffix.count && extracting(count - suffix.count..<count).equals(suffix)
    }
}

extension ParsedEvent {
    /// Sets a shell line that is in the caller's bytes.
    package mutating func setShellLine(at range: Range<Int>, shell: String) {
        _ = self.shell.markSeen(.line)
        self.shell.line = range
        self.shell.setShell(shell.utf8.span)
    }
}
