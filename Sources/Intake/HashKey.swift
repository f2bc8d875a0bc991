package import Platform

/// The 32 random bytes that only this machine has and that every hash depends on.
package struct HashKey: Sendable, Equatable {
    package static let length = 32
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        precondition(bytes.count == Self.length)
        self.bytes = bytes
    }

    /// Reads the key of a data folder, or makes one where there is none; when several processes do so at once, all
    /// come away with the same.
    package static func load(from data: DataFolder) throws(HashKeyError) -> HashKey {
        while true {
            if let key = try read(data) { return key }
            do throws(SystemError) { try create(in: data.folder) } catch { throw .system(error) }
        }
    }

    /// The key of a data folder if there is one: for who asks and must not make any.
    package static func existing(in data: DataFolder) throws(HashKeyError) -> HashKey? { try read(data) }

    private static func read(_ data: DataFolder) throws(HashKeyError) -> HashKey? {
        var bytes: [UInt8] = []
        do throws(SystemError) {
            let file = try File(opening: data.keyPath, .read)
            _ = try file.read(appendingTo: &bytes, limit: length + 1)
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw .system(error)
        }
        guard bytes.count == length else { throw .damaged(path: data.keyPath) }
        return HashKey(bytes: bytes)
    }

    /// Writes a key under a name of this process's own and then links it to the right one, which only one process can:
    /// a key is there whole or not at all.
    private static func create(in folder: Folder) throws(SystemError) {
        try folder.prepare()
        var generator = SystemRandomNumberGenerator()
        let name = "key.new-" + String(generator.next() as UInt64, radix: 16)
        let file = try File(opening: folder.path(of: name), [.write, .create, .exclusive])
        defer { try? folder.remove(name) }
        try file.write([UInt8]((0..<length).map { _ in generator.next() }).span)
        try file.synchronizeData()
        _ = try folder.link(name, as: "key")
        try folder.synchronize()
    }
}

/// Why there is no key.
package enum HashKeyError: Error, Equatable, CustomStringConvertible {
    case system(SystemError)
    /// The file is not a key's 32 bytes.
    case damaged(path: String)

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .damaged(let path):
            "\(path.escapedForDisplay) is not a key of \(HashKey.length) bytes: put back the right file from a backup, "
                + "or remove it for a new key, with which names can no longer be linked to those recorded before"
        }
    }
}
