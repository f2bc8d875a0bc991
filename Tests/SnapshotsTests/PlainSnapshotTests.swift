import Application
import Core
import Database
import Foundation
import Snapshots
import SystemSupport
import TestSupport
import Testing

@Suite("Plain snapshots")
struct PlainSnapshotTests {
    private func export(_ harness: SnapshotHarness, _ format: SnapshotFormat, _ name: String) async throws
        -> SnapshotManifest
    {
        try await SnapshotWriter(data: harness.data).write(as: format, to: .file(harness.path(name)), isPlain: true)
    }

    private func verify(_ harness: SnapshotHarness, _ name: String) async throws -> SnapshotManifest {
        try await SnapshotChecker(path: harness.path(name)).verify()
    }

    @Test("A plain file equals the content of the compressed one, byte for byte", arguments: SnapshotFormat.allCases)
    func content(format: SnapshotFormat) async throws {
        let harness = try await SnapshotHarness(events: 40)
        let plain = try await export(harness, format, "plain")
        let compressed = try await harness.export(as: format)
        #expect(plain == compressed)
        let bytes = try Data(contentsOf: URL(filePath: harness.path("plain")))
        #expect(bytes == (try harness.unpacked()) && bytes.count == plain.bytes)
    }

    @Test("A plain file is verified, with its content as the manifest", arguments: SnapshotFormat.allCases)
    func sound(format: SnapshotFormat) async throws {
        let harness = try await SnapshotHarness(events: 40)
        let written = try await export(harness, format, "plain")
        let read = try await verify(harness, "plain")
        #expect(
            read.events == 40 && read.content == format && read.bytes == written.bytes && read.sha256 == written.sha256)
        if format == .sqlite { #expect(read == written) }
        if format != .csv { #expect(read.from == written.from && read.until == written.until) }
    }

    @Test("A plain database is imported like a compressed snapshot")
    func imported() async throws {
        let harness = try await SnapshotHarness(events: 40)
        _ = try await export(harness, .sqlite, "plain")
        let opened = try await OpenedSnapshot(harness.path("plain"), parts: .standard)
        #expect(try StoreReader(data: opened.data)?.eventCounters().imported == 40)
    }

    @Test("A plain file without events is sound", arguments: SnapshotFormat.allCases)
    func empty(format: SnapshotFormat) async throws {
        let harness = try await SnapshotHarness(events: 3)
        let name = "empty." + format.fileExtension(isPlain: true)
        _ = try await SnapshotWriter(data: harness.data).write(
            SnapshotSelection(ids: 100...200), as: format, to: .file(harness.path(name)), isPlain: true)
        #expect(try await verify(harness, name).events == 0)
    }

    @Test("A plain text is not imported, and the error suggests a fix", arguments: [SnapshotFormat.ndjson, .csv])
    func refused(format: SnapshotFormat) async throws {
        let harness = try await SnapshotHarness(events: 3)
        _ = try await export(harness, format, "plain")
        await #expect(throws: SnapshotError.plainText(path: harness.path("plain"), format: format)) {
            _ = try await OpenedSnapshot(harness.path("plain"), parts: .standard)
        }
    }

    @Test(
        "A plain file that was changed is refused",
        arguments: [
            (SnapshotFormat.csv, "a,b\r\n"), (.csv, "1,2"), (.ndjson, "{\"command\":1}\n"), (.ndjson, "{"),
            (.ndjson, "{\"command\":\"make\",\"timestamp\":\"1969-01-01T00:00:00Z\"}\n"),
        ])
    func changed(format: SnapshotFormat, addition: String) async throws {
        let harness = try await SnapshotHarness(events: 3)
        _ = try await export(harness, format, "plain")
        let path = harness.path("plain")
        try (Data(contentsOf: URL(filePath: path)) + Data(addition.utf8)).write(to: URL(filePath: path))
        await #expect(throws: SnapshotError.self) { try await verify(harness, "plain") }
    }

    @Test(
        "A plain database with other tables or rows is refused",
        arguments: [
            "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END", "DROP TABLE origins",
            "UPDATE manifest SET value = '2' WHERE key = 'format_version'", "DELETE FROM manifest",
            "UPDATE events SET command = 'make -j8 /home/anna' WHERE id = 3", "PRAGMA journal_mode = WAL",
        ])
    func hostile(sql: String) async throws {
        let harness = try await SnapshotHarness(events: 20)
        _ = try await export(harness, .sqlite, "plain")
        try SnapshotHarness.tool("/usr/bin/sqlite3", harness.path("plain"), sql)
        await #expect(throws: SnapshotError.self) { try await verify(harness, "plain") }
        await #expect(throws: SnapshotError.self) {
            _ = try await OpenedSnapshot(harness.path("plain"), parts: .standard)
        }
    }

    @Test(
        "The name of a file gives its format",
        arguments: [
            ("x.csv", SnapshotFormat.csv, true), ("X.CSV", .csv, true), ("a/x.ndjson", .ndjson, true),
            ("x.db", .sqlite, true), ("x.csv.lz4", .csv, false), ("x.db.lz4", .sqlite, false),
        ])
    func names(name: String, format: SnapshotFormat, isPlain: Bool) throws {
        let named = try #require(SnapshotFormat.named(by: name))
        #expect(named == (format, isPlain))
        #expect(SnapshotFormat.named(by: "backup") == nil && SnapshotFormat.named(by: "x.lz4") == nil)
    }
}
