import Core
import Database
import SystemSupport

/// Reads the events of a decompressed snapshot in batches. It checks each row with `RowRules`, and compares the number
/// of the events, their ids and their times with the manifest.
struct SnapshotRowReader {
    private let rows: SnapshotRows
    private let manifest: SnapshotManifest
    private let origins: RowProvenance
    private let own: InstallationID
    /// The path of the snapshot, for error messages.
    private let path: String
    private var rules = RowRules()
    private var first: Int64?
    private var last = Int64.min
    /// The number of rows read so far.
    private(set) var events = 0
    private var isAtEnd = false
    /// Batches that were read and not returned yet. Each batch has rows of a single installation, so one call of
    /// `readRows` may add several batches.
    private var batches: [ImportedRows] = []

    /// - Parameters:
    ///   - rows: the snapshot's database. Its tables must have been checked.
    ///   - path: the path of the snapshot, for error messages.
    init(_ rows: SnapshotRows, _ manifest: SnapshotManifest, path: String) throws {
        guard let own = InstallationID(manifest.installation), let origins = try rows.origins() else {
            throw SnapshotError.damaged(path: path, what: "the provenance of its rows is not valid")
        }
        (self.rows, self.manifest, self.own, self.origins, self.path) = (rows, manifest, own, origins, path)
    }

    /// Returns the next rows, at most `Limits.snapshotRows`; nil after the last rows.
    mutating func next() throws(SnapshotError) -> ImportedRows? {
        do {
            while batches.isEmpty, !isAtEnd { try readRows() }
        } catch {
            throw SnapshotError(reading: error, path: path)
        }
        return batches.isEmpty ? nil : batches.removeFirst()
    }

    private mutating func readRows() throws {
        try Task.checkCancellation()
        var batch: ImportedRows?
        let reached = try rows.rows(after: last, limit: Limits.snapshotRows) { row in
            // A crafted database may return an endless number of rows.
            guard row.id > last, events < manifest.events else { throw wrongRows }
            let identity = origins.identity(of: row.id, own: own)
            if let full = batch, full.installation != identity.installation {
                batches.append(full)
                batch = nil
            }
            if batch == nil { batch = ImportedRows(of: identity.installation) }
            if let problem = rules.check(row, use: { batch?.append(identity.id, $0) }) {
                throw SnapshotError.damaged(path: path, what: "row \(row.id): \(problem)")
            }
            first = first ?? row.id
            last = row.id
            events += 1
        }
        if let batch { batches.append(batch) }
        guard reached == nil else { return }
        isAtEnd = true
        try checkSpan()
    }

    private func checkSpan() throws {
        guard events == manifest.events else { throw wrongRows }
        guard first == manifest.firstID, first == nil || last == manifest.lastID,
            rules.span.map({ Timestamp.rfc3339($0.lowerBound) }) == manifest.from,
            rules.span.map({ Timestamp.rfc3339($0.upperBound) }) == manifest.until
        else {
            throw SnapshotError.damaged(path: path, what: "the ids or times of its events differ from its manifest")
        }
    }

    private var wrongRows: SnapshotError {
        .damaged(path: path, what: "its rows differ from its manifest in number or order")
    }
}
