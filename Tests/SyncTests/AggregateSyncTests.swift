import Application
import Core
import Database
import DatabaseTesting
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Snapshots
@testable import Sync

@Suite("Runs to named destinations of aggregates")
struct AggregateSyncTests {
    private let stored: StoredFolder
    private let place: TemporaryFolder
    private let source = String(repeating: "5", count: 32)
    /// 2026-11-01.
    private static let firstDay: Int64 = 20_758

    init() throws {
        stored = try StoredFolder(now: (Self.firstDay + 40) * Timestamp.millisecondsPerDay, parts: .standard)
        place = try TemporaryFolder()
    }

    private func record(_ days: Int..., command: String = "make") async throws {
        try await stored.store(
            days.map { day in
                let time = (Self.firstDay + Int64(day)) * Timestamp.millisecondsPerDay + 5_000_000
                return #"{"timestamp":\#(time),"command":"\#(command)","duration_ms":12,"success":true}"#
            })
    }

    private func entry(_ allowed: AllowedNames? = nil) throws -> AggregateSettings.Entry {
        let entry = AggregateSettings.Entry(
            url: try Destination("file://\(place.path)").identity, source: source,
            installation: try AggregateSync.installation(of: stored.data), allowed: allowed)
        try AggregateSettingsFile(stored.data).update { $0.entries["there"] = entry }
        return entry
    }

