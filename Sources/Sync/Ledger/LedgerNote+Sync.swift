package import Core
package import Database
import SystemSupport

/// Stores the length of the ledger in the database (see `LedgerNote`).
extension LedgerNote {
    /// The maximum time to wait for the writer lock. If another process holds the lock longer, the next sync writes the
    /// note.
    private static let patience: Duration = .seconds(2)

    /// Returns the note in a data folder; nil when the database has no note or cannot be read. `nexus doctor` reports
    /// an unreadable database.
    static func current(in data: DataFolder) -> LedgerNote? {
        guard let reader = try? StoreReader(data: data) else { return nil }
        return try? reader.ledgerNote()
    }

    /// Writes the length of the ledger to the database after a transfer. Writes nothing while recording is off, or
    /// while another process holds the writer lock.
    static func update(in data: DataFolder, parts: WriterParts) async {
        guard (try? RecordingPolicy.current(for: data)) == .on, let findings = try? LedgerReader.read(data),
            findings.damage == nil, findings.chain.lines > 0
        else { return }
        let note = LedgerNote(lines: findings.chain.lines, hash: findings.chain.hash)
        guard note != current(in: data), let lock = try? await WriterLock.acquire(in: data, within: patience) else {
            return
        }
        try? await SQLiteWriter.withWriter(of: data, lock: lock, parts: parts) { try await $0.write(note) }
    }

    /// Deletes the note, so that the ledger is accepted with its current content.
    ///
    /// - Returns: true when the database has no note any more; false when another process holds the writer lock.
    package static func forget(in data: DataFolder, parts: WriterParts) async throws -> Bool {
        guard current(in: data) != nil else { return true }
        guard let lock = try await WriterLock.acquire(in: data, within: patience) else { return false }
        try await SQLiteWriter.withWriter(of: data, lock: lock, parts: parts, obeysSettings: false) {
            try await $0.forgetLedgerNote()
        }
        return true
    }
}
