import Core
import Sync
import SystemSupport

/// The named destinations of the settings.
struct Destinations {
    /// Limit of names: more than any user needs.
    private static let most = 64

    private let file: SettingsFile
    /// URLs by name.
    let all: [String: String]

    init(in data: DataFolder) throws {
        file = SettingsFile(data)
        all = try file.load().destinations
    }

    /// Returns the destination of a URL or name; without either the only one that is configured.
    func find(_ text: String?) throws -> Destination {
        guard let text else {
            guard all.count < 2 else {
                let names = all.keys.sorted().map(\.escapedForDisplay).joined(separator: ", ")
                throw CommandFailure("no destination given: several are stored; give --to with one of \(names)", .usage)
            }
            guard let url = all.values.first else {
                throw CommandFailure(
                    "no destination given: none is stored; give --to with a URL, or add one with 'nexus sync add'",
                    .usage)
            }
            return try Destination(url)
        }
        if Destination.isAddress(text) { return try Destination(text) }
        guard let url = all[text] else { throw SyncError.unknownName(text) }
        return try Destination(url)
    }

    func add(_ name: String, _ destination: Destination) throws {
        guard Self.isName(name) else {
            throw CommandFailure(
                "a name has 1 to \(Limits.identifierBytes) of A-Z a-z 0-9 . _ - and begins with a letter or digit",
                .usage)
        }
        if let other = all[name], other != destination.identity {
            throw CommandFailure(
                "cannot add '\(name)': the name is in use for \(other.escapedForDisplay); remove it first", .usage)
        }
        guard all.count < Self.most else {
            throw CommandFailure("cannot add a destination: there are \(Self.most) already; remove one first", .usage)
        }
        try file.update { $0.set(destination: name, url: destination.identity) }
    }

    func remove(_ name: String) throws {
        guard all[name] != nil else { throw SyncError.unknownName(name) }
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
