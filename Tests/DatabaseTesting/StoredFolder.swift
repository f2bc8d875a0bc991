package import Core
package import Database
import Foundation
import Rollups
import SystemSupport
package import TestSupport

/// A data folder that a test fills and stores in process, with a clock of its own.
package struct StoredFolder: Sendable {
    package let folder: TemporaryFolder
    package let clock: ManualWallClock
    private let parts: WriterParts
    package var data: DataFolder { folder.data }

    /// - Parameters:
    ///   - now: the time in milliseconds since 1970; events without a time get it.
    ///   - parts: of every writer; the aggregates alone unless given.
    package init(
        now: Int64 = 1_800_000_000_000,
        parts: WriterParts = WriterParts(derivedTables: RollupTables(), resume: { _, _ in })
    ) throws {
        folder = try TemporaryFolder()
        clock = ManualWallClock(now)
        self.parts = parts
        try folder.data.folder.prepare()
    }

    /// Records lines of NDJSON; they wait in the buffer.
    package func record(_ lines: [String]) throws {
        var filler = BufferFiller(data, now: clock.now())
        try filler.append(lines)
    }

    /// Records lines of NDJSON and stores them.
    package func store(_ lines: [String]) async throws {
        try record(lines)
        try await withWriter { writer in
            _ = try await writer.drain()
            try await writer.finish()
        }
    }

    /// Passes a writer to `work`, and closes it, so that the lock is free afterwards.
    package func withWriter<Result: Sendable>(
        _ work: (SQLiteWriter) async throws -> Result
    ) async throws -> Result {
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock, parts: parts, clock: clock)
        let result: Result
        do {
            result = try await work(writer)
        } catch {
            await writer.close()
            throw error
        }
        await writer.close()
        return result
    }

    package func tables() throws -> Tables { try Tables(data) }

    /// A reader of the database, which must be there.
    package func reader() throws -> StoreReader {
        guard let reader = try StoreReader(data: data) else { throw NoDatabase() }
        return reader
    }

    private struct NoDatabase: Error {}

    /// Replaces a part of a file in the data folder, as a disk that fails would.
    package func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    /// Writes a file of the owner's alone.
    package func write(_ name: String, _ bytes: [UInt8]) throws {
        let path = data.folder.path(of: name)
        try Data(bytes).write(to: URL(filePath: path))
        try setMode(0o600, of: path)
    }

    package func setMode(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}
