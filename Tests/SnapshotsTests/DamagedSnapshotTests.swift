import Core
import Crypto
import Database
import Foundation
import GRDB
import Snapshots
import SystemSupport
import TestSupport
import Testing

@Suite("Damaged and forged snapshots")
struct DamagedSnapshotTests {
    /// Expects that a file is neither sound nor taken in, and that the sentence says why.
    private func expectRefused(
        _ harness: SnapshotHarness, _ name: String, _ sentence: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try harness.dump()
        for verifies in [true, false] {
            do {
                if verifies {
                    _ = try await SnapshotChecker(path: harness.path(name)).verify()
                } else {
                    try await harness.take(harness.path(name))
                }
                Issue.record("\(name) was taken", sourceLocation: sourceLocation)
            } catch let error as SnapshotError {
                #expect(sentence.isEmpty || "\(error)".contains(sentence), "\(error)", sourceLocation: sourceLocation)
                switch error {
                case .damaged, .newerVersion, .notASnapshot: break
                default: Issue.record("\(error)", sourceLocation: sourceLocation)
                }
            }
        }
        let isSame = try harness.dump() == before
        #expect(isSame, "something was imported", sourceLocation: sourceLocation)
    }

    private func bytes(_ harness: SnapshotHarness, _ name: String = "snapshot") throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: harness.path(name))))
    }

    private func write(_ bytes: [UInt8], _ harness: SnapshotHarness, _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: harness.path(name)))
    }

    @Test("A sound snapshot passes, in every format")
    func sound() async throws {
        let harness = try await SnapshotHarness(events: 100)
        for format in SnapshotFormat.allCases {
            let manifest = try await harness.export(as: format)
            #expect(try await SnapshotChecker(path: harness.path("snapshot")).verify() == manifest)
        }
        await #expect(throws: SnapshotError.oneWay(path: harness.path("snapshot"), format: .csv)) {
            try await harness.take(harness.path("snapshot"))
        }
    }

    @Test("A snapshot that is truncated anywhere is refused")
    func cut() async throws {
        let harness = try await SnapshotHarness(events: 300)
        try await harness.export()
        let whole = try bytes(harness)
        for length in [0, 3, 4, 18, 40, whole.count / 2, whole.count - 300, whole.count - 17, whole.count - 1] {
            try write(Array(whole.prefix(length)), harness, "cut")
            try await expectRefused(harness, "cut", length < 19 ? "is not a Nexus snapshot" : "the file is truncated")
        }
    }

    @Test("A snapshot with a flipped bit anywhere is refused")
    func flipped() async throws {
        let harness = try await SnapshotHarness(events: 300)
        try await harness.export()
        let whole = try bytes(harness)
        var random = SeededGenerator(seed: 6)
        for _ in 0..<60 {
            var bytes = whole
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try write(bytes, harness, "flipped")
            try await expectRefused(harness, "flipped", "")
        }
    }

    @Test("Other kinds of files are no snapshots")
    func otherKinds() async throws {
        let harness = try await SnapshotHarness(events: 20)
        try Data("this is a text, and nothing else, for all that can be said of it".utf8)
            .write(to: URL(filePath: harness.path("text")))
        try await expectRefused(harness, "text", "is not a Nexus snapshot")
        try SnapshotHarness.tool("/usr/bin/lz4", "-q", "--content-size", harness.path("text"), harness.path("packed"))
        try await expectRefused(harness, "packed", "the file is truncated, or not a snapshot")
        try await expectRefused(harness, "data/nexus.db", "is not a Nexus snapshot")
        try FileManager.default.createDirectory(atPath: harness.path("folder"), withIntermediateDirectories: true)
        await #expect(throws: SnapshotError.self) { try await harness.take(harness.path("folder")) }
    }

    @Test("A snapshot of a newer version is reported as such")
    func newer() async throws {
        let harness = try await SnapshotHarness(events: 20)
        try await harness.export()
        let content = try harness.unpacked()
        try harness.pack(content, as: "newer") { $0["format_version"] = 2 }
        try await expectRefused(harness, "newer", "a newer Nexus wrote it")
    }

    @Test("A snapshot with more or fewer rows than its manifest states is refused", arguments: ["events", "sessions"])
    func counts(key: String) async throws {
        let harness = try await SnapshotHarness(events: 50)
        try await harness.export()
        let content = try harness.unpacked()
        let problem =
            key == "events"
            ? "its rows differ from its manifest in number or order"
            : "its number of sessions differs from the number in its manifest"
        for change in [-1, 1] {
            try harness.pack(content, as: "counts") { manifest in
                manifest[key] = (manifest[key] as? Int ?? 0) + change
            }
            try await expectRefused(harness, "counts", problem)
        }
    }

    @Test("A decompression bomb is refused before it is unpacked")
    func bomb() async throws {
        let harness = try await SnapshotHarness(events: 20)
        try harness.pack(Data(count: 300_000_000), as: "bomb") { _ in }
        #expect(try bytes(harness, "bomb").count < 2_000_000)
        try await expectRefused(harness, "bomb", "it would unpack to more than")
        // One that lies about its length is no way around.
        try harness.pack(Data(count: 300_000_000), as: "liar") { $0["bytes"] = 1000 }
        try await expectRefused(harness, "liar", "lengths of manifest and frame differ")
    }

    @Test(
        "Rows that no recorder would accept are not imported",
        arguments: [
            ("command", "'rm -rf /home/anna'", "command has more"), ("command", "'\u{1B}[31m'", "command"),
            ("session_id", "'a b'", "session_id must be"), ("event_type", "x'00'", "event_type is not valid"),
            ("workspace_hash", "'webshop'", "must be 32"),
            ("duration_ms", "-1", "duration_ms must be"), ("duration_ms", "'long'", "duration_ms is not valid"),
            ("success", "7", "success is not valid"), ("timestamp", "'yesterday'", "timestamp is not valid"),
            ("timestamp", "'2026-02-30 00:00:00.000'", "timestamp must be"),
            ("timestamp", "NULL", "required column is empty"),
            ("id", "\(RowProvenance.largestID + 1)", "its id is out of range"), ("id", "-5", "its id is out of range"),
            ("template_used", "zeroblob(100000)", ""), ("error_category", "''", "error_category is not valid"),
        ])
    func hostileRows(column: String, value: String, sentence: String) async throws {
        let harness = try await SnapshotHarness(events: 20)
        try await harness.export()
        try harness.change("snapshot", as: "hostile", "UPDATE events SET \(column) = \(value) WHERE id = 15")
        try await expectRefused(harness, "hostile", sentence)
    }

    private static let manyObjects = (0..<70).map { "CREATE VIEW v\($0) AS SELECT 1;" }.joined()

    @Test(
        "A database that is not exactly a snapshot's is refused",
        arguments: [
            "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END", "CREATE TABLE more (a)",
            "CREATE VIEW v AS SELECT 1", "CREATE TRIGGER events BEFORE INSERT ON events BEGIN SELECT 1; END",
            "CREATE TRIGGER sessions BEFORE INSERT ON events BEGIN SELECT 1; END", manyObjects, "DROP TABLE origins",
            "ALTER TABLE events ADD COLUMN more TEXT",
            "INSERT INTO origins VALUES (5, 3, 'x', -1)",
            "UPDATE manifest SET value = '2' WHERE key = 'format_version'",
            "DELETE FROM events WHERE id = 7", "PRAGMA journal_mode = WAL",
        ])
    func hostileSchemas(sql: String) async throws {
        let harness = try await SnapshotHarness(events: 20)
        try await harness.export()
        try harness.change("snapshot", as: "hostile", sql)
        try await expectRefused(harness, "hostile", "")
    }
}

