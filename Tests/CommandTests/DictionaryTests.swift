import Crypto
import Foundation
import TestSupport
import Testing

/// A dictionary attack on a snapshot, without the key.
struct DictionaryTests {
    /// Half a million names as people give them to workspaces.
    private static func names() -> [String] {
        let subjects = [
            "web", "shop", "api", "app", "data", "client", "server", "mobile", "admin", "auth", "billing", "blog",
            "cloud",
            "core", "crm", "dash", "demo", "design", "docs", "email", "event", "finance", "game", "graph", "home",
            "infra",
            "internal", "landing", "legacy", "library", "login", "main", "market", "media", "menu", "monitor", "news",
            "order", "payment", "photo", "platform", "portal", "project", "prototype", "queue", "report", "search",
            "site",
            "store", "support", "sync", "team", "test", "tool", "user", "vendor", "video", "wiki", "work", "acme",
        ]
        let joints = ["", "-", "_", " ", "."]
        let numbers = [""] + (1...27).map(String.init)
        var names: [String] = []
        names.reserveCapacity(510_000)
        for first in subjects {
            for second in subjects {
                for joint in joints {
                    for number in numbers { names.append(first + joint + second + number) }
                }
            }
        }
        return names
    }

    /// The hashes of a snapshot.
    private struct StoredHashes {
        private var hashes: Set<[UInt8]> = []
        /// Whether a hash begins with two bytes, which rules nearly all others out at once.
        private var beginnings = [Bool](repeating: false, count: 1 << 16)

        var count: Int { hashes.count }

        mutating func insert(_ hash: [UInt8]) {
            hashes.insert(hash)
            beginnings[Int(hash[0]) << 8 | Int(hash[1])] = true
        }

        /// Whether a digest begins with one of the hashes.
        func contains(_ digest: some Sequence<UInt8>) -> Bool {
            var bytes = digest.makeIterator()
            guard let first = bytes.next(), let second = bytes.next(), beginnings[Int(first) << 8 | Int(second)] else {
                return false
            }
            return hashes.contains(Array(digest.prefix(16)))
        }
    }

    private static let key = SymmetricKey(data: Data("nexus".utf8))

    /// How many of the usual hashes of a name are among those of a snapshot.
    private static func matches(of name: String, in stored: StoredHashes) -> Int {
        let bytes = Array(name.utf8)
        let found = [
            stored.contains(Insecure.MD5.hash(data: bytes)), stored.contains(Insecure.SHA1.hash(data: bytes)),
            stored.contains(SHA256.hash(data: bytes)), stored.contains(SHA512.hash(data: bytes)),
            stored.contains(HMAC<SHA256>.authenticationCode(for: bytes, using: key)),
        ]
        return found.count { $0 }
    }

    @Test("The search finds a hash of each usual kind")
    func search() {
        let name = Array("acme".utf8)
        let digests: [[UInt8]] = [
            Array(Insecure.MD5.hash(data: name)), Array(Insecure.SHA1.hash(data: name)), Array(SHA256.hash(data: name)),
            Array(SHA512.hash(data: name)), Array(HMAC<SHA256>.authenticationCode(for: name, using: Self.key)),
        ]
        var stored = StoredHashes()
        for (index, digest) in digests.enumerated() {
            stored.insert(Array(digest.prefix(16)))
            #expect(Self.matches(of: "acme", in: stored) == index + 1)
        }
        #expect(Self.matches(of: "acm", in: stored) == 0)
    }

    @Test("A dictionary of half a million names, hashed in the usual ways, matches nothing in a snapshot")
    func nothingMatches() throws {
        let names = Self.names()
        #expect(names.count >= 500_000)
        let program = try Program()
        // Every name that is recorded is in the dictionary.
        let lines = stride(from: 0, to: names.count, by: 5000).map {
            "{\"command\":\"make\",\"workspace\":\"\(names[$0])\",\"task\":\"\(names[$0 + 1])\"}\n"
        }
        #expect(try program.run("record", "--stdin", input: lines.joined()).status == 0)
        let snapshot = try program.run(
            "export", "--format", "ndjson", "-o", program.folder.path + "/snapshot.ndjson.lz4")
        #expect(snapshot.status == 0)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/lz4")
        process.arguments = ["-dqf", program.folder.path + "/snapshot.ndjson.lz4", program.folder.path + "/snapshot"]
        try process.run()
        process.waitUntilExit()
        var stored = StoredHashes()
        for line in try String(contentsOfFile: program.folder.path + "/snapshot", encoding: .utf8).split(
            separator: "\n")
        {
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            for column in ["workspace_hash", "task_hash"] {
                let digits = try #require(row?[column] as? String)
                let bytes = stride(from: 0, to: 32, by: 2).compactMap { index in
                    UInt8(digits.dropFirst(index).prefix(2), radix: 16)
                }
                try #require(digits.utf8.count == 32 && bytes.count == 16)
                stored.insert(bytes)
            }
        }
        #expect(stored.count == 2 * lines.count)
        #expect(names.reduce(0) { $0 + Self.matches(of: $1, in: stored) } == 0)
    }
}
