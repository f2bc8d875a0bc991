package import Core
import SystemSupport

/// The destinations of aggregates, from `aggregates.json` of the data folder:
///
///     {
///       "destinations": {
///         "company": {
///           "allowed": "command make\n",       names that may leave; if it is missing, all names may leave
///           "id": "6f…",                       random id of the destination (`AggregateDestination.source`)
///           "installation": "0c…",             installation that uses `id`; missing until a run records it
///           "state": "withdrawing",            missing for the state `sending`
///           "url": "clickhouse://db:8123/nexus"
///         }
///       },
///       "schema": 1
///     }
///
/// The destinations are not in `settings.json`, because every recorder reads that file and no recorder needs them. A
/// changed list of names changes the lines of days, so these days are sent again.
package struct AggregateSettings: Equatable, Sendable {
    package enum State: String, Sendable {
        case sending
        /// The next run replaces every day at the destination by an empty day, and sends no figures. A purge of
        /// everything sets this state.
        case withdrawing
    }

    /// The settings of a destination.
    package struct Entry: Equatable, Sendable {
        /// The destination's identity (see `Destination`).
        package let url: String
        /// The random id of the destination.
        package let source: String
        /// The id of the installation that uses `source`; nil until a run records the installation.
        package var installation: String?
        /// The names that may leave; nil allows all names.
        package var allowed: AllowedNames?
        package var state = State.sending

        package init(url: String, source: String, installation: String?, allowed: AllowedNames?) {
            self.url = url
            self.source = source
            self.installation = installation
            self.allowed = allowed
        }

        /// The destination that days are sent to.
        package var destination: AggregateDestination {
            get throws(SyncError) { AggregateDestination(try Destination(url), source: source, allowed: allowed) }
        }
    }

    /// The destinations by their names.
    package var entries: [String: Entry] = [:]

    package init() {}

    private static let schema = 1

    /// Reads the content of the file. Throws a `Problem` when the content is invalid.
    fileprivate init(_ bytes: [UInt8]) throws(Problem) {
        guard case .object(let members)? = JSONValue(bytes) else { throw Problem("it is not a JSON object") }
        guard members.first(where: { $0.key == "schema" })?.value == JSONValue.integer(Self.schema) else {
            throw Problem("another version of nexus has written it")
        }
        guard case .object(let destinations)? = members.first(where: { $0.key == "destinations" })?.value else {
            throw Problem("it has no destinations")
        }
        for member in destinations {
            guard case .object(let values) = member.value else { throw Problem("a destination is not a JSON object") }
            entries[member.key] = try Self.entry(values)
        }
    }

    private static func entry(_ members: [JSONValue.Member]) throws(Problem) -> Entry {
        var texts: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else {
                throw Problem("a value of a destination is not a string")
            }
            texts[member.key] = text
        }
        guard let url = texts["url"], let source = texts["id"], isID(source) else {
            throw Problem("a destination has no URL or no id")
        }
        guard let state = State(rawValue: texts["state"] ?? State.sending.rawValue) else {
            throw Problem("the state of a destination is unknown")
        }
        var entry = Entry(url: url, source: source, installation: texts["installation"], allowed: nil)
        entry.state = state
        if let text = texts["allowed"] {
            do { entry.allowed = try AllowedNames(text) } catch {
                throw Problem("a list of allowed names has an invalid line")
            }
        }
        return entry
    }

    private static func isID(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// The text of the file.
    fileprivate var text: String {
        let destinations = entries.sorted { $0.key < $1.key }.map { name, entry in
            let value: JSONValue = [
                "allowed": .string(entry.allowed?.text), "id": .string(entry.source),
                "installation": .string(entry.installation),
                "state": entry.state == .sending ? .null : .string(entry.state.rawValue), "url": .string(entry.url),
            ]
            return JSONValue.Member(name, value.withoutNulls)
        }
        let value: JSONValue = ["destinations": .object(destinations), "schema": .integer(Self.schema)]
        return value.document
    }

    /// The problem with the content. Its text is the end of a sentence that names the file.
    struct Problem: Error {
        let text: String

        init(_ text: String) {
            self.text = text
        }
    }
}

/// The file `aggregates.json` of a data folder. It is replaced as a whole, and only its owner can read it.
package struct AggregateSettingsFile: Sendable {
    private let data: DataFolder
    private let file: SmallFile

    package init(_ data: DataFolder) {
        self.data = data
        file = SmallFile(DataFolder.aggregatesName, in: data, limit: Limits.aggregateSettingsBytes)
    }

    /// Reads the file. A missing file gives settings without destinations.
    package func load() throws -> AggregateSettings {
        guard let content = try file.read() else { return AggregateSettings() }
        guard content.isTrusted else { throw problem("it belongs to another user, or others may write to it") }
        guard content.bytes.count <= Limits.aggregateSettingsBytes else { throw problem(Self.tooLong) }
        do { return try AggregateSettings(content.bytes) } catch { throw problem(error.text) }
    }

    private static let tooLong = "it is longer than \(Limits.aggregateSettingsBytes) bytes"

    private func problem(_ reason: String) -> SyncError {
        .badAggregateSettings(path: file.path, reason: reason)
    }

    /// Reads the file, changes the settings and writes the file, under the lock of the data folder. Writes nothing when
    /// `change` changes nothing.
    package func update(_ change: (inout AggregateSettings) throws -> Void) throws {
        let lock = try data.lock()
        defer { lock.unlock() }
        let before = try load()
        var settings = before
        try change(&settings)
        guard settings != before else { return }
        let text = settings.text
        guard text.utf8.count <= Limits.aggregateSettingsBytes else {
            throw SyncError.badNames("the lists of all destinations together are too long; remove a destination")
        }
        try file.replace(with: text)
    }

    /// Sets the state of every destination to `withdrawing`, and removes the lists of names and the installation ids. A
    /// purge of everything calls this before it removes events. The URLs and random ids remain, because a withdrawal
    /// needs them. The next run records the installation id that the purge creates.
    package func withdrawAll() throws {
        guard !(try load().entries.isEmpty) else { return }
        try update { settings in
            for name in settings.entries.keys {
                settings.entries[name]?.state = .withdrawing
                settings.entries[name]?.allowed = nil
                settings.entries[name]?.installation = nil
            }
        }
    }

    /// Replaces the installation id `old` with `new` in all destinations. `nexus telemetry rekey` calls this after it
    /// has renewed the id.
    package func follow(from old: String?, to new: String?) throws {
        guard let old, let new, old != new, !(try load().entries.isEmpty) else { return }
        try update { settings in
            for (name, entry) in settings.entries where entry.installation == old {
                settings.entries[name]?.installation = new
            }
        }
    }
}