extension SnapshotHarness {
    /// Makes a snapshot around `content` whose hash and length are right, with a manifest changed at will: a
    /// forgery that knows the format.
    func pack(_ content: Data, as name: String, _ change: (inout [String: Any]) -> Void) throws {
        let plain = path("plain-" + UUID().uuidString)
        try content.write(to: URL(filePath: plain))
        defer { try? FileManager.default.removeItem(atPath: plain) }
        try Self.tool("/usr/bin/lz4", "-1", "-q", "-f", "--content-size", plain, path(name))
        var manifest: [String: Any] = [
            "format_version": 1, "content": "sqlite", "installation": String(repeating: "a", count: 32),
            "schema_version": 1, "events": 20, "sessions": 6, "bytes": content.count,
            "sha256": SHA256.hash(data: content).map { String(format: "%02x", $0) }.joined(),
        ]
        if content.starts(with: Data("SQLite".utf8)) {
            manifest.merge(try Self.facts(of: content, at: path("facts-" + UUID().uuidString))) { $1 }
        }
        change(&manifest)
        let json = [UInt8](try JSONSerialization.data(withJSONObject: manifest))
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path(name)))) + SnapshotTrailer.around(manifest: json)
        try Data(bytes).write(to: URL(filePath: path(name)))
    }

    /// What a true manifest of a database says, as far as the database has it.
    private static func facts(of content: Data, at path: String) throws -> [String: Any] {
        try content.write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try DatabaseQueue(path: path).read { database in
            let sql = """
                SELECT min(id), max(id), min(timestamp), max(timestamp),
                    (SELECT value FROM manifest WHERE key = 'installation') FROM events
                """
            guard let row = try Row.fetchOne(database, sql: sql) else { return [:] }
            var facts: [String: Any] = [
                "first_id": row[0] as Int64, "last_id": row[1] as Int64, "installation": row[4] as String,
            ]
            for (key, column) in [("from", 2), ("until", 3)] {
                guard let text = row[column] as String?, let time = Timestamp.parse(Array((text + "Z").utf8).span)
                else {
                    continue
                }
                facts[key] = Timestamp.rfc3339(time)
            }
            return facts
        }
    }

    /// Changes what a snapshot holds by SQL, and packs it again.
    func change(_ name: String, as changed: String, _ sql: String, events: Int = 20) throws {
        let content = path("content-" + UUID().uuidString)
        try unpacked(name).write(to: URL(filePath: content))
        defer { try? FileManager.default.removeItem(atPath: content) }
        let queue = try DatabaseQueue(path: content)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
        try pack(try Data(contentsOf: URL(filePath: content)), as: changed) { $0["events"] = events }
    }
}
