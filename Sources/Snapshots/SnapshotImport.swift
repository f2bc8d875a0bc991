package import Core
package import Database
package import SystemSupport

/// Imports the rows of a snapshot into a data folder.
///
///     snapshot ─ unpack, check frame, hash, tables ─ read and check rows ─▶ bounded queue ─▶ writer: one transaction
///
/// One thread reads and checks rows, and the writer's thread inserts them. Two threads take a third less time than one
/// thread. The transaction ends only after every row was checked. Therefore a snapshot is imported as a whole or not at
/// all, even if the process is killed. Only `nexus verify` checks the pages with `PRAGMA integrity_check`. For an
/// import, the hash, the rules for every row, and the rows' order, number and span are sufficient.
package struct SnapshotImport: Sendable {
    /// The maximum number of batches that wait between reading and writing. Together they take some megabytes.
    private static let queuedBatches = 8

    /// The numbers of imported, known and expired rows of a snapshot.
    package struct Outcome: Sendable {
        package let imported: Int
        /// Rows that the data folder already had.
        package let known: Int
        /// Rows that are older than the retention of rows.
        package let expired: Int
    }

    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Imports into the database of a data folder. The snapshot is temporarily decompressed in this folder.
    /// - Parameters:
    ///   - lock: the writer lock of the folder.
    ///   - parts: the parts of the folder's writer.
    package func run(
        into data: DataFolder, lock: consuming WriterLock, parts: WriterParts,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> Outcome {
        try await SQLiteWriter.withWriter(of: data, lock: lock, parts: parts, obeysSettings: false) { writer in
            let outcome = try await run(into: writer, unpackingIn: data.folder, progress: progress)
            try await writer.finish()
            return Outcome(imported: outcome.imported, known: outcome.known, expired: outcome.expired)
        }
    }

    /// Imports into the database that `writer` writes. The snapshot is temporarily decompressed in `parent`.
    package func run(
        into writer: SQLiteWriter, unpackingIn parent: Folder,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> ImportOutcome {
        do {
            let scratch = try ScratchFolder(in: parent)
            let checker = SnapshotChecker(path: path)
            // Decompression takes a fifth of the import's time.
            let manifest = try await checker.unpack(to: scratch.path(of: "content.db")) { progress($0 / 5, $1) }
            let queue = BoundedQueue<ImportedRows>(capacity: Self.queuedBatches)
            async let reading: Void = checker.readRows(of: scratch.path(of: "content.db"), manifest, into: queue) {
                progress(manifest.bytes / 5 + Int(Double(manifest.bytes) * 0.8 * $0), manifest.bytes)
            }
            let outcome = try await writer.importRows(from: queue)
            await reading
            return outcome
        } catch {
            throw SnapshotError(error, path: path)
        }
    }
}

/// A snapshot as a temporary data folder, for reports. The folder contains the snapshot's rows and their rollups,
/// separate from the user's data. The folder is under `$TMPDIR`, or under `/var/tmp` if `TMPDIR` is not set. The folder
/// is removed when this object is released.
package final class OpenedSnapshot: Sendable {
    private let scratch: ScratchFolder

    /// Decompresses and checks a snapshot.
    /// - Parameter parts: the parts of the writer that imports the snapshot's rows.
    package init(
        _ path: String, parts: WriterParts,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) {
        do {
            let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
            let data = DataFolder(scratch.folder.path)
            guard let lock = try WriterLock.acquire(in: data) else { throw CancellationError() }
            _ = try await SnapshotImport(path: path).run(into: data, lock: lock, parts: parts, progress: progress)
            self.scratch = scratch
        } catch {
            throw SnapshotError(error, path: path)
        }
    }

    /// The data folder that a report reads.
    package var data: DataFolder { DataFolder(scratch.folder.path) }
}
