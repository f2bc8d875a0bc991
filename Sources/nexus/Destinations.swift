import Core
import Sync
import SystemSupport

/// The named destinations. Destinations of rows and destinations of aggregates are in separate files.
struct Destinations {
    /// The result of a search for a destination.
    enum Found {
        case rows(Destination)
        case aggregates(name: String, AggregateSettings.Entry)
    }

    /// The maximum number of names, which is more than any user needs.
    private static let most = 64

    private let file: SettingsFile
    /// The URLs of the destinations of rows, by the name of the destination.
    let rows: [String: String]
    /// The settings of the destinations of aggregates, by the name of the destination.
    let aggregates: [String: AggregateSettings.Entry]

    /// All names, in order.
    private var names: [String] { (Array(rows.keys) + Array(aggregates.keys)).sorted() }

    init(in data: DataFolder) throws {
        file = SettingsFile(data)
        rows = try file.load().destinations
        aggregates = try AggregateSettingsFile(data).load().entries
    }

    /// Returns the destination of a URL or name. If `text` is nil, returns the only named destination.
    func find(_ text: String?) throws -> Found {
        guard let text else {
            guard names.count < 2 else {
                let list = names.map(\.escapedForDisplay).joined(separator: ", ")
                throw CommandFailure("no destination given: several are stored; give --to with one of \(list)", .usage)
            }
            guard let name = names.first else {
                throw CommandFailure(
                    "no destination given: none is stored; give --to with a URL, or add one with 'nexus sync add'",
                    .usage)
            }
            return try named(name)
        }
        guard Destination.isAddress(text) else { return try named(text) }
        let destination = try Destination(text)
        // A user who agreed to aggregates must not send rows by mistake.
        if let name = aggregates.first(where: { $0.value.url == destination.identity })?.key,
            !rows.values.contains(destination.identity)
        {
            throw CommandFailure(
                "nothing was sent: \(destination.identity.escapedForDisplay) gets aggregates under the name '\(name)', and no "
                    + "rows; give --to \(name), or add the URL under another name to send rows", .usage)
        }
        return .rows(destination)
    }

    private func named(_ name: String) throws -> Found {
        if let entry = aggregates[name] { return .aggregates(name: name, entry) }
        guard let url = rows[name] else { throw SyncError.unknownName(name) }
        return .rows(try Destination(url))
    }

    /// Adds a destination of rows.
    func add(_ name: String, _ destination: Destination) throws {
        try requireFree(name, for: destination, rows[name])
        guard aggregates[name] == nil else {
            throw CommandFailure("'\(name)' receives aggregates already: remove it first, or give another name", .usage)
        }
        try file.update { $0.set(destination: name, url: destination.identity) }
    }

    /// Throws if a name cannot be given to a destination of aggregates.
    func requireFreeForAggregates(_ name: String, for destination: Destination) throws {
        try requireFree(name, for: destination, aggregates[name]?.url)
        guard rows[name] == nil else {
            throw CommandFailure("'\(name)' receives rows already: remove it first, or give another name", .usage)
        }
    }

    /// Throws if a name is invalid or has another URL, or if there are too many names.
    /// - Parameter other: the URL that the name has now; nil for a new name.
    private func requireFree(_ name: String, for destination: Destination, _ other: String?) throws {
        guard Self.isName(name) else {
            throw CommandFailure(
                "a name has 1 to \(Limits.identifierBytes) characters of A-Z a-z 0-9 . _ - and begins with a letter or "
                    + "digit", .usage)
        }
        if let other, other != destination.identity {
            throw CommandFailure(
                "cannot add '\(name)': the name is in use for \(other.escapedForDisplay); remove it first", .usage)
        }
        guard other != nil || names.count < Self.most else {
            throw CommandFailure("cannot add a destination: there are \(Self.most) already; remove one first", .usage)
        }
    }

    /// Removes a destination of rows.
    func remove(_ name: String) throws {
        guard rows[name] != nil else { throw SyncError.unknownName(name) }
        try file.update { $0.set(destination: name, url: nil) }
    }

    private static func isName(_ text: String) -> Bool {
        guard (1...Limits.identifierBytes).contains(text.utf8.count), let first = text.utf8.first else { return false }
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        return isPlain(first) && text.utf8.allSatisfy { isPlain($0) || ".-_".utf8.contains($0) }
    }
}
