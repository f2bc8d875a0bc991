import Core
import Crypto
import Database
import Foundation
import GRDB
import Snapshots
import SystemSupport
import TestSupport
import Testing

@Suite("Contents of a snapshot")
struct ExportTests {
    @Test("lz4 and SQLite open a snapshot, which has the contract's tables, the manifest and nothing else")
    func everything() async throws {
        let harness = try await SnapshotHarness(events: 2000)
        let manifest = try await harness.export()
        #expect(manifest.events == 2000)
        #expect(manifest.firstID == 1 && manifest.lastID == 2000)
        #expect(manifest.from == "2026-01-01T00:00:00.000Z")
        #expect(manifest.until == "2026-01-02T09:19:00.000Z")
        let content = try harness.unpacked()
        #expect(content.count == manifest.bytes)
        #expect(SHA256.hash(data: content).map { String(format: "%02x", $0) }.joined() == manifest.sha256)
        // Bytes 18 and 19 are 1 in a database without a log, 2 in one with.
        #expect(content[18] == 1 && content[19] == 1)
        #expect(try harness.query("snapshot", "PRAGMA integrity_check") == ["ok"])
        #expect(
            try harness.query("snapshot", "SELECT name FROM sqlite_schema WHERE type <> 'index' ORDER BY 1")
                == ["events", "manifest", "origins", "sessions"])
        let all = "SELECT * FROM events ORDER BY id"
        #expect(try harness.query("snapshot", all) == SnapshotHarness.query(harness.data.databasePath, all))
        let sessions = "SELECT * FROM sessions ORDER BY id"
        #expect(try harness.query("snapshot", sessions) == SnapshotHarness.query(harness.data.databasePath, sessions))
        let facts = try harness.query("snapshot", "SELECT key, value FROM manifest ORDER BY key")
        #expect(facts == ["format_version|1", "installation|\(manifest.installation)", "schema_version|1"])
        #expect(try harness.names == ["snapshot"])
    }

    @Test("The same rows give the same bytes")
    func deterministic() async throws {
        let harness = try await SnapshotHarness(events: 500)
        for format in SnapshotFormat.allCases {
            try await harness.export(as: format, to: "one")
            try await harness.export(as: format, to: "two")
            let isSame =
                try Data(contentsOf: URL(filePath: harness.path("one")))
                == Data(contentsOf: URL(filePath: harness.path("two")))
            #expect(isSame, "\(format)")
        }
    }

    @Test("Tables that a user added, and Nexus's own tables, are not exported")
    func onlyTheContract() async throws {
        let harness = try await SnapshotHarness(events: 300)
        try await DatabaseQueue(path: harness.data.databasePath).write { database in
            try database.execute(
                sql: """
                    CREATE TABLE "my ""notes" (text TEXT); INSERT INTO "my ""notes" VALUES ('remember-the-milk');
                    CREATE INDEX mine ON events (timestamp); CREATE VIEW seen AS SELECT * FROM events;
                    CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END
                    """)
        }
        try await harness.export()
        let content = try harness.unpacked()
        for trace in ["remember-the-milk", "buffer_positions", "activity_rollup", "counters"] {
            #expect(content.range(of: Data(trace.utf8)) == nil, "\(trace)")
        }
        #expect(
            try harness.query("snapshot", "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')")
                == ["0"])
    }

    @Test("A range of ids and a window of time select those rows and their sessions")
    func parts() async throws {
        let harness = try await SnapshotHarness(events: 1000)
        let manifest = try await harness.export(SnapshotSelection(ids: 101...101))
        #expect(manifest.events == 1 && manifest.sessions == 1 && manifest.firstID == 101 && manifest.lastID == 101)
        #expect(try harness.query("snapshot", "SELECT id FROM events") == ["101"])
        let hour: Int64 = 1_767_225_600_000 + 3_600_000
        let window = try await harness.export(SnapshotSelection(times: hour..<hour + 600_000))
        #expect(window.events == 10)
        #expect(window.from == "2026-01-01T01:00:00.000Z" && window.until == "2026-01-01T01:09:00.000Z")
        let open = try await harness.export(SnapshotSelection(times: 0..<Int64.max))
        #expect(open.events == 1000)
        let none = try await harness.export(SnapshotSelection(ids: 5000...6000))
        #expect(none.events == 0 && none.firstID == nil && none.from == nil)
        #expect(try harness.query("snapshot", "PRAGMA integrity_check") == ["ok"])
    }

    @Test("Exported lines of JSON are recorded unchanged")
    func ndjson() async throws {
        let harness = try await SnapshotHarness(events: 700)
        let manifest = try await harness.export(as: .ndjson)
        let lines = String(decoding: try harness.unpacked(), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 700 && manifest.events == 700)
        let again = try await SnapshotHarness()
        var filler = BufferFiller(again.data)
        try filler.append(lines.map(String.init))
        try await again.record(0..<0)
        let columns = EventRow.columnNames.dropFirst().joined(separator: ",")
        let all = "SELECT \(columns) FROM events ORDER BY id"
        #expect(
            try SnapshotHarness.query(again.data.databasePath, all)
                == SnapshotHarness.query(harness.data.databasePath, all))
    }

    @Test("CSV is RFC 4180, and no cell of it is a formula")
    func csv() async throws {
        let harness = try await SnapshotHarness(events: 10)
        try await DatabaseQueue(path: harness.data.databasePath).write { database in
            try database.execute(
                sql: "UPDATE events SET command = '=cmd|\"x\"', template_used = 'a,b' WHERE id = 4")
        }
        try await harness.export(as: .csv)
        let lines = String(decoding: try harness.unpacked(), as: UTF8.self).components(separatedBy: "\r\n")
        #expect(lines.count == 12 && lines[11] == "")
        #expect(lines[0].hasPrefix("id,timestamp,session_id,event_type,workspace_hash"))
        #expect(lines[2].contains(#""'-s-1""#), "\(lines[2])")
        #expect(lines[4].contains(#""'=cmd|""x""""#) && lines[4].contains(#","a,b","#), "\(lines[4])")
    }

    @Test("An empty database gives an empty snapshot in every format")
    func empty() async throws {
        let harness = try await SnapshotHarness()
        try await harness.record(0..<0)
        for format in SnapshotFormat.allCases {
            let manifest = try await harness.export(as: format)
            #expect(manifest.events == 0 && manifest.from == nil)
            #expect(try harness.unpacked().count == manifest.bytes)
        }
    }

    @Test("A name that is a folder, a link or a pipe is left alone, and so is everything without a database")
    func refused() async throws {
        let harness = try await SnapshotHarness(events: 5)
        try FileManager.default.createDirectory(atPath: harness.path("folder"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: harness.path("link"), withDestinationPath: "/nowhere")
        for (name, sentence) in [("folder", "is a folder"), ("link", "is a symbolic link")] {
            await #expect(throws: SnapshotError.self) { try await harness.export(to: name) }
            do { try await harness.export(to: name) } catch { #expect("\(error)".contains(sentence)) }
        }
        await #expect(throws: SnapshotError.self) { try await harness.export(to: "missing/snapshot") }
        #expect(try harness.names == ["folder", "link"])
        let none = try await SnapshotHarness()
        await #expect(throws: SnapshotError.nothingRecorded(folder: none.data.folder.path)) { try await none.export() }
    }
}
