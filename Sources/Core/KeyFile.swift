package import SystemSupport

/// The file with the key for hashing names. It is written completely or not at all, and only its owner can read it.
package struct KeyFile: Sendable {
    /// Bytes of a key.
    package static let length = 32

    private let data: DataFolder

    package init(_ data: DataFolder) {
        self.data = data
    }

    package var exists: Bool { data.folder.has(Self.name) }

    /// Whether a key was ever made. If so, names may have been hashed with it, and a missing key counts as lost.
    package var wasMade: Bool { data.folder.has(Self.markName) }

    /// Records that a key was made. The caller holds the lock of the data folder and has not yet hashed a name with the
    /// key.
    package func noteMade() throws(SystemError) {
        guard !wasMade else { return }
        _ = try File(opening: data.folder.path(of: Self.markName), [.write, .create, .regular])
        try data.folder.synchronize()
    }

    /// Writes a key of `length` random bytes. The caller holds the lock of the data folder.
    package func putNew() throws(SystemError) {
        // Removes the temporary files of processes that were killed in this method. In earlier versions of Nexus, each
        // process gave its temporary file a different name.
        for name in try data.folder.names() where name.hasPrefix(Self.name + ".new") { try data.folder.remove(name) }
        var generator = SystemRandomNumberGenerator()
        let file = try File(opening: data.folder.path(of: Self.name + ".new"), [.write, .create, .exclusive])
        try file.write([UInt8]((0..<Self.length).map { _ in generator.next() }).span)
        try file.synchronizeData()
        try data.folder.rename(Self.name + ".new", to: Self.name)
        try data.folder.synchronize()
        try noteMade()
    }

    /// Makes a new key, so that later hashes cannot be linked to earlier hashes. The old key is overwritten.
    package func renew() throws(SystemError) {
        let lock = try data.lock()
        defer { lock.unlock() }
        guard exists else { return try putNew() }
        let old = try File(opening: data.keyPath, [.write, .nonBlocking])
        try putNew()
        // The old key is overwritten only after the new key has replaced it. Otherwise a process that is killed in
        // between would leave a key of zeros in use, and any program could guess that key.
        guard try old.status().isRegular else { return }
        try old.write([UInt8](repeating: 0, count: Self.length).span)
        try old.synchronizeData()
    }

    private static let name = "key"
    /// The name of an empty file that records that a key was made. A copy of the data folder includes this file, and
    /// Nexus never removes it.
    static let markName = "key.made"
}
