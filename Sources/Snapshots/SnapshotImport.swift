import Core
package import Database
package import SystemSupport

/// Imports the rows of a snapshot into a data folder.
///
///     snapshot ─ unpack, check frame, hash and tables ─ read and check rows ─▶ bounded queue ─▶ writer: one transaction
///
/// Rows are read and checked on one thread and inserted on the writer's, which takes a third less time than one thread.
/// The transaction ends only after every row was checked: a snapshot comes in whole or not at all, whatever is wrong with
/// it and whenever the process ends. Pages are not checked with `PRAGMA integrity_check`, as `nexus verify` does: the
/// hash, every row by the rules, their order, number and span say enough.
package struct SnapshotImport: Sendable {
    /// Batches of `Limits.snapshotRows` that wait between reading and writing: three megabytes.
    private static let queuedBatches = 8

    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Imports into the database that `writer` writes. The unpacked snapshot is in `parent` meanwhile.
    package func run(
        into writer: SQLiteWriter, unpackingIn parent: Folder,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> ImportOutcome {
        do {
            let scratch = try ScratchFolder(in: parent)
            let checker = SnapshotChecker(path: path)
            // Unpacking takes a fifth of the time.
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
