import Core
package import Database
import GRDB
import Rollups
import SystemSupport

extension SQLiteWriter {
    /// The finished share of the rebuild after the sessions were recomputed.
    private static let shareOfSessions = 0.3

    /// Recomputes sessions and rollups from the rows, in one transaction. `progress` is called with the finished share,
    /// 0 to 1.
    package func rebuildCounts(progress: (Double) -> Void = { _ in }) throws(StoreError) {
        defer { forgetRows() }
        try asStoreError(data.databasePath) {
            // SQLite sorts the rows by session. The sort may need more space than the memory of the computer has.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA temp_store = FILE") }
            defer { try? queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA temp_store = MEMORY") } }
            try queue.write { database in
                try SessionRecount.rebuild(in: database)
                progress(Self.shareOfSessions)
                let rows = max(1, try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0)
                try RollupTables.rebuild(in: database) { read in
                    progress(Self.shareOfSessions + (1 - Self.shareOfSessions) * Double(read) / Double(rows))
                }
            }
        }
        try finish()
    }
}
