import Core
import Database
import SystemSupport

/// Decompresses and checks snapshots, on a separate thread.
package actor SnapshotChecker {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Checks the frame, the hash, the manifest, the database (with SQLite's integrity check), every field of every
    /// row, and the counts. A database is first written to a temporary folder under `$TMPDIR`, or under `/var/tmp` if
    /// `TMPDIR` is not set.
    package func verify(
        progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        try await asSnapshotError {
            if let plain = try PlainSnapshot(path: path) {
                guard plain.format == .sqlite else { return try plain.checkText(progress) }
                let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
                let (rows, manifest) = try plain.copyDatabase(to: scratch.path(of: "content.db"), progress)
                try await check(rows, manifest)
                return manifest
            }
            let input = try SnapshotInput(path: path)
            let manifest = input.manifest
            switch manifest.content {
            case .sqlite:
                let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
                try await check(unpack(input, to: scratch.path(of: "content.db"), progress), manifest)
            case .ndjson, .csv:
                var lines = TextLines(isCSV: manifest.content == .csv)
                try input.unpack(progress) { lines.count($0) }
                guard lines.count - (manifest.content == .csv ? 1 : 0) == manifest.events else {
                    throw SnapshotError.damaged(
                        path: path, what: "its number of events differs from the number in its manifest")
                }
            }
            return manifest
        }
    }

    /// Runs SQLite's integrity check of the database, and checks every row.
    private func check(_ rows: SnapshotRows, _ manifest: SnapshotManifest) async throws {
        if let problem = try await rows.problem() { throw SnapshotError.damaged(path: path, what: problem) }
        var reader = try SnapshotRowReader(rows, manifest, path: path)
        while try reader.next() != nil {}
    }

    /// Decompresses a snapshot to a new file at `copy`, and checks frame, hash and tables. Rejects the formats `ndjson`
    /// and `csv`, because they cannot be imported. `readRows` checks the rows later.
    func unpack(
        to copy: String, _ progress: @Sendable (Int, Int) -> Void
    ) throws(SnapshotError) -> SnapshotManifest {
        try asSnapshotError {
            if let plain = try PlainSnapshot(path: path) {
                guard plain.format == .sqlite else { throw SnapshotError.plainText(path: path, format: plain.format) }
                return try plain.copyDatabase(to: copy, progress).manifest
            }
            let input = try SnapshotInput(path: path)
            let manifest = input.manifest
            guard manifest.content == .sqlite else {
                throw SnapshotError.oneWay(path: path, format: manifest.content)
            }
            _ = try unpack(input, to: copy, progress)
            return manifest
        }
    }

    /// Checks all rows of the decompressed snapshot at `copy` and puts them into a queue. Ends the queue after the last
    /// row, or with an error at the first invalid row. Calls `progress` with the share of the rows that were read,
    /// from 0 to 1.
    func readRows(
        of copy: String, _ manifest: SnapshotManifest, into queue: BoundedQueue<ImportedRows>,
        _ progress: @Sendable (Double) -> Void
    ) {
        do {
            var reader = try SnapshotRowReader(SnapshotRows(path: copy), manifest, path: path)
            while let batch = try reader.next(), queue.put(batch) {
                progress(Double(reader.events) / Double(max(1, manifest.events)))
            }
            queue.end()
        } catch {
            queue.end(SnapshotError(reading: error, path: path))
        }
    }

    private func unpack(
        _ input: borrowing SnapshotInput, to copy: String, _ progress: (Int, Int) -> Void
    ) throws -> SnapshotRows {
        let manifest = input.manifest
        let file = try File(opening: copy, [.write, .create, .exclusive])
        guard try file.freeSpace() > manifest.bytes else {
            throw SnapshotError.noRoom(path: path, bytes: manifest.bytes)
        }
        try input.unpack(progress) { try file.write($0) }
        let rows = try SnapshotRows(path: copy)
        if let problem = try rows.problemOfTables() { throw SnapshotError.damaged(path: path, what: problem) }
        let facts = try rows.facts()
        guard facts["installation"] == manifest.installation, facts["format_version"] == String(manifest.formatVersion)
        else {
            throw SnapshotError.damaged(
                path: path, what: "the manifest in its database differs from the manifest at its end")
        }
        guard try rows.sessionCount() == manifest.sessions else {
            throw SnapshotError.damaged(
                path: path, what: "its number of sessions differs from the number in its manifest")
        }
        return rows
    }

    /// Runs `work` and converts an error of `work` to a `SnapshotError`. An unknown error counts as an invalid
    /// snapshot.
    private func asSnapshotError<Value>(_ work: () throws -> Value) throws(SnapshotError) -> Value {
        do { return try work() } catch { throw snapshotError(error) }
    }

    /// Runs asynchronous `work` and converts its errors in the same way.
    private func asSnapshotError<Value>(_ work: () async throws -> Value) async throws(SnapshotError) -> Value {
        do { return try await work() } catch { throw snapshotError(error) }
    }

    private func snapshotError(_ error: any Error) -> SnapshotError { SnapshotError(reading: error, path: path) }
}

/// Counts the lines of a text that arrives in chunks. In CSV a line feed between quotes does not end a line.
private struct TextLines {
    let isCSV: Bool
    private(set) var count = 0
    private var isQuoted = false

    init(isCSV: Bool) {
        self.isCSV = isCSV
    }

    mutating func count(_ text: Span<UInt8>) {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\""): isQuoted = isCSV && !isQuoted
            case UInt8(ascii: "\n") where !isQuoted: count += 1
            default: break
            }
        }
    }
}
