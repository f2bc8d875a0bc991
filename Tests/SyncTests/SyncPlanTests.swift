import Application
import Core
import Database
import DatabaseTesting
import Foundation
import Snapshots
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("Whole runs")
struct SyncPlanTests {
    private let harness: SendingHarness
    private let folder: String
    private var data: DataFolder { harness.data }

    init() async throws {
        harness = try await SendingHarness()
        folder = harness.stored.folder.path + "/there"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    }

    private func name(_ range: String) throws -> String { "nexus-\(try harness.installation)-\(range).db.lz4" }

    @Test("A folder gets one file for each range")
    func folderTarget() async throws {
        #expect(try await harness.send(to: folder).rows == 10)
        #expect(try await harness.send(to: folder).transfers == 0)
        try await harness.record(4)
        #expect(try await harness.send(to: folder).rows == 4)
        #expect(try names == [try name("1-10"), try name("11-14")])
        #expect(try harness.sent() == [1...10, 11...14])
        // What a run leaves behind in the data folder is the ledger alone.
        #expect(try data.folder.names().filter { $0.hasPrefix(ScratchFolder.prefix) }.isEmpty)
        #expect(try harness.stored.reader().ledgerNote()?.lines == 4)
    }

    @Test("Sending again from the start writes no existing file")
    func again() async throws {
        try await harness.send(to: folder)
        let path = folder + "/" + (try name("1-10"))
        let before = FileIdentity(of: path)
        #expect(try await harness.send(to: folder, fromStart: true).rows == 10)
        #expect(FileIdentity(of: path) == before)
        #expect(try names.count == 1)
    }

    @Test("A missing folder is reported, and the rows are sent once it exists")
    func missing() async throws {
        let missing = folder + "/stick"
        await #expect(
            throws: SyncError.unreachable(missing, reason: "there is no such folder; is it mounted?")
        ) { try await harness.send(to: missing) }
        #expect(try harness.sent().isEmpty)
        try FileManager.default.createDirectory(atPath: missing, withIntermediateDirectories: false)
        #expect(try await harness.send(to: missing).rows == 10)
    }

    @Test("A file of the same name with other content is kept, and reported")
    func occupied() async throws {
        let path = folder + "/" + (try name("1-10"))
        try Data("mine".utf8).write(to: URL(filePath: path))
        await #expect(throws: SyncError.occupied(path)) { try await harness.send(to: folder) }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("mine".utf8))
        #expect(try harness.sent().isEmpty && harness.begun() == [1...10])
    }

    @Test("A name that is a folder is an error of the system's")
    func notAFile() async throws {
        let path = folder + "/" + (try name("1-10"))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        await #expect(throws: SyncError.inputOutput(.notAFile(path))) { try await harness.send(to: folder) }
        await #expect(throws: SyncError.self) { try await harness.send(to: "/dev/null") }
    }

    @Test("Leftover files of killed runs are removed")
    func leftovers() async throws {
        let left = folder + "/" + ScratchFolder.prefix + "dead"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
        try Data(count: 100).write(to: URL(filePath: left + "/part"))
        try await harness.send(to: folder)
        #expect(try names == [try name("1-10")])
    }

    @Test("A preview counts what would be sent, shows the first rows, and leaves no file")
    func preview() async throws {
        // A reader makes the WAL and its index, which stay until the last connection closes.
        func files() throws -> [String] { try data.folder.names().filter { !$0.hasPrefix("nexus.db-") }.sorted() }
        let before = try files()
        for destination in ["file://\(folder)", "clickhouse://127.0.0.1:1/telemetry"] {
            let plan = try harness.plan(Destination(destination))
            let preview = try await plan.preview(fromStart: false, firstRows: 3)
            #expect(preview.rows == 10 && preview.transfers == 1 && preview.bytes > 0)
            #expect(preview.range == 1...10 && preview.firstRows.count == 3)
            #expect(preview.firstRows[0].count == SyncPlan.columns.count)
            #expect(preview.firstRows[1][1] == "2" && preview.firstRows[1][7] == "make")
            #expect(preview.span.map { $0.earliest <= $0.latest } == true)
        }
        #expect(try names.isEmpty && files() == before)
        try await harness.send(to: folder)
        let plan = try harness.plan(Destination("file://\(folder)"))
        let after = try await plan.preview(fromStart: false, firstRows: 3)
        #expect(after.rows == 0 && after.range == nil && after.span == nil && after.firstRows.isEmpty)
        #expect(try await plan.preview(fromStart: true, firstRows: 0).rows == 10)
    }

    @Test("A whole run to a server and to ClickHouse ends with their answers")
    func servers() async throws {
        let server = try await RespondingServer(.answer(201))
        let plan = try harness.plan(Destination("http://127.0.0.1:\(server.port)/store"))
        let summary = try await plan.send(fromStart: false, credentials: nil) { _ in }
        #expect(summary.rows == 10 && server.methods == ["PUT"])
        let other = try await RespondingServer(.answer(200, [:], "<html>"))
        let place = "clickhouse://127.0.0.1:\(other.port)/telemetry"
        let rows = try harness.plan(Destination(place))
        await #expect(throws: SyncError.notClickHouse(place, answer: "HTTP 200: <html>")) {
            try await rows.send(fromStart: false, credentials: nil) { _ in }
        }
        #expect(try harness.sent() == [1...10])
    }

    @Test("Nothing is sent while another process sends")
    func alreadySending() async throws {
        let ledger = try Ledger.open(in: data)
        await #expect(throws: SyncError.alreadySending) { try await harness.send(to: folder) }
        _ = consume ledger
        #expect(try names.isEmpty)
    }

    @Test("A ledger that was altered together with its head is refused, until a new one is begun")
    func replaced() async throws {
        try await harness.send(to: folder)
        for path in [data.ledgerPath, data.ledgerHeadPath] { try FileManager.default.removeItem(atPath: path) }
        try await harness.record(1)
        let damaged = SyncError.damagedLedger(path: data.ledgerPath, .shortened(lines: 0, expected: 2))
        await #expect(throws: damaged) { try await harness.send(to: folder) }
        let plan = try harness.plan(Destination("file://\(folder)"))
        await #expect(throws: damaged) { try await plan.preview(fromStart: false, firstRows: 0) }
        #expect(try names.count == 1)
        #expect(try await plan.acceptNewLedger())
        #expect(try await harness.send(to: folder).rows == 11)
        #expect(try await plan.acceptNewLedger())
    }

    @Test("A run does not write to the database while recording is off")
    func off() async throws {
        try SettingsFile(data).update { $0.set(recording: false) }
        #expect(try await harness.send(to: folder).rows == 10)
        #expect(try harness.stored.reader().ledgerNote() == nil)
    }

    @Test("There is no plan without a database, nor for one that no writer of this version opened")
    func noPlan() throws {
        let destination = Destination.folder(Folder(folder))
        let none = try SyncPlan(destination, data: try TemporaryFolder().data, parts: .standard)
        #expect(none == nil)
        try harness.stored.tables().execute("DROP TABLE store")
        #expect(throws: SyncError.notReady) { try SyncPlan(destination, data: data, parts: .standard) }
    }

    @Test("The actor that sends exports too: all events, or those of a range of times")
    func export() async throws {
        let path = folder + "/all.db.lz4"
        let all = try await SyncActor().export(times: nil, of: data, as: .sqlite, to: .file(path), isPlain: false)
        #expect(all.events == 10)
        let none = try await SyncActor().export(times: 0..<1, of: data, as: .sqlite, to: .file(path), isPlain: false)
        #expect(none.events == 0)
    }
}
