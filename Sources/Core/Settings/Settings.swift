/// What the person has decided, as it stands in `settings.json` of the data folder:
///
///     {
///       "recording": "on",          "on" or "off"; absent: on
///       "retention_days": 90,       1 to 36500, or null; absent: rows are kept for ever
///       "destinations": {           where `nexus sync` may send to, by name; absent: nowhere
///         "backup": "file:///mnt/backup"
///       },
///       "name_folders": ["~/src"]   folders whose names explain hashes of workspaces in your reports; absent: none
///     }
///
/// No file is the same as one with nothing in it. Keys that this version does not know are a later version's, and are
/// kept when the file is rewritten.
package struct Settings: Equatable, Sendable {
    private var members: [JSONValue.Member] = []

    /// The user's preference; `RecordingPolicy` may allow less.
    package private(set) var isRecordingOn = true
    /// For how many days rows are kept; nil: for ever.
    package private(set) var retentionDays: Int?

    /// URLs by name. Not kept a second time beside `members`: every recorder looks at the settings, none wants this, and the
    /// type of a dictionary, which is made when the program runs, would cost it more than the look.
    package var destinations: [String: String] {
        guard case .object(let urls)? = members.first(where: { $0.key == Key.destinations })?.value else { return [:] }
        var destinations: [String: String] = [:]
        for url in urls {
            if case .string(let text) = url.value { destinations[url.key] = text }
        }
        return destinations
    }

    /// Folders whose names, and those of the folders in them, explain hashes of workspaces in the user's own reports. Not kept a
    /// second time, as `destinations` is not.
    package var nameFolders: [String] {
        guard case .array(let folders)? = members.first(where: { $0.key == Key.nameFolders })?.value else { return [] }
        return folders.compactMap { if case .string(let folder) = $0 { folder } else { nil } }
    }

    /// Nothing was decided.
    package init() {}

    /// The longest time to keep rows that can be asked for, in days: a century.
    package static let retentionDaysRange = 1...36_500

    private enum Key {
        static let recording = "recording"
        static let retention = "retention_days"
        static let destinations = "destinations"
        static let nameFolders = "name_folders"
    }

    /// Reads the content of the file; throws what is wrong with it, as the end of a sentence.
    init(_ bytes: [UInt8]) throws(SettingsError.Flaw) {
        guard case .object(let members)? = JSONValue(bytes) else { throw .init("it is not a JSON object") }
        self.members = members
        for member in members {
            switch (member.key, member.value) {
            case (Key.recording, .string("on")): isRecordingOn = true
            case (Key.recording, .string("off")): isRecordingOn = false
            case (Key.recording, _): throw .init("recording must be \"on\" or \"off\"")
            case (Key.retention, .null): retentionDays = nil
            case (Key.retention, .number(let digits)):
                guard let days = Int(digits), Self.retentionDaysRange.contains(days) else { throw Self.retentionFlaw }
                retentionDays = days
            case (Key.retention, _): throw Self.retentionFlaw
            case (Key.destinations, .object(let urls)):
                for url in urls {
                    guard case .string = url.value else { throw Self.destinationsFlaw }
                }
            case (Key.destinations, _): throw Self.destinationsFlaw
            case (Key.nameFolders, .array(let folders)):
                for folder in folders {
                    guard case .string(let path) = folder, path.utf8.first == 0x2F || path.utf8.first == 0x7E else {
                        throw Self.nameFoldersFlaw
                    }
                }
            case (Key.nameFolders, _): throw Self.nameFoldersFlaw
            default: break
            }
        }
    }

    private static let retentionFlaw = SettingsError.Flaw("retention_days must be a whole number from 1 to 36500")
    private static let destinationsFlaw = SettingsError.Flaw("destinations must be an object of texts")

    private static let nameFoldersFlaw = SettingsError.Flaw(
        "name_folders must be a list of folders, each an absolute path or one below ~")

    /// Sets the preference.
    package mutating func set(recording: Bool) {
        isRecordingOn = recording
        set(Key.recording, .string(recording ? "on" : "off"))
    }

    /// Sets for how many days rows are kept, of `retentionDaysRange`; nil: for ever.
    package mutating func set(retentionDays days: Int?) {
        precondition(days.map(Self.retentionDaysRange.contains) ?? true)
        retentionDays = days
        set(Key.retention, days.map { .number(String($0)) })
    }

    /// Sets where a name of a destination leads; nil takes the name away.
    package mutating func set(destination name: String, url: String?) {
        var destinations = destinations
        destinations[name] = url
        let urls = destinations.sorted { $0.key < $1.key }.map {
            JSONValue.Member($0.key, .string($0.value))
        }
        set(Key.destinations, urls.isEmpty ? nil : .object(urls))
    }

    /// Sets the folders whose names explain hashes of workspaces; an empty list takes the setting away.
    package mutating func set(nameFolders folders: [String]) {
        set(Key.nameFolders, folders.isEmpty ? nil : .strings(folders))
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
