import EventModel
import Platform
import Store

/// Reads snapshots: whether one is what it says, and its rows. It works on a thread of its own.
package actor SnapshotChecker {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Checks everything: frame, hash, manifest, the database as SQLite sees it, every field of every row, and the
    /// counts. It writes the content to a folder of its own under `$TMPDIR`, else `/var/tmp`.
    package func verify(
        progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        try await asSnapshotError {
            let input = try SnapshotInput(path: path)
            let manifest = input.manifest
            switch manifest.content {
            case .sqlite:
                let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
                let copy = scratch.path(of: "content.db")
                try unpack(input, to: copy, progress)
                try checkDatabase(at: copy, manifest)
                if let flaw = try await SnapshotRows(path: copy).flaw() {
                    throw SnapshotError.damaged(path: path, what: flaw)
                }
                try readRows(of: copy, manifest) { _ in true }
            case .ndjson, .csv:
                var lines = TextLines(isCSV: manifest.content == .csv)
                try input.unpack(progress) { lines.count($0) }
                guard lines.count - (manifest.content == .csv ? 1 : 0) == manifest.events else {
                    throw SnapshotError.damaged(path: path, what: "it does not hold as many events as it says")
                }
            }
            return manifest
        }
    }

    /// Unpacks a snapshot that can be read back to a file at `copy`, which must not be there.
    func unpack(to copy: String, progress: (Int, Int) -> Void) throws(SnapshotError) -> SnapshotManifest {
        try asSnapshotError {
            let input = try SnapshotInput(path: path)
            guard input.manifest.content == .sqlite else {
                throw SnapshotError.oneWay(path: path, format: input.manifest.content)
            }
            try unpack(input, to: copy, progress)
            return input.manifest
        }
    }

    private func unpack(_ input: borrowing SnapshotInput, to copy: String, _ progress: (Int, Int) -> Void) throws {
        let file = try File(opening: copy, [.write, .create, .exclusive])
        guard try file.freeSpace() > input.manifest.bytes else {
            throw SnapshotError.noRoom(path: path, bytes: input.manifest.bytes)
        }
        try input.unpack(progress) { try file.write($0) }
    }

    /// Checks what the database is, but for what SQLite says to its pages and for the events.
    func checkDatabase(at copy: String, _ manifest: SnapshotManifest) throws(SnapshotError) {
        try asSnapshotError {
            var header: [UInt8] = []
            _ = try File(opening: copy, .read).read(appendingTo: &header, limit: 100)
            // Versions of the format to read and to write: 1 is a plain database, 2 one with a log beside it.
            guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)), header[18] == 1,
                header[19] == 1
            else { throw SnapshotError.damaged(path: path, what: "it does not hold a plain SQLite database") }
            let rows = try SnapshotRows(path: copy)
            if let flaw = try rows.flawOfTables() { throw SnapshotError.damaged(path: path, what: flaw) }
            guard try rows.sessions() == manifest.sessions else { throw wrongRows }
            let facts = try rows.facts()
            guard facts["installation"] == manifest.installation,
                facts["format_version"] == String(manifest.formatVersion)
            else { throw SnapshotError.damaged(path: path, what: "its two manifests differ") }
        }
    }

    /// Hands all events to `take`, many at a time, each checked by the rules for events, and checks that there are as many
    /// as the manifest says, and of that span; ends early when `take` says false.
    func readRows(
        of copy: String, _ manifest: SnapshotManifest, _ take: (ImportedRows) -> Bool
    ) throws(SnapshotError) {
        try asSnapshotError {
            guard let own = Installation(manifest.installation), let origins = try SnapshotRows(path: copy).origins()
            else { throw SnapshotError.damaged(path: path, what: "where its rows come from cannot be") }
            let source = try SnapshotRows(path: copy)
            var rules = RowRules()
            var last = Int64.min
            var first: Int64?
            var previous = Int64.min
            var events = 0
            while true {
                var rows = ImportedRows(of: own)
                let reached = try source.rows(after: last, limit: Limits.snapshotRows) { row in
                    let identity = origins.identity(of: row.id, own: own)
                    if identity.installation != rows.installation {
                        if rows.count > 0, !take(rows) { throw CancellationError() }
                        rows = ImportedRows(of: identity.installation)
                    }
                    if let flaw = rules.check(row, use: { rows.append(identity.id, $0) }) {
                        throw SnapshotError.damaged(path: path, what: "row \(row.id): \(flaw)")
                    }
                    // Pages that somebody made up could give rows without an end.
                    guard row.id > previous, events < manifest.events else { throw wrongRows }
                    previous = row.id
                    first = first ?? row.id
                    events += 1
                }
                guard let reached else { break }
                guard take(rows) else { throw CancellationError() }
                last = reached
                try Task.checkCancellation()
            }
            guard events == manifest.events else { throw wrongRows }
            guard first == manifest.firstID, first == nil || last == manifest.lastID,
                rules.span.map({ Timestamp.rfc3339($0.lowerBound) }) == manifest.from,
                rules.span.map({ Timestamp.rfc3339($0.upperBound) }) == manifest.until
            else { throw SnapshotError.damaged(path: path, what: "it does not hold the span of events that it says") }
        }
    }

    private var wrongRows: SnapshotError { .damaged(path: path, what: "it does not hold as many rows as it says") }

    /// Runs work whose failures mean that the snapshot is not sound, but for those of files.
    private func asSnapshotError<Value>(_ work: () throws -> Value) throws(SnapshotError) -> Value {
        do { return try work() } catch { throw snapshotError(error) }
    }

    /// The same for work that waits.
    private func asSnapshotError<Value>(_ work: () async throws -> Value) async throws(SnapshotError) -> Value {
        do { return try await work() } catch { throw snapshotError(error) }
    }

    private func snapshotError(_ error: any Error) -> SnapshotError {
        if Task.isCancelled { return .cancelled }
        return switch error {
        case StoreError.notADatabase: .damaged(path: path, what: "SQLite cannot read what it holds")
        case StoreError.database(_, let message): .damaged(path: path, what: "SQLite says: \(message)")
        case let error as StoreError: .store(error)
        default: SnapshotError(error, path: path)
        }
    }
}

/// Counts the lines of text that comes in pieces; in CSV a line feed between quotes ends none.
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
