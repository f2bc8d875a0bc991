import EventModel
package import Platform
package import Store

/// Takes the rows of a snapshot into a data folder.
///
///     snapshot ─┬─ check frame and hash ────────┐
///               └─ read rows, check every one ──┴▶ writer: one transaction
///
/// The rows are read where they are. Checks and writing go on at once; the transaction ends only after all checks, so that a
/// snapshot comes in whole or not at all, whatever is wrong with it and whenever the process ends. SQLite is not asked about
/// its pages, as `nexus verify` does: the frame, the hash, every row by the rules, their order, their number and their span
/// say enough.
package struct SnapshotImport: Sendable {
    /// Batches that wait between reading and writing, of which each has room for `Limits.snapshotRows`: three megabytes.
    private static let batchesAhead = 8

    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Imports into the database that `writer` writes; what is unpacked stands in `parent` meanwhile.
    package func run(
        into writer: SQLiteWriter, unpackingIn parent: Folder,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> ImportOutcome {
        do {
            let scratch = try ScratchFolder(in: parent)
            let copy = scratch.path(of: "content.db")
            let reader = SnapshotChecker(path: path)
            let manifest = try await reader.manifest()
            try await reader.unpackTables(to: copy, manifest)
            return try await merge(copy, manifest, reader, into: writer, progress)
        } catch {
            throw SnapshotError(error, path: path)
        }
    }

    private func merge(
        _ copy: String, _ manifest: SnapshotManifest, _ reader: SnapshotChecker, into writer: SQLiteWriter,
        _ progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> ImportOutcome {
        let rows = HandOff<ImportedRows>(room: Self.batchesAhead)
        return try await withThrowingTaskGroup(of: ImportOutcome?.self) { group in
            group.addTask { try await writer.importRows(rows) }
            group.addTask {
                do {
                    try await withThrowingTaskGroup(of: Void.self) { checks in
                        checks.addTask { [path] in try await SnapshotChecker(path: path).checkContent(manifest) }
                        checks.addTask { try await reader.hand(rows, besides: copy, manifest, progress) }
                        try await checks.waitForAll()
                    }
                    rows.end()
                } catch {
                    rows.end(error)
                    throw error
                }
                return nil
            }
            var outcome = ImportOutcome()
            for try await result in group {
                if let result { outcome = result }
            }
            return outcome
        }
    }
}

extension SnapshotChecker {
    /// Puts all rows into `target`.
    fileprivate func hand(
        _ target: HandOff<ImportedRows>, besides copy: String, _ manifest: SnapshotManifest,
        _ progress: (Int, Int) -> Void
    ) throws {
        var done = 0
        try readRows(besides: copy, manifest) { rows in
            done += rows.count
            progress(done, manifest.events)
            return target.put(rows)
        }
    }
}
