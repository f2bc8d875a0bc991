package import Core
package import Database
import SystemSupport

/// A snapshot laid out as a data folder, for reports: its rows with rollups of their own, apart from the person's data.
/// It stands under `$TMPDIR`, else `/var/tmp`, and goes with the value.
package final class OpenedSnapshot: Sendable {
    private let scratch: ScratchFolder

    /// Unpacks and checks a snapshot.
    /// - Parameter parts: of the writer that imports its rows.
    package init(
        _ path: String, parts: WriterParts,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) {
        do {
            let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
            let data = DataFolder(scratch.folder.path)
            guard let lock = try WriterLock.acquire(in: data) else { throw CancellationError() }
            let folder = scratch.folder
            try await SQLiteWriter.withWriter(of: data, lock: lock, parts: parts, obeysSettings: false) { writer in
                _ = try await SnapshotImport(path: path).run(into: writer, unpackingIn: folder, progress: progress)
                try await writer.finish()
            }
            self.scratch = scratch
        } catch {
            throw SnapshotError(error, path: path)
        }
    }

    /// What a report reads.
    package var data: DataFolder { DataFolder(scratch.folder.path) }
}
