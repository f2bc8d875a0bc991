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
                try checkSessions(manifest)
                try checkTables(of: copy, manifest)
                if let flaw = try await SnapshotRows(path: copy).flaw() {
                    throw SnapshotError.damaged(path: path, what: flaw)
                }
                try readRows(besides: copy, manifest) { _ in true }
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

    /// What a snapshot that can be read back says of itself.
    func manifest() throws(SnapshotError) -> SnapshotManifest {
        try asSnapshotError {
            let manifest = try SnapshotInput(path: path).manifest
            guard manifest.content == .sqlite else {
                throw SnapshotError.oneWay(path: path, format: manifest.content)
            }
            return manifest
        }
    }

    /// Checks frame and hash of the content, and how many sessions it holds.
    func checkContent(_ manifest: SnapshotManifest) throws(SnapshotError) {
        try asSnapshotError {
            try input(manifest).unpack({ _, _ in }) { _ in }
            try checkSessions(manifest)
        }
    }

    private func checkSessions(_ manifest: SnapshotManifest) throws {
        guard let sessions = try pages(manifest).rows(of: "sessions") else { throw wrongTables }
        guard sessions == manifest.sessions else { throw wrongRows }
    }

    /// The file once more, for reading beside others who do: it must be the one whose manifest was read.
    private func input(_ manifest: SnapshotManifest) throws -> SnapshotInput {
        let input = try SnapshotInput(path: path)
        guard input.manifest == manifest else {
            throw SnapshotError.damaged(path: path, what: "it was replaced while it was read")
        }
        return input
    }

    /// Unpacks of the database what says where its rows come from to a file at `copy`, which must not be there, and checks that: a
    /// file of the same length with holes in place of `events` and `sessions`.
    func unpackTables(to copy: String, _ manifest: SnapshotManifest) throws(SnapshotError) {
        try asSnapshotError {
            let pages = try pages(manifest)
            let file = try newFile(at: copy, manifest)
            try file.truncate(to: manifest.bytes)
            var page: [UInt8] = []
            for number in try pages.numbers(of: ["origins", "manifest"]) {
                try pages.read(number, into: &page)
                try file.write(page.span, at: (number - 1) * pages.pageBytes)
            }
            try checkTables(of: copy, manifest)
        }
    }

    private func unpack(_ input: borrowing SnapshotInput, to copy: String, _ progress: (Int, Int) -> Void) throws {
        let file = try newFile(at: copy, input.manifest)
        try input.unpack(progress) { try file.write($0) }
    }

    private func newFile(at copy: String, _ manifest: SnapshotManifest) throws -> File {
        let file = try File(opening: copy, [.write, .create, .exclusive])
        guard try file.freeSpace() > manifest.bytes else {
            throw SnapshotError.noRoom(path: path, bytes: manifest.bytes)
        }
        return file
    }

    /// The pages of the database, where they are in the snapshot.
    private func pages(_ manifest: SnapshotManifest) throws -> DatabasePages {
        guard let pages = try DatabasePages(try input(manifest).blocks(), path: path) else {
            throw SnapshotError.damaged(path: path, what: "it does not hold a plain SQLite database")
        }
        return pages
    }

    /// Checks that the tables are those of a snapshot, and this one's.
    private func checkTables(of copy: String, _ manifest: SnapshotManifest) throws {
        let rows = try SnapshotRows(path: copy)
        if let flaw = try rows.flawOfTables() { throw SnapshotError.damaged(path: path, what: flaw) }
        let facts = try rows.facts()
        guard facts["installation"] == manifest.installation, facts["format_version"] == String(manifest.formatVersion)
        else { throw SnapshotError.damaged(path: path, what: "its two manifests differ") }
    }

    /// Hands all events to `take`, many at a time, each checked by the rules for events, and checks that there are as many
    /// as the manifest says, and of that span; ends early when `take` says false. They are read where they are in the snapshot,
    /// once `checkTables` has found nothing in the copy.
    func readRows(
        besides copy: String, _ manifest: SnapshotManifest, _ take: (ImportedRows) -> Bool
    ) throws(SnapshotError) {
        try asSnapshotError {
            guard let own = Installation(manifest.installation), let origins = try SnapshotRows(path: copy).origins()
            else { throw SnapshotError.damaged(path: path, what: "where its rows come from cannot be") }
            guard var source = try EventPageReader(try pages(manifest)) else { throw wrongTables }
            var rules = RowRules()
            var first: Int64?
            var last = Int64.min
            var events = 0
            var rows = ImportedRows(of: own)
            while try source.next({ row in
                let identity = origins.identity(of: row.id, own: own)
                if identity.installation != rows.installation || rows.count >= Limits.snapshotRows {
                    if rows.count > 0, !take(rows) { throw CancellationError() }
                    try Task.checkCancellation()
                    rows = ImportedRows(of: identity.installation)
                }
                if let flaw = rules.check(row, use: { rows.append(identity.id, $0) }) {
                    throw SnapshotError.damaged(path: path, what: "row \(row.id): \(flaw)")
                }
                // Pages that somebody made up could give rows without an end.
                guard row.id > last, events < manifest.events else { throw wrongRows }
                last = row.id
                first = first ?? row.id
                events += 1
            }) {}
            guard take(rows) else { throw CancellationError() }
            guard events == manifest.events else { throw wrongRows }
            guard first == manifest.firstID, first == nil || last == manifest.lastID,
                rules.span.map({ Timestamp.rfc3339($0.lowerBound) }) == manifest.from,
                rules.span.map({ Timestamp.rfc3339($0.upperBound) }) == manifest.until
            else { throw SnapshotError.damaged(path: path, what: "it does not hold the span of events that it says") }
        }
    }

    private var wrongTables: SnapshotError { .damaged(path: path, what: "its tables are not those of a snapshot") }

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
        case StoreError.notADatabase: .damaged(path: path, what: "the database that it holds is damaged")
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
