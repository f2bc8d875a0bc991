/// The user's settings, from `settings.json` of the data folder:
///
///     {
///       "recording": "on",          "on" or "off"; absent: on
///       "retention_days": 90,       1 to 36500, or null; absent: rows are kept forever
///       "destinations": {           where `nexus sync` may send to, by name; absent: nowhere
///         "backup": "file:///mnt/backup"
///       },
///       "git_workspace": "on",      "on" or "off": whether a git repository names the workspace; absent: on
///       "ignore": ["git status"],   names of commands that are not recorded; absent: none
///       "subcommands": ["mytool"],  programs whose subcommand is kept, in addition to the built-in ones
///       "interactive": ["mytui"],   commands whose duration is not kept, in addition to the built-in ones
///       "name_folders": ["/src"]    folders whose names reports may show in place of hashes; absent: none
///     }
///
/// A missing file is the same as an empty object. A key that this version does not know may belong to a later version.
/// Therefore such keys are kept when the file is rewritten.
package struct Settings: Equatable, Sendable {
    private var members: [JSONValue.Member] = []

    /// Whether the settings switch recording on. `RecordingPolicy` may still switch it off.
    package private(set) var isRecordingOn = true
    /// Days for which rows are kept; nil: forever.
    package private(set) var retentionDays: Int?

    /// The URLs of the destinations by name, computed from `members` at each access. Every recorder reads the settings,
    /// but no recorder needs destinations. If the dictionary were stored, the runtime would have to build its type in
    /// every recorder. That takes longer than the check of the settings.
    package var destinations: [String: String] {
        guard case .object(let urls)? = members.first(where: { $0.key == Key.destinations })?.value else { return [:] }
        var destinations: [String: String] = [:]
        for url in urls {
            if case .string(let text) = url.value { destinations[url.key] = text }
        }
        return destinations
    }

    /// Returns the entries of a list; an empty array for any other setting.
    package func list(_ name: SettingName) -> [String] {
        guard name.isList, case .array(let values)? = members.first(where: { $0.key == name.key })?.value else {
            return []
        }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The user's additions to the naming rules. Like `destinations`, they are computed from `members` at each access.
    package var naming: NamingSettings {
        var naming = NamingSettings()
        for member in members {
            switch (member.key, member.value) {
            case (Key.ignore, _): naming.ignore = list(.ignore)
            case (Key.subcommands, _): naming.subcommands = list(.subcommands)
            case (Key.interactive, _): naming.interactive = list(.interactive)
            case (Key.gitWorkspace, .string("off")): naming.usesGitWorkspace = false
            default: break
            }
        }
        return naming
    }

    /// Whether the file has a value for the setting.
    package func has(_ name: SettingName) -> Bool { members.contains { $0.key == name.key } }

    /// Folders whose names the user's own reports may show in place of workspace hashes. A report shows the name of
    /// such a folder, or of a folder directly in it, if the name has that hash.
    package var nameFolders: [String] { list(.nameFolders) }

    /// The default settings.
    package init() {}

    /// The range of days for which rows can be kept: up to a century.
    package static let retentionDaysRange = 1...36_500

    private enum Key {
        static let recording = "recording"
        static let retention = "retention_days"
        static let destinations = "destinations"
        static let gitWorkspace = "git_workspace"
        static let ignore = "ignore"
        static let subcommands = "subcommands"
        static let interactive = "interactive"
        static let nameFolders = "name_folders"
    }

    /// Reads the content of the file. Throws the problem if the content is invalid.
    init(_ bytes: [UInt8]) throws(SettingsError.Problem) {
        guard case .object(let members)? = JSONValue(bytes) else { throw .init("it is not a JSON object") }
        self.members = members
        for member in members {
            switch (member.key, member.value) {
            case (Key.recording, .string("on")): isRecordingOn = true
            case (Key.recording, .string("off")): isRecordingOn = false
            case (Key.recording, _): throw .init("recording must be \"on\" or \"off\"")
            case (Key.retention, .null): retentionDays = nil
            case (Key.retention, .number(let digits)):
                guard let days = Int(digits), Self.retentionDaysRange.contains(days) else {
                    throw Self.retentionProblem
                }
                retentionDays = days
            case (Key.retention, _): throw Self.retentionProblem
            case (Key.destinations, .object(let urls)):
                for url in urls {
                    guard case .string = url.value else { throw Self.destinationsProblem }
                }
            case (Key.destinations, _): throw Self.destinationsProblem
            case (Key.gitWorkspace, .string("on")), (Key.gitWorkspace, .string("off")): break
            case (Key.gitWorkspace, _): throw .init("git_workspace must be \"on\" or \"off\"")
            case (Key.nameFolders, .array(let folders)):
                for folder in folders {
                    guard case .string(let path) = folder, SettingName.nameFolders.accepts(entry: path) else {
                        throw Self.nameFoldersProblem
                    }
                }
            case (Key.nameFolders, _): throw Self.nameFoldersProblem
            case (Key.ignore, let list), (Key.subcommands, let list), (Key.interactive, let list):
                guard case .array(let values) = list else { throw Self.listProblem(member.key) }
                for value in values {
                    guard case .string = value else { throw Self.listProblem(member.key) }
                }
            default: break
            }
        }
    }

    private static let retentionProblem = SettingsError.Problem("retention_days must be a whole number from 1 to 36500")
    private static let destinationsProblem = SettingsError.Problem("destinations must be an object of names and URLs")

    private static let nameFoldersProblem = SettingsError.Problem(
        "name_folders must be a list of folders, each an absolute path or one below ~")

    private static func listProblem(_ key: String) -> SettingsError.Problem {
        .init("\(key) must be an array of strings")
    }

    /// Sets the entries of a list. Each entry must be accepted by `accepts(entry:)`. An empty array removes the list.
    package mutating func set(_ name: SettingName, list: [String]) {
        precondition(name.isList)
        set(name.key, list.isEmpty ? nil : .array(list.map(JSONValue.string)))
    }

    /// Sets whether a line without a workspace gets its workspace from the git repository in which it runs.
    package mutating func set(gitWorkspace: Bool) {
        set(Key.gitWorkspace, .string(gitWorkspace ? "on" : "off"))
    }

    /// Removes the value of a setting, which restores its default.
    package mutating func unset(_ name: SettingName) {
        set(name.key, nil)
        switch name {
        case .recording: isRecordingOn = true
        case .retentionDays: retentionDays = nil
        case .destinations, .gitWorkspace, .ignore, .subcommands, .interactive, .nameFolders: break
        }
    }

    /// Sets whether the settings switch recording on.
    package mutating func set(recording: Bool) {
        isRecordingOn = recording
        set(Key.recording, .string(recording ? "on" : "off"))
    }

    /// Sets the days for which rows are kept, in `retentionDaysRange`; nil: forever.
    package mutating func set(retentionDays days: Int?) {
        precondition(days.map(Self.retentionDaysRange.contains) ?? true)
        retentionDays = days
        set(Key.retention, days.map { .number(String($0)) })
    }

    /// Sets the URL of the destination `name`; nil removes the destination.
    package mutating func set(destination name: String, url: String?) {
        var destinations = destinations
        destinations[name] = url
        let urls = destinations.sorted { $0.key < $1.key }.map {
            JSONValue.Member($0.key, .string($0.value))
        }
        set(Key.destinations, urls.isEmpty ? nil : .object(urls))
    }

    /// The content of the file.
    package var text: String { JSONValue.object(members).text(.settings) + "\n" }

    private mutating func set(_ key: String, _ value: JSONValue?) {
        let index = members.firstIndex { $0.key == key }
        switch (index, value) {
        case (let index?, let value?): members[index].value = value
        case (let index?, nil): members.remove(at: index)
        case (nil, let value?): members.append(.init(key, value))
        case (nil, nil): break
        }
    }
}
