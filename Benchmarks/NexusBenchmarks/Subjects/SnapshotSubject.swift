import Application
import Core
import Database
import Intake
import Snapshots
import Sync
import SystemSupport
import WriteAheadBuffer

/// Snapshots: a database packed with LZ4, and checked from its first byte to its last.
final class SnapshotSubject: Sendable {
    private let data: DataFolder
    private let file: String

    /// Of a data folder at `path` into which so many events are stored first.
    init(events: Int, path: String) async throws {
        data = DataFolder(path)
        file = path + "/snapshot.lz4"
        try data.folder.prepare()
        guard let lock = try WriterLock.acquire(in: data) else { preconditionFailure("the folder has a writer") }
        let bytes = Self.batch(events).bytes
        _ = try SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder)).append(bytes.span)
        let writer = try SQLiteWriter(data: data, lock: lock)
        let stored = try await writer.drain()
        precondition(stored == events)
        try await writer.finish()
    }

    private static func batch(_ events: Int) -> RecordBatch {
        var intake = EventIntake(
            key: HashKey(bytes: Array(repeating: 7, count: HashKey.length)), session: "benchmark")
        var batch = RecordBatch()
        for number in 0..<events {
            let line = Array(
                """
                {"timestamp":\(1_700_000_000_000 + number * 250),"workspace":"workspace-\(number % 25)",\
                "command":"swift build","duration_ms":\(number % 9000),"success":\(number % 8 != 0)}
                """.utf8)
            let isTaken = (try? intake.accept(line: line.span) { batch.append($0) }) != nil
            precondition(isTaken, "a line is wrong")
        }
        return batch
    }

    /// Writes a snapshot.
    func export() async throws {
        try await SyncActor().export(of: data, as: .sqlite, to: .file(file))
    }

    /// Checks the one that was written.
    func verify() async throws {
        _ = try await SnapshotChecker(path: file).verify()
    }
}
