/// What the person has decided, as it stands in `settings.json` of the data folder:
///
///     {
///       "recording": "on",          "on" or "off"; absent: on
///       "retention_days": 90,       1 to 36500, or null; absent: rows are kept for ever
///       "destinations": {           where `nexus sync` may send to, by name; absent: nowhere
///         "backup": "file:///mnt/backup"
///       }
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

    /// Nothing was decided.
    package init() {}

    /// The longest time to keep rows that can be asked for, in days: a century.
    package static let retentionDaysRange = 1...36_500

    private enum Key {
        static let recording = "recording"
        static let retention = "retention_days"
        static let destinations = "destinations"
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
            default: break
            }
        }
    }

    private static let retentionFlaw = SettingsError.Flaw("retention_days must be a whole number from 1 to 36500")
    private static let destinationsFlaw = SettingsError.Flaw("destinations must be an object of texts")

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

    /// The content of the file.
    var text: String { JSONValue.object(members).text(.settings) + "\n" }

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
