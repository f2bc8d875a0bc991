import Crypto
import Foundation
import TestSupport
import Testing

/// What somebody could try who has a snapshot and no key.
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

    /// The first sixteen bytes of the usual hashes, as two numbers each.
    private static func hashes(of name: String) -> [SIMD2<UInt64>] {
        let bytes = Array(name.utf8)
        func start(_ digest: some Sequence<UInt8>) -> SIMD2<UInt64> {
            var words = SIMD2<UInt64>()
            for (index, byte) in digest.prefix(16).enumerated() {
                words[index / 8] = words[index / 8] << 8 | UInt64(byte)
            }
            return words
        }
        return [
            start(Insecure.MD5.hash(data: bytes)), start(Insecure.SHA1.hash(data: bytes)),
            start(SHA256.hash(data: bytes)),
            start(SHA512.hash(data: bytes)),
            start(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: Data("nexus".utf8)))),
        ]
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
        var stored: Set<SIMD2<UInt64>> = []
        for line in try String(contentsOfFile: program.folder.path + "/snapshot", encoding: .utf8).split(
            separator: "\n")
        {
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            for column in ["workspace_hash", "task_hash"] {
                let digits = try #require(row?[column] as? String)
                stored.insert([
                    try #require(UInt64(digits.prefix(16), radix: 16)),
                    try #require(UInt64(digits.suffix(16), radix: 16)),
                ])
            }
        }
        #expect(stored.count == 2 * lines.count)
        var matches = 0
        for name in names {
            for hash in Self.hashes(of: name) where stored.contains(hash) { matches += 1 }
        }
        #expect(matches == 0)
    }
}
