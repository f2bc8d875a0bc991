import Core
import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing

@Suite("The key")
struct HashKeyTests {
    @Test("A key is made once, for the owner alone, and stays")
    func made() throws {
        let folder = try TemporaryFolder()
        let key = try HashKey.load(from: folder.data)
        #expect(try HashKey.load(from: folder.data) == key)
        #expect(Set(key.bytes).count > 1)

        #expect(try Data(contentsOf: URL(filePath: folder.data.keyPath)) == Data(key.bytes))
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.data.keyPath)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try folder.data.folder.names().sorted() == ["key", "key.made"])
    }

    @Test("A key of zeros, as a purge leaves it, is not a key")
    func overwritten() throws {
        let folder = try TemporaryFolder()
        _ = try HashKey.load(from: folder.data)
        try Data(repeating: 0, count: HashKey.length).write(to: URL(filePath: folder.data.keyPath))
        #expect(throws: HashKeyError.damaged(path: folder.data.keyPath)) { try HashKey.load(from: folder.data) }
    }

    @Test("Two folders have two keys")
    func different() throws {
        let folders = try [TemporaryFolder(), TemporaryFolder()]
        #expect(try HashKey.load(from: folders[0].data) != HashKey.load(from: folders[1].data))
    }

    @Test("Concurrent loads return the same key")
    func atOnce() async throws {
        for _ in 0..<20 {
            let folder = try TemporaryFolder()
            let keys = try await withThrowingTaskGroup(of: [UInt8].self, returning: [[UInt8]].self) { group in
                for _ in 0..<16 { group.addTask { try HashKey.load(from: folder.data).bytes } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(keys.count == 16)
            #expect(Set(keys).count == 1)
            #expect(try folder.data.folder.names().sorted() == ["key", "key.made"])
        }
    }

    @Test("A file of another size is not a key, and stays unchanged", arguments: [0, 1, 31, 33, 64])
    func damaged(count: Int) throws {
        let folder = try TemporaryFolder()
        try folder.data.folder.prepare()
        try File(opening: folder.data.keyPath, [.write, .create]).write([UInt8](repeating: 1, count: count).span)

        #expect(throws: HashKeyError.damaged(path: folder.data.keyPath)) { try HashKey.load(from: folder.data) }
        #expect(FileManager.default.contents(atPath: folder.data.keyPath)?.count == count)
    }

    @Test("A lost key is not replaced, and a renewed one is used")
    func lost() throws {
        let folder = try TemporaryFolder()
        let first = try HashKey.load(from: folder.data)
        try folder.data.folder.remove("key")
        for _ in 0..<2 {
            #expect(throws: HashKeyError.lost(path: folder.data.keyPath)) { try HashKey.load(from: folder.data) }
        }
        #expect(try folder.data.folder.names() == ["key.made"])
        try KeyFile(folder.data).renew()
        #expect(try HashKey.load(from: folder.data) != first)
    }

    @Test("A key of an earlier version is noted before it is used, unless recording is off")
    func earlierVersion() throws {
        let folder = try TemporaryFolder()
        let key = try HashKey.load(from: folder.data)
        try folder.data.folder.remove("key.made")
        try SettingsFile(folder.data).update { $0.set(recording: false) }
        #expect(try HashKey.load(from: folder.data) == key)
        #expect(!KeyFile(folder.data).wasMade)
        try SettingsFile(folder.data).update { $0.set(recording: true) }
        #expect(try HashKey.load(from: folder.data) == key)
        #expect(KeyFile(folder.data).wasMade)
    }

    @Test("A process that lives long notices that the key is lost, put back, or another")
    func source() throws {
        let folder = try TemporaryFolder()
        let key = try HashKey.load(from: folder.data)
        var source = HashKeySource(folder.data)
        func next() throws -> [HashKey?] {
            if case .key(let key) = try source.next() { [key] } else { [] }
        }
        #expect(try next() == [key])
        #expect(try next() == [])
        try folder.data.folder.rename("key", to: "saved")
        #expect(try next() == [nil])
        #expect(try next() == [])
        try folder.data.folder.rename("saved", to: "key")
        #expect(try next() == [key])
        try folder.data.folder.remove("key")
        #expect(try next() == [nil])
        try KeyFile(folder.data).renew()
        let renewed = try next()
        #expect(renewed.count == 1 && renewed != [nil] && renewed != [key])
        // All of it was removed: there is nothing that a new key could not be linked to.
        try folder.data.folder.remove("key")
        #expect(try next() == [nil])
        try folder.data.folder.remove("key.made")
        #expect(try next().compactMap { $0 }.count == 1)
    }

    @Test("A link in place of the key is not followed")
    func link() throws {
        let folder = try TemporaryFolder()
        try folder.data.folder.prepare()
        let target = folder.path + "/elsewhere"
        try Data(repeating: 1, count: 32).write(to: URL(filePath: target))
        try FileManager.default.createSymbolicLink(atPath: folder.data.keyPath, withDestinationPath: target)

        #expect(throws: HashKeyError.self) { try HashKey.load(from: folder.data) }
    }
}
