import SystemSupport

/// The settings as `nexus config` names them.
package enum SettingName: String, CaseIterable, Sendable {
    case recording
    case retentionDays = "retention-days"
    case destinations
    case gitWorkspace = "git-workspace"
    case ignore, subcommands, interactive
    case nameFolders = "name-folders"

    /// The key in `settings.json`.
    var key: String {
        switch self {
        case .retentionDays: "retention_days"
        case .gitWorkspace: "git_workspace"
        case .nameFolders: "name_folders"
        case .recording, .destinations, .ignore, .subcommands, .interactive: rawValue
        }
    }

    /// Whether the setting is a list of texts that the user edits.
    package var isList: Bool {
        switch self {
        case .ignore, .subcommands, .interactive, .nameFolders: true
        case .recording, .retentionDays, .destinations, .gitWorkspace: false
        }
    }

    /// The value of an unset setting.
    package var defaultText: String {
        switch self {
        case .recording, .gitWorkspace: "on"
        case .retentionDays: "forever"
        case .destinations, .ignore, .nameFolders: "none"
        case .subcommands, .interactive: "the built-in list"
        }
    }

    /// A noun phrase for tables and help.
    package var summary: String {
        switch self {
        case .recording: "whether events are recorded"
        case .retentionDays: "days for which rows are kept"
        case .destinations: "places that 'nexus sync' sends to"
        case .gitWorkspace: "whether a git repository names the workspace of a line"
        case .ignore: "commands that are not recorded"
        case .subcommands: "programs whose subcommand is kept, in addition to the built-in ones"
        case .interactive: "commands whose duration is not kept, in addition to the built-in ones"
        case .nameFolders: "folders whose names reports may show for hashes"
        }
    }

    /// The accepted values, for messages.
    package var expected: String {
        switch self {
        case .recording, .gitWorkspace: "on or off"
        case .retentionDays: "a number of days from 1 to \(Settings.retentionDaysRange.upperBound)"
        case .destinations: "names with URLs"
        case .ignore, .interactive: "the first words of a command's name, 'git status' for example"
        case .subcommands: "the name of a program"
        case .nameFolders: "an absolute path, or one below ~"
        }
    }

    /// Returns whether `text` can be an entry of this list; false for a setting that is not a list.
    package func accepts(entry text: String) -> Bool {
        switch self {
        case .ignore, .interactive:
            let words = text.split(separator: " ", omittingEmptySubsequences: false)
            return (1...Limits.commandWords).contains(words.count) && words.allSatisfy(Self.isWord)
        case .subcommands: return Self.isWord(text[...])
        case .nameFolders:
            let isPlace = text.hasPrefix("/") || text == "~" || text.hasPrefix("~/")
            return isPlace && text.utf8.count <= Limits.nameBytes && !text.utf8.contains(0)
        case .recording, .retentionDays, .destinations, .gitWorkspace: return false
        }
    }

    /// Whether a text can be a word of a stored command.
    private static func isWord(_ text: Substring) -> Bool {
        guard (1...Limits.commandWordBytes).contains(text.utf8.count) else { return false }
        if text == ":" { return true }
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        return isLetterOrDigit(text.utf8.first ?? 0)
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "._:-".utf8.contains($0) }
    }
}

/// The current state of one setting, as text for `nexus config`.
package struct SettingState: Equatable, Sendable {
    package let name: SettingName
    /// The value, or the entries of a list. For `destinations`, each element is a name and its URL.
    package let values: [String]
    /// Whether the file has a value; false for a default.
    package let isSet: Bool

    /// The value as one text; the default if the setting has no value.
    package var text: String { values.isEmpty ? name.defaultText : values.joined(separator: ", ") }
}

extension Settings {
    /// The current state of every setting, in the order of printing.
    package var states: [SettingState] {
        SettingName.allCases.map { SettingState(name: $0, values: values(of: $0), isSet: has($0)) }
    }

    private func values(of name: SettingName) -> [String] {
        switch name {
        case .recording: [isRecordingOn ? "on" : "off"]
        case .gitWorkspace: [naming.usesGitWorkspace ? "on" : "off"]
        case .retentionDays: retentionDays.map { [String($0)] } ?? []
        case .destinations: destinations.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        case .ignore, .subcommands, .interactive, .nameFolders: list(name)
        }
    }
}
