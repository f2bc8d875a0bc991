package import SystemSupport

/// The file with the key, and how it is put in its place: whole or not at all, and for the owner alone.
package struct KeyFile: Sendable {
    /// Bytes of a key.
    package static let length = 32

    private let data: DataFolder

    package init(_ data: DataFolder) {
        self.data = data
    }

    /// Whether there is a key.
    package var exists: Bool { data.folder.has(Self.name) }

    /// Whether there has been a key: names may have been hashed with it. A missing key is then a lost one.
    package var wasMade: Bool { data.folder.has(Self.markName) }

    /// Notes that there is a key, before any name is hashed with it, under a lock of the data folder that the caller holds.
    package func noteMade() throws(SystemError) {
        guard !wasMade else { return }
        _ = try File(opening: data.folder.path(of: Self.markName), [.write, .create, .regular])
        try data.folder.synchronize()
    }

    /// Puts `length` random bytes in the key's place, under a lock of the data folder that the caller holds.
    package func putNew() throws(SystemError) {
        // What killed processes have left; earlier versions gave each a name of its own.
        for name in try data.folder.names() where name.hasPrefix(Self.name + ".new") { try data.folder.remove(name) }
        var generator = SystemRandomNumberGenerator()
        let file = try File(opening: data.folder.path(of: Self.name + ".new"), [.write, .create, .exclusive])
        try file.write([UInt8]((0..<Self.length).map { _ in generator.next() }).span)
        try file.synchronizeData()
        try data.folder.rename(Self.name + ".new", to: Self.name)
        try data.folder.synchronize()
        try noteMade()
    }

    /// Makes a new key, so that hashes from now on cannot be linked to those before. The old one is overwritten.
    package func renew() throws(SystemError) {
        let lock = try data.lock()
        defer { lock.unlock() }
        guard exists else { return try putNew() }
        let old = try File(opening: data.keyPath, [.write, .nonBlocking])
        try putNew()
        // Only now, when it is nobody's key any more: one that a kill left overwritten could be guessed.
        guard try old.status().isRegular else { return }
        try old.write([UInt8](repeating: 0, count: Self.length).span)
        try old.synchronizeData()
    }

    private static let name = "key"
    /// An empty file. It goes where the data folder goes, and nothing but the user removes it.
    static let markName = "key.made"
}
