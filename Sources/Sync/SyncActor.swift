import Crypto
import EventModel
package import Platform
package import Store

/// Takes snapshots. It reads on a thread of its own; compressing and writing have theirs.
///
///     database ─ pages of one moment ─┬─ hash
///                                     ├─ compress ─┐
///                                     └─ compress ─┴─▶ temporary file ─ fsync ─ rename
///
/// The whole of a database is read where it stands (see `PinnedSnapshot`), and its log held back meanwhile. For a part of
/// it, for text, and for a small one, a copy of what is selected is made in a folder beside the target, and read from
/// there. Memory holds a few pieces of a MiB however much there is.
package actor SyncActor {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Pieces are compressed side by side on so many threads …
    private static let compressors = 2
    /// … and so many are on their way: enough to keep them busy.
    private static let piecesAhead = 6

    /// After so many bytes of hashing, some ten microseconds, whoever waits for the processor is let in.
    private static let bytesBetweenLooks = 16 * 1024

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
        guard try hasTables() else { throw .nothingRecorded(folder: data.folder.path) }
        let (folder, name) = try target.place()
        do {
            let scratch = try ScratchFolder(in: folder)
            let file = try SnapshotFile(path: scratch.path(of: "snapshot"))
            let manifest = try await write(
                selection, as: format, copyingTo: scratch.path(of: "content.db"), file, progress)
            try await file.end(with: manifest.trailer(), synchronize: name != nil)
            guard let name else {
                // Whoever reads may take as long as they like; nothing of it has a name meanwhile.
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

    /// Writes the content and says what it is.
    private func write(
        _ selection: SnapshotSelection, as format: SnapshotFormat, copyingTo copy: String, _ file: SnapshotFile,
        _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> SnapshotManifest {
        if format == .sqlite, selection == .everything, let pinned = try PinnedSnapshot.pin(data, copy: copy) {
            let written = try await write(SnapshotContent(pinned), to: file, progress)
            return Self.manifest(format, of: pinned.installation, pinned.counts, written)
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

    /// Writes the content as blocks of the frame; says how long it is, and its SHA-256.
    private func write(
        _ content: SnapshotContent, to file: SnapshotFile, _ progress: @Sendable (Int, Int) -> Void
    ) async throws -> (bytes: Int, sha256: String) {
        // Most of its time it is on the processor that compressing leaves alone: whoever records is to be let in there at once.
        ThisProcess.makeMoreWay()
        var content = content
        var (hash, checksum) = (SHA256(), XXH32())
        var (bytes, number) = (0, 0)
        let compressors = try (0..<Self.compressors).map { _ in try SnapshotCompressor() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            while let piece = try content.next() {
                if number >= Self.piecesAhead { try await group.next() }
                let (compressor, place) = (compressors[number % compressors.count], number)
                group.addTask { try await compressor.compress(piece, place, to: file) }
                // Compressing this piece and the ones before, hashing it and reading the next go on at once.
                for start in stride(from: 0, to: piece.count, by: Self.bytesBetweenLooks) {
                    let part = start..<min(start + Self.bytesBetweenLooks, piece.count)
                    hash.update(data: piece[part])
                    checksum.update(piece.span.extracting(part))
                    ThisProcess.letOthersIn()
                }
                bytes += piece.count
                number += 1
                progress(content.done, content.total)
                try Task.checkCancellation()
            }
            try await group.waitForAll()
        }
        try await file.endContent(bytes, checksum)
        return (bytes, hash.finalize().hexadecimal)
    }

    private static func manifest(
        _ format: SnapshotFormat, of installation: Installation, _ counts: SnapshotRows.Counts,
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
