package import Core
package import Database
package import SystemSupport

/// Imports the rows of a snapshot into a data folder.
///
///     snapshot ─ unpack, check frame, hash and tables ─ read and check rows ─▶ bounded queue ─▶ writer: one transaction
///
/// Rows are read and checked on one thread and inserted on the writer's, which takes a third less time than one thread. The
/// transaction ends only after every row was checked: a snapshot is imported as a whole or not at all, whenever the process
/// ends. Pages are not checked with `PRAGMA integrity_check`, as `nexus verify` does. The hash, the rules for every row, and
/// the rows' order, number and span are sufficient.
package struct SnapshotImport: Sendable {
    /// Batches of `Limits.snapshotRows` that wait between reading and writing: three megabytes.
    private static let queuedBatches = 8

    /// The numbers of imported, known and expired rows of a snapshot.
    package struct Outcome: Sendable {
        package let imported: Int
        /// Rows that were in the data folder already.
        package let known: Int
        /// Rows that are too old to be kept.
        package let expired: Int
    }

    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Imports into the database of a data folder, in which the snapshot is temporarily decompressed.
    /// - Parameters:
    ///   - lock: the writer lock of the folder.
    ///   - parts: of its writer.
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
            // Decompressing takes a fifth of the time.
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

/// A snapshot in the form of a data folder, for reports: its rows with their own rollups, separate from the user's data. It
/// is under `$TMPDIR`, else `/var/tmp`, and removed with the value.
package final class OpenedSnapshot: Sendable {
    private let scratch: ScratchFolder

    /// Decompresses and checks a snapshot.
    /// - Parameter parts: of the writer that imports its rows.
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
