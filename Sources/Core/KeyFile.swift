package import SystemSupport

/// The file with the key. It is written completely or not at all, and only its owner can read it.
package struct KeyFile: Sendable {
    /// Bytes of a key.
    package static let length = 32

    private let data: DataFolder

    package init(_ data: DataFolder) {
        self.data = data
    }

    package var exists: Bool { data.folder.has(Self.name) }

    /// Whether there has been a key, with which names may have been hashed. A missing key is then a lost one.
    package var wasMade: Bool { data.folder.has(Self.markName) }

    /// Records that a key exists, before any name is hashed with it. The caller holds the lock of the data folder.
    package func noteMade() throws(SystemError) {
        guard !wasMade else { return }
        _ = try File(opening: data.folder.path(of: Self.markName), [.write, .create, .regular])
        try data.folder.synchronize()
    }

    /// Writes a key of `length` random bytes. The caller holds the lock of the data folder.
    package func putNew() throws(SystemError) {
        // Removes files that killed processes left; earlier versions gave each a name of its own.
        for name in try data.folder.names() where name.hasPrefix(Self.name + ".new") { try data.folder.remove(name) }
        var generator = SystemRandomNumberGenerator()
        let file = try File(opening: data.folder.path(of: Self.name + ".new"), [.write, .create, .exclusive])
        try file.write([UInt8]((0..<Self.length).map { _ in generator.next() }).span)
        try file.synchronizeData()
        try data.folder.rename(Self.name + ".new", to: Self.name)
        try data.folder.synchronize()
        try noteMade()
    }

    /// Makes a new key, so that hashes from now on cannot be linked to earlier ones. The old key is overwritten.
    package func renew() throws(SystemError) {
        let lock = try data.lock()
        defer { lock.unlock() }
        guard exists else { return try putNew() }
        let old = try File(opening: data.keyPath, [.write, .nonBlocking])
        try putNew()
        // Overwritten only now, when the key is no longer in use: a key that a kill left overwritten could be guessed.
        guard try old.status().isRegular else { return }
        try old.write([UInt8](repeating: 0, count: Self.length).span)
        try old.synchronizeData()
    }

    private static let name = "key"
    /// An empty file. It is copied with the data folder, and only the user removes it.
    static let markName = "key.made"
}
