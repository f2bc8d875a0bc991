import Application
import Core
import Database
import Foundation
import GRDB
import Intake
import Snapshots
import SystemSupport
import TestSupport

/// A data folder with events in its database, and the tools of the system to look into its snapshots.
struct SnapshotHarness {
    let folder: TemporaryFolder
    var data: DataFolder

    /// `events` events of three sessions, one a minute from 2026-01-01 on.
    init(events: Int = 0) async throws {
        folder = try TemporaryFolder()
        data = folder.data
        try data.folder.prepare()
        if events > 0 { try await record(0..<events) }
    }

    static func line(_ number: Int) -> String {
        let time = 1_767_225_600_000 + number * 60_000
        let hash = String(repeating: "0", count: 32 - String(number).count) + String(number)
        return switch number % 5 {
        case 0: #"{"event_type":"workspace_created","timestamp":\#(time),"session_id":"s-\#(number % 3)"}"#
        case 1:
            #"{"event_type":"task_completed","timestamp":\#(time),"session_id":"-s-\#(number % 3)","task_hash":"\#(hash)"}"#
        case 2:
            #"{"command":"swift build","timestamp":\#(time),"session_id":"s-\#(number % 3)","duration_ms":\#(number),"success":false,"error_category":"compile"}"#
        default:
            #"{"command":"make all","timestamp":\#(time),"session_id":"s-\#(number % 3)","duration_ms":\#(number),"success":true,"workspace_hash":"\#(hash)","template_used":"web","services_count":3,"ports_used":2}"#
        }
    }

    /// Records events and stores them.
    func record(_ numbers: Range<Int>) async throws {
        var filler = BufferFiller(data)
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 4096) {
            try filler.append((start..<min(start + 4096, numbers.upperBound)).map(Self.line))
        }
        let lock = try await writerLock()
        let writer = try SQLiteWriter(data: data, lock: lock)
        _ = try await writer.drain()
        try await writer.finish()
    }

    /// The lock; the writer before may still be releasing it, on its own thread.
    func writerLock() async throws -> WriterLock {
        for _ in 0..<1000 {
            if let lock = try WriterLock.acquire(in: data) { return lock }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Busy()
    }

    struct Busy: Error {}

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// What stands in the test's folder, besides the data.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "data" }.sorted() }
    }

    @discardableResult
    func export(
        _ selection: SnapshotSelection = .everything, as format: SnapshotFormat = .sqlite, to name: String = "snapshot",
        withoutCopy: Bool = false
    ) async throws -> SnapshotManifest {
        try await SnapshotWriter(data: data, directSnapshotBytes: withoutCopy ? 0 : Limits.directSnapshotBytes).write(
            selection, as: format, to: .file(path(name)))
    }

    /// What `lz4 -dc` of Debian makes of a snapshot.
    func unpacked(_ name: String = "snapshot") throws -> Data {
        try Self.tool("/usr/bin/lz4", "-t", path(name))
        let out = path("unpacked-" + UUID().uuidString)
        try Self.tool("/usr/bin/lz4", "-d", "-q", path(name), out)
        defer { try? FileManager.default.removeItem(atPath: out) }
        return try Data(contentsOf: URL(filePath: out))
    }

    /// A query on what a snapshot holds, by SQLite itself.
    func query(_ name: String = "snapshot", _ sql: String) throws -> [String] {
        let path = path("query-" + UUID().uuidString)
        try unpacked(name).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Self.query(path, sql)
    }

    static func query(_ path: String, _ sql: String) throws -> [String] {
        try DatabaseQueue(path: path).read { database in
            try Row.fetchAll(database, sql: sql).map { row in
                row.databaseValues.map { $0.isNull ? "" : String.fromDatabaseValue($0) ?? "\($0)" }.joined(
                    separator: "|")
            }
        }
    }

    struct ToolFailure: Error {
        let status: Int32
        let errors: String
    }

    static func tool(_ path: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ToolFailure(status: process.terminationStatus, errors: String(decoding: text, as: UTF8.self))
        }
    }
}
