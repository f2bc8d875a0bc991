import Core
import GRDB
import SystemSupport

/// The length of the egress ledger when the database last recorded it: the only row of the table `sent_ledger`.
///
/// `ledger.head` reveals whether lines are missing at the end of the ledger. The note also reveals whether the ledger
/// was truncated or replaced together with `ledger.head`. The note may be older than the ledger. An intact ledger has
/// at least as many lines as the note says.
package struct LedgerNote: Equatable, Sendable {
    package let lines: Int
    /// SHA-256 of the last line, in hexadecimal digits.
    package let hash: String

    package init(lines: Int, hash: String) {
        self.lines = lines
        self.hash = hash
    }

    fileprivate init(_ row: Row) {
        lines = row[0]
        hash = row[1]
    }
}

extension StoreReader {
    /// Returns the note; nil when the database has none.
    package func ledgerNote() throws(StoreError) -> LedgerNote? {
        try asStoreError(path) {
            try queue.read { try Row.fetchOne($0, sql: "SELECT lines, hash FROM sent_ledger").map(LedgerNote.init) }
        }
    }
}

extension SQLiteWriter {
    /// Writes the note, unless the stored note has at least as many lines.
    package func write(_ note: LedgerNote) throws(StoreError) {
        try asStoreError(data.databasePath) {
            try queue.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO sent_ledger VALUES (1, ?, ?) ON CONFLICT (id)
                        DO UPDATE SET lines = excluded.lines, hash = excluded.hash WHERE excluded.lines > lines
                        """, arguments: [note.lines, note.hash])
            }
        }
    }

    /// Deletes the note, because the user has started a new ledger.
    package func forgetLedgerNote() throws(StoreError) {
        try asStoreError(data.databasePath) { try queue.write { try $0.execute(sql: "DELETE FROM sent_ledger") } }
    }
}