    private func sync(_ entry: AggregateSettings.Entry, withdraws: Bool = false) throws -> AggregateSync {
        try #require(
            try AggregateSync("there", entry, withdraws: withdraws, data: stored.data, parts: .standard))
    }

    @discardableResult
    private func send(_ sync: AggregateSync) async throws -> AggregateTransmission.Summary {
        try await sync.send(fromStart: false, credentials: nil) { _ in }
    }

    private func files() throws -> [String: String] {
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) {
            files[name] = try decoded(Array(try Data(contentsOf: URL(filePath: place.path + "/" + name))))
        }
        return files
    }

    private func withoutVersions(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            var fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            fields[2] = ""
            return fields.joined(separator: "\t")
        }
    }

    @Test("A dry run gives the very bytes that are sent, but for the version, and sends nothing")
    func preview() async throws {
        try await record(0, 1, 1)
        try await record(1, command: "acme-merger")
        let sync = try sync(entry(AllowedNames("command make")))
        var text = ""
        var days: [String] = []
        try sync.preview(fromStart: false) { day in
            text += String(decoding: day.bytes, as: UTF8.self)
            days.append(day.date)
        }
        #expect(days == ["2026-11-01", "2026-11-02"] && !text.contains("acme"))
        #expect(try files().isEmpty && !stored.data.folder.has("ledger.ndjson"))
        #expect(try await send(sync).days == 2)
        let sent = try files().sorted { $0.key < $1.key }.map(\.value).joined()
        #expect(withoutVersions(sent) == withoutVersions(text) && withoutVersions(sent).count == 3)
        days = []
        try sync.preview(fromStart: false) { days.append($0.date) }
        #expect(days.isEmpty)
        try sync.preview(fromStart: true) { days.append($0.date) }
        #expect(days.count == 2)
    }

    @Test("Neither the installation, a session, a workspace nor a time of day is in what is sent")
    func identities() async throws {
        try await stored.store([
            #"{"timestamp":"2026-11-01T13:37:42.123Z","command":"make","session_id":"my-session","workspace":"acme","task":"t"}"#
        ])
        let tables = try stored.tables()
        let hashes = try ["workspace_hash", "task_hash"].map { try tables.text("SELECT \($0) FROM events") ?? "" }
        #expect(hashes.allSatisfy { $0.utf8.count == 32 })
        var text = ""
        try sync(entry()).preview(fromStart: false) { text += String(decoding: $0.bytes, as: UTF8.self) }
        let installation = try #require(try AggregateSync.installation(of: stored.data))
        for part in hashes + [installation, "my-session", "13:37", "acme"] { #expect(!text.contains(part), "\(part)") }
        #expect(text.hasPrefix("\(source)\t2026-11-01\t") && text.contains("\tmake\t"))
    }

    @Test("A folder that was copied or restored sends nothing under the id of the first one")
    func copied() async throws {
        try await record(0)
        var entry = try entry()
        entry.installation = String(repeating: "0", count: 32)
        #expect(throws: SyncError.copiedFolder(name: "there")) { _ = try sync(entry) }
    }

    @Test("The installation is noted with the first run where there was no database before")
    func adopted() async throws {
        let early = try entry()
        #expect(early.installation == nil)
        #expect(try AggregateSync("there", early, data: stored.data, parts: .standard) == nil)
        try await record(0)
        try await send(sync(early))
        let installation = try AggregateSettingsFile(stored.data).load().entries["there"]?.installation
        #expect(try installation == stored.tables().text("SELECT id FROM installation"))
    }

    @Test("A withdrawal replaces every day by an empty one, once")
    func withdrawn() async throws {
        try await record(0, 1)
        let entry = try entry()
        try await send(sync(entry))
        let withdrawal = try sync(entry, withdraws: true)
        #expect(withdrawal.isWithdrawal)
        #expect(try withdrawal.daysThere() == 2)
        #expect(try await send(withdrawal).days == 2)
        #expect(try files().values.allSatisfy(\.isEmpty) && files().count == 2)
        #expect(try sync(entry, withdraws: true).daysThere() == 0)
        #expect(try await send(sync(entry, withdraws: true)).days == 0)
        // The same destination again: the days are still here.
        #expect(try await send(sync(entry)).days == 2)
    }

    @Test("After a purge of everything the days there are withdrawn, and nothing new is sent")
    func purged() async throws {
        try await record(0, 1)
        try await send(sync(entry()))
        try AggregateSettingsFile(stored.data).withdrawAll()
        try await record(2)
        let entry = try #require(try AggregateSettingsFile(stored.data).load().entries["there"])
        #expect(try await send(sync(entry)).days == 2)
        #expect(try files().values.allSatisfy(\.isEmpty))
    }

    @Test("The names that leave are those recorded and allowed, the most frequent first")
    func names() async throws {
        try await record(0, command: "git")
        try await record(0, 1, command: "make")
        try await stored.store([
            #"{"command":"make","event_type":"command_line","error_category":"exit_2","success":false}"#
        ])
        let all = try LeavingNames(of: stored.data, allowed: nil).names
        #expect(all == [.command: ["make", "git", "make, …"], .category: ["exit_2"], .template: []])
        let allowed = try LeavingNames(of: stored.data, allowed: AllowedNames("command make")).names
        #expect(allowed == [.command: ["make", "make, …"], .category: [], .template: []])
        #expect(try LeavingNames(of: DataFolder(place.path), allowed: nil).names.isEmpty)
    }

    @Test("Each destination in the ledger is listed once, with what removes there")
    func places() async throws {
        try await record(0, 1)
        try await send(sync(entry()))
        var places = try SentPlaces(of: stored.data)
        let rows = Transfer(
            destination: "clickhouse://db:8123/nexus", store: "s", installation: "i1", range: 1...2, rows: 2, bytes: 1,
            sha256: "")
        var day = rows
        (day.version, day.installation) = (7, "d1")
        for transfer in [rows, rows, day] { places.observe(LedgerEntry(.sent, transfer, at: 0)) }
        #expect(
            places.places.map(\.removal) == [
                "remove the files nexus-daily-\(source)-*",
                "ALTER TABLE nexus.nexus_events DELETE WHERE installation_id = 'i1'; "
                    + "-- also for nexus_runs, if that table exists",
                "ALTER TABLE nexus.nexus_daily DELETE WHERE source = 'd1'; "
                    + "ALTER TABLE nexus.nexus_daily_versions DELETE WHERE source = 'd1';",
            ])
        #expect(places.places.map(\.isAggregates) == [true, false, true])
    }
}
