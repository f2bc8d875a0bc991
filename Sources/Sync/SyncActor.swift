import Crypto
import EventModel
package import Platform
package import Store

/// Takes snapshots. It reads on a thread of its own; compressing and counting have theirs.
///
///     database ─ one consistent read ─▶ copy ─┬─ hash ─ compress ─▶ temporary file ─ fsync ─ rename
///                                             └─ count
///
/// The copy is on disk, in a folder beside the target: however much there is, memory holds a few pieces of 4 MiB, and the
/// database's log is held back only while the copy is made.
package actor SyncActor {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Writes a snapshot of what is selected. `progress` is told how much of how much is done, in units of its own.
    ///
    /// However the process ends, the target is what it was or the whole snapshot. What a killed one left beside it the
    /// next one removes.
    @discardableResult
    package func export(
        _ selection: SnapshotSelection = .everything, as format: SnapshotFormat, to target: SnapshotTarget,
        progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        guard data.hasDatabase else { throw .nothingRecorded(folder: data.folder.path) }
        let (folder, name) = try target.place()
        do {
            let scratch = try ScratchFolder(in: folder)
            let copy = scratch.path(of: "content.db")
            guard let copied = try SnapshotDatabase.copy(selection, of: data, to: copy) else {
                throw SnapshotError.outdatedDatabase(path: data.databasePath)
            }
            let file = try SnapshotFile(path: scratch.path(of: "snapshot"))
            let manifest = try await write(format, of: copy, copied, to: file, progress)
            try await file.end(with: manifest.trailer(), synchronize: name != nil)
            if let name {
                try Folder(folder.path).rename(scratch.name + "/snapshot", to: name)
                try folder.synchronize()
            } else {
                try await file.copyToOutput()
            }
            return manifest
        } catch {
            throw SnapshotError(error, path: name.map(folder.path(of:)) ?? "standard output")
        }
    }

    /// Writes the content and says what it is.
    private func write(
        _ format: SnapshotFormat, of copy: String, _ copied: SnapshotDatabase.Copied, to file: SnapshotFile,
        _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> SnapshotManifest {
        let counter = RowCounter()
        async let counted = counter.counts(of: copy, knowing: copied.times)
        var content = try SnapshotContent(format, path: copy, events: format == .sqlite ? 0 : await counted.events)
        var hash = SHA256()
        var piece = try content.next()
        while let current = piece {
            // Compressing this piece and hashing it and reading the next go on at once.
            async let written: Void = file.add(current)
            hash.update(data: current)
            piece = try content.next()
            try await written
            progress(content.done, content.total)
            try Task.checkCancellation()
        }
        let counts = try await counted
        return SnapshotManifest(
            content: format, installation: copied.installation.id, schemaVersion: SnapshotDatabase.schemaVersion,
            events: counts.events, sessions: format == .sqlite ? counts.sessions : 0, firstID: counts.ids?.lowerBound,
            lastID: counts.ids?.upperBound, from: counts.times.flatMap { SnapshotManifest.rfc3339($0.from) },
            until: counts.times.flatMap { SnapshotManifest.rfc3339($0.until) }, bytes: try await file.endContent(),
            sha256: hash.finalize().hexadecimal)
    }
}

/// Counts the rows of a copy, on a thread of its own.
private actor RowCounter {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func counts(
        of path: String, knowing times: (from: String, until: String)?
    ) throws -> SnapshotRows.Counts {
        try SnapshotRows(path: path).counts(knowing: times)
    }
}

extension Digest {
    /// As hexadecimal digits in lower case.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
