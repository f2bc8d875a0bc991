import Core
import Crypto
import Database
import Intake
import SystemSupport

/// A snapshot without frame and manifest: a database, or lines of text for other tools. The manifest is computed from
/// the content, so a check finds only contradictions within the content.
struct PlainSnapshot {
    let format: SnapshotFormat
    private let path: String

    private static let chunkBytes = 1024 * 1024
    private static let databaseMagic = Array("SQLite format 3\u{0}".utf8)

    /// Recognizes a plain file by its first bytes, and an empty NDJSON file by its name. Nil if neither is recognized.
    init?(path: String) throws {
        let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
        guard try file.status().isRegular else { return nil }
        var bytes: [UInt8] = []
        _ = try file.read(appendingTo: &bytes, at: 0, limit: 512)
        let header = RowTextEncoder.csvHeader
        if bytes.starts(with: Self.databaseMagic) {
            format = .sqlite
        } else if bytes.starts(with: header) {
            format = .csv
        } else if bytes.first == UInt8(ascii: "{")
            || bytes.isEmpty && SnapshotFormat.named(by: path).map({ $0 == (.ndjson, true) }) == true
        {
            format = .ndjson
        } else {
            return nil
        }
        self.path = path
    }

    /// Copies the database to a new file at `copy`, so that other programs cannot change it, and checks the tables of
    /// the copy. The rows are not checked yet.
    func copyDatabase(
        to copy: String, _ progress: (Int, Int) -> Void
    ) throws -> (rows: SnapshotRows, manifest: SnapshotManifest) {
        let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
        let size = try file.status().size
        let target = try File(opening: copy, [.write, .create, .exclusive])
        guard try target.freeSpace() > size else { throw SnapshotError.noRoom(path: path, bytes: size) }
        var hash = SHA256()
        var length = 0
        try read(file) { chunk in
            try target.write(chunk.span)
            hash.update(data: chunk)
            length += chunk.count
            progress(length, size)
        }
        let rows = try SnapshotRows(path: copy)
        // A database is recognized as a snapshot only by its tables.
        guard try rows.problemOfTables() == nil else { throw SnapshotError.notASnapshot(path: path) }
        let facts = try rows.facts()
        guard let version = facts["format_version"].flatMap({ Int($0) }), version > 0,
            let installation = facts["installation"].flatMap(InstallationID.init)
        else { throw SnapshotError.damaged(path: path, what: "the manifest cannot be read") }
        guard version <= SnapshotManifest.currentVersion else { throw SnapshotError.newerVersion(path: path) }
        let counts = try rows.counts()
        let manifest = SnapshotManifest(
            content: .sqlite, installation: installation.id, schemaVersion: SnapshotDatabase.schemaVersion,
            events: counts.events, sessions: counts.sessions, firstID: counts.ids?.lowerBound,
            lastID: counts.ids?.upperBound, from: counts.times.flatMap { SnapshotManifest.rfc3339($0.from) },
            until: counts.times.flatMap { SnapshotManifest.rfc3339($0.until) }, bytes: length,
            sha256: hash.finalize().hexadecimal)
        return (rows, manifest)
    }

    /// Checks every line. A line of NDJSON must obey the rules for events. A record of CSV must have as many fields as
    /// the first record.
    func checkText(_ progress: (Int, Int) -> Void) throws -> SnapshotManifest {
        let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
        let size = try file.status().size
        var (events, length) = (0, 0)
        var span: ClosedRange<Int64>?
        var hash = SHA256()
        if format == .ndjson {
            var lines = EventLines(path: path)
            try read(file) { chunk in
                hash.update(data: chunk)
                length += chunk.count
                try lines.take(chunk)
                progress(length, size)
            }
            try lines.take([], atEnd: true)
            (events, span) = (lines.count, lines.span)
        } else {
            var records = CSVRecords()
            try read(file) { chunk in
                hash.update(data: chunk)
                length += chunk.count
                if let line = records.firstWrong(in: chunk) {
                    throw SnapshotError.damaged(
                        path: path, what: "record \(line) and record 1 have different numbers of fields")
                }
                progress(length, size)
            }
            guard records.isAtStart else {
                throw SnapshotError.damaged(path: path, what: "its last record is truncated")
            }
            events = records.count - 1
        }
        return SnapshotManifest(
            content: format, installation: "", schemaVersion: SnapshotDatabase.schemaVersion, events: events,
            sessions: 0, from: span.map { Timestamp.rfc3339($0.lowerBound) },
            until: span.map { Timestamp.rfc3339($0.upperBound) }, bytes: length, sha256: hash.finalize().hexadecimal)
    }

    private func read(_ file: borrowing File, _ use: ([UInt8]) throws -> Void) throws {
        var chunk: [UInt8] = []
        while try file.read(appendingTo: &chunk, limit: Self.chunkBytes) > 0 {
            try use(chunk)
            chunk.removeAll(keepingCapacity: true)
            try Task.checkCancellation()
        }
    }
}

/// Checks lines of NDJSON as events, in their order.
private struct EventLines {
    let path: String
    private var buffer = LineBuffer()
    /// Stored names are hashed already, so nothing is hashed here and the key is never used.
    private var intake = EventIntake(
        key: HashKey(bytes: [UInt8](repeating: 0, count: HashKey.length)), session: "checked", acceptsFuture: true)
    private(set) var count = 0
    /// The times of the earliest and the latest event.
    private(set) var span: ClosedRange<Int64>?

    init(path: String) {
        self.path = path
    }

    mutating func take(_ chunk: [UInt8], atEnd: Bool = false) throws {
        buffer.bytes.append(contentsOf: chunk)
        let bytes = buffer.bytes
        while let piece = buffer.next(atEnd: atEnd) {
            count += 1
            guard case .line(let range) = piece else { throw damaged("it is too long") }
            do throws(Rejection) { try intake.accept(line: bytes.span.extracting(range)) } catch {
                throw damaged(error.message)
            }
            guard let time = EventRecord(intake.payload.span)?.timestamp else { continue }
            span = span.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
        }
        buffer.discardConsumed()
    }

    private func damaged(_ what: String) -> SnapshotError { .damaged(path: path, what: "line \(count): \(what)") }
}

/// Counts the records of a CSV text and the fields of each record (RFC 4180). The text arrives in chunks.
private struct CSVRecords {
    private(set) var count = 0
    private var fields = 0
    private var fieldsOfFirst = 0
    private var isQuoted = false
    /// Whether the text read so far ends between two records.
    private(set) var isAtStart = true

    /// Returns the number, counted from 1, of the first record that does not have as many fields as record 1. Nil if
    /// all records have the same number of fields.
    mutating func firstWrong(in chunk: [UInt8]) -> Int? {
        for byte in chunk {
            isAtStart = false
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: fields += 1
            case UInt8(ascii: "\n") where !isQuoted:
                count += 1
                if count == 1 { fieldsOfFirst = fields }
                guard fields == fieldsOfFirst else { return count }
                fields = 0
                isAtStart = true
            default: break
            }
        }
        return nil
    }
}
