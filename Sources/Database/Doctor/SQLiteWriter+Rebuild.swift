import Core
import GRDB
import SystemSupport

extension SQLiteWriter {
    /// Counts sessions and rollups anew from the rows, in one transaction.
    package func rebuildCounts() throws(StoreError) {
        defer { forgetRows() }
        try asStoreError(data.databasePath) {
            try queue.write { database in
                try Sessions.rebuild(in: database)
                try Rollups.rebuild(in: database)
            }
        }
        try finish()
    }
}
