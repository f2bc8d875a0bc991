package import Core
import Crypto
package import Database
import SystemSupport

/// Writes snapshots. The writer reads and hashes on the caller's executor, which should have a separate thread. Another
/// thread compresses and writes.
///
///     database ─ copy ─┬─ hash ────────────────────────────────┐
///                      └─ compress ─▶ temporary file ─ manifest ┴ fsync ─ rename
///
/// One read transaction makes the copy, in a folder next to the target. The content is then read from the copy. In the
/// format `sqlite`, a snapshot of all rows of a large database copies only a small part, and reads the rest directly
/// (see `DirectSnapshot`). Memory use is a few chunks of 4 MiB, regardless of the size of the database.
package struct SnapshotWriter: Sendable {
    private let data: DataFolder
    private let directSnapshotBytes: Int

    /// - Parameter directSnapshotBytes: the minimum size, in bytes, of a database for which `DirectSnapshot` is tried.
    package init(data: DataFolder, directSnapshotBytes: Int = Limits.directSnapshotBytes) {
        self.data = data
        self.directSnapshotBytes = directSnapshotBytes
    }

    /// Writes a snapshot of the selected events. If `isPlain` is true, writes only the content, without frame and
    /// manifest. Calls `progress` with the finished and the total amount, in an arbitrary unit.
    ///
    /// If the process is killed, the target is either unchanged or the complete snapshot. The next run removes
    /// leftovers of a killed process from the target's folder.
    @discardableResult
    package func write(
        _ selection: SnapshotSelection = .everything, as format: SnapshotFormat, to target: SnapshotTarget,
        isPlain: Bool = false, progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        guard try hasTables() else { throw .nothingRecorded(folder: data.folder.path) }
        let (folder, name) = try target.place()
        do {
            let scratch = try ScratchFolder(in: folder)
            let file = try SnapshotFile(path: scratch.path(of: "snapshot"), isPlain: isPlain)
            let manifest = try await writeContent(
                selection, as: format, copyingTo: scratch.path(of: "content.db"), file, progress)
            try await file.end(with: manifest.trailer(), synchronize: name != nil)
            guard let name else {
                // The program that reads the output may take any amount of time. The files are unlinked first, so that
                // a killed process leaves no files.
                Self.remove(scratch)
                try await file.copyToOutput()
                return manifest
            }
            try folder.rename(scratch.name + "/snapshot", to: name)
            try folder.synchronize()
            return manifest
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw SnapshotError(error, path: name.map(folder.path(of:)) ?? "standard output")
        }
    }

    private static func remove(_ scratch: consuming ScratchFolder) {}

    private func hasTables() throws(SnapshotError) -> Bool {
        do { return try StoreReader(data: data) != nil } catch { throw .store(error) }
    }

    /// Writes the content and returns its manifest.
    private func writeContent(
        _ selection: SnapshotSelection, as format: SnapshotFormat, copyingTo copy: String, _ file: SnapshotFile,
        _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> SnapshotManifest {
        if format == .sqlite, selection == .everything,
            let snapshot = try await DirectSnapshot.make(of: data, copy: copy, leastBytes: directSnapshotBytes)
        {
            let written = try await write(SnapshotContent(snapshot), to: file, progress)
            return Self.manifest(format, of: snapshot.installation, snapshot.counts, written)
        }
        guard let copied = try await SnapshotDatabase.copy(selection, of: data, to: copy) else {
            throw SnapshotError.outdatedDatabase(path: data.databasePath)
        }
        let counter = RowCounter()
        async let counted = counter.counts(of: copy, knowing: copied.times)
        let content = try SnapshotContent(format, path: copy, events: format == .sqlite ? 0 : await counted.events)
        let written = try await write(content, to: file, progress)
        return Self.manifest(format, of: copied.installation, try await counted, written)
    }

    /// Writes the content. Returns the length of the content in bytes, and its SHA-256.
    private func write(
        _ content: SnapshotContent, to file: SnapshotFile, _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> (bytes: Int, sha256: String) {
        var content = content
        var hash = SHA256()
        var bytes = 0
        var next = try content.next()
        while let chunk = next {
            // Another thread compresses this chunk while this thread hashes it and reads the next chunk.
            async let appended: Void = file.append(chunk)
            hash.update(data: chunk)
            bytes += chunk.count
            next = try content.next()
            try await appended
            progress(content.done, content.total)
            try Task.checkCancellation()
        }
        return (bytes, hash.finalize().hexadecimal)
    }

    private static func manifest(
        _ format: SnapshotFormat, of installation: InstallationID, _ counts: SnapshotRows.Counts,
        _ written: (bytes: Int, sha256: String)
    ) -> SnapshotManifest {
        SnapshotManifest(
            content: format, installation: installation.id, schemaVersion: SnapshotDatabase.schemaVersion,
            events: counts.events, sessions: format == .sqlite ? counts.sessions : 0, firstID: counts.ids?.lowerBound,
            lastID: counts.ids?.upperBound, from: counts.times.flatMap { SnapshotManifest.rfc3339($0.from) },
            until: counts.times.flatMap { SnapshotManifest.rfc3339($0.until) }, bytes: written.bytes,
            sha256: written.sha256)
    }
}

/// Counts the rows of a copy, on a separate thread.
private actor RowCounter {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func counts(
        of path: String, knowing times: (from: String, until: String)?
    ) throws -> SnapshotRows.Counts {
        try SnapshotRows(path: path).counts(knowing: times)
    }
}

/// The destination of a new snapshot.
package enum SnapshotTarget: Equatable, Sendable {
    /// A file. An existing file is replaced as a whole once the new file is complete and on disk. An existing folder,
    /// link or other entry causes an error and is not replaced.
    case file(String)
    /// The standard output of this process, usually a pipe to another program. It receives no bytes before the snapshot
    /// is complete.
    case standardOutput

    /// Returns the folder in which the snapshot is created, and the name of its file there. The name is nil if the
    /// target is standard output.
    func place() throws(SnapshotError) -> (folder: Folder, name: String?) {
        guard case .file(let path) = self else { return (ScratchFolder.commonParent, nil) }
        let folder = Folder(path).parent
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
        guard !name.isEmpty, name != ".", name != ".." else { throw .occupied(path: path, by: "a folder") }
        let occupant: Folder.Occupant
        do { occupant = try folder.occupant(of: name) } catch { throw .system(error) }
        switch occupant {
        case .nothing, .file: return (folder, name)
        case .symbolicLink: throw .occupied(path: path, by: "a symbolic link")
        case .folder: throw .occupied(path: path, by: "a folder")
        case .other: throw .occupied(path: path, by: "a device, pipe or socket")
        }
    }
}
