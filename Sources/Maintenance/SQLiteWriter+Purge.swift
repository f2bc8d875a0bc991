package import Core
package import Database
package import GRDB
import SystemSupport
import WriteAheadBuffer

/// Permanently removes the events that the user selected.
///
/// 1. The pending events are stored, and the files of the buffer are removed.
/// 2. One transaction removes rows, sessions, rollups and names, and notes in `purges` that step 3 is pending.
/// 3. Snapshots are removed, the database is rewritten (`VACUUM`), and its WAL is truncated. If all events are
///    selected, the key is replaced too. If the process is killed during this step, the next writer finds the note and
///    repeats the step before any other work.
/// 4. Every byte of the remaining files, except new segments, is searched for the removed texts.
extension SQLiteWriter {
    /// The maximum time that the purge waits for readers of the database before it throws.
    private static let patience: Duration = .seconds(20)

    /// Removes the selected events that were recorded before the call. If all events are selected, a new key replaces
    /// the old one. `progress` is called with the finished share, 0 to 1.
    package func purge(
        _ selection: PurgeSelection, progress: (Double) -> Void = { _ in }
    ) throws(StoreError) -> PurgeReceipt {
        var receipt = PurgeReceipt()
        do throws(SystemError) { receipt.bytesBefore = try data.folder.size() } catch { throw .system(error) }
        // If the ids are exhausted, no pending event can be stored. An additional transaction then removes the rows
        // first and restarts the ids. The usual transaction removes the pending events after they were stored.
        var texts: Set<String> = []
        if selection.isEverything, try areIDsExhausted() { texts = try removeRows(selection, &receipt) }
        receipt.bufferFiles = try storeWholeBuffer()
        texts.formUnion(try removeRows(selection, &receipt, progress))
        progress(PurgeTransaction.shareOfCounts)
        try Self.finishPurge(queue, data, &receipt)
        progress((1 + PurgeTransaction.shareOfCounts) / 2)
        receipt.values = texts.count
        do {
            let remaining = try queue.read { try Self.remainingTexts(in: $0) }
            receipt.foundIn += texts.filter(Set(remaining).contains).map { _ in "nexus.db" }.prefix(1)
            let search = PurgeSearch(texts, in: data, remaining: remaining)
            receipt.valuesSearched = search.textsSearched
            try search.run(&receipt)
            receipt.bytesAfter = try data.folder.size()
        } catch {
            throw StoreError(error, path: data.databasePath)
        }
        return receipt
    }

    private func areIDsExhausted() throws(StoreError) -> Bool {
        try asStoreError(data.databasePath) { try queue.read { try RowIDs.exhaustedTable(in: $0) != nil } }
    }

    /// Runs the transaction of a purge; returns the texts that were in removed rows and are in no remaining row.
    private func removeRows(
        _ selection: PurgeSelection, _ receipt: inout PurgeReceipt, _ progress: (Double) -> Void = { _ in }
    ) throws(StoreError) -> Set<String> {
        let work = PurgeTransaction(selection: selection, renewsKey: selection.isEverything, now: clock.now())
        defer { forgetRows() }
        return try asStoreError(data.databasePath) {
            try queue.writeWithoutTransaction { database in
                // With these settings SQLite overwrites freed pages, and a commit is on disk when it returns.
                try database.execute(sql: "PRAGMA secure_delete = ON; PRAGMA synchronous = FULL")
                var texts: Set<String> = []
                try database.inTransaction(.immediate) {
                    texts = try work.run(in: database, receipt: &receipt, progress: progress)
                    return .commit
                }
                return texts
            }
        }
    }

    /// Stores all pending events, and then creates a new key and a new id of the installation.
    package func renewIdentity() throws(StoreError) {
        _ = try storeWholeBuffer()
        try asStoreError(data.databasePath) {
            try queue.write { try InstallationID.renew(in: $0) }
            try KeyFile(data).renew()
        }
        try finish()
    }

    /// Finishes a purge that was interrupted after its transaction; does nothing if no purge was interrupted.
    @Sendable package static func finishInterruptedPurge(
        _ queue: DatabaseQueue, _ data: DataFolder
    ) throws(StoreError) {
        let isDue = try asStoreError(data.databasePath) {
            try queue.read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM purges)") }
        }
        var receipt = PurgeReceipt()
        if isDue == true { try finishPurge(queue, data, &receipt) }
    }

    /// Runs the steps after the transaction. Each step can be repeated after an interruption.
    private static func finishPurge(
        _ queue: DatabaseQueue, _ data: DataFolder, _ receipt: inout PurgeReceipt
    ) throws(StoreError) {
        do {
            let renewsKey = try queue.read { try Bool.fetchOne($0, sql: "SELECT renews_key FROM purges") }
            if renewsKey == true {
                try KeyFile(data).renew()
                if data.folder.has(DataFolder.historyKeyName) {
                    try data.folder.removeOverwriting(DataFolder.historyKeyName)
                }
                receipt.renewedKey = true
                try removeStrayLines(data, &receipt)
            }
            receipt.bufferFiles += try WriteAheadBuffer(folder: data.bufferFolder).removeDamaged()
            receipt.snapshots = try data.folder.names().filter(isSnapshot).sorted()
            for name in receipt.snapshots { try data.folder.remove(name) }
            // A killed export, import or sync may have left copies of data in scratch folders. Folders of a running
            // process are kept, because the process removes them itself.
            for parent in [data.folder, ScratchFolder.commonParent] { ScratchFolder.removeLeftovers(in: parent) }
            try data.folder.synchronize()
            try queue.writeWithoutTransaction { database in
                // VACUUM writes a copy of the database, and the copy may be larger than the memory.
                try database.execute(sql: "PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY")
                try emptyLog(database)
                try database.execute(sql: "DELETE FROM purges")
                try emptyLog(database)
                try database.execute(sql: "PRAGMA secure_delete = OFF; PRAGMA synchronous = NORMAL")
            }
        } catch {
            throw StoreError(error, path: data.databasePath)
        }
    }

    /// Checkpoints the WAL into the database file and truncates the WAL. Waits at most `patience` for readers that
    /// still use the WAL.
    private static func emptyLog(_ database: Database) throws {
        let deadline = ContinuousClock.now + patience
        while true {
            let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            if row?[0] as Int64? == 0 { return }
            guard ContinuousClock.now < deadline else { throw StoreError.busy }
        }
    }

    /// Removes the plain file at the path of the service's pipe, if such a file exists. While no service ran, scripts
    /// wrote lines with names to this file, and the lines were never ingested.
    private static func removeStrayLines(_ data: DataFolder, _ receipt: inout PurgeReceipt) throws(SystemError) {
        let runtime = RuntimeFolder(for: data)
        guard FileStatus(of: runtime.pipePath)?.kind == .file else { return }
        try runtime.folder.removeOverwriting(RuntimeFolder.pipeName)
        receipt.bufferFiles += 1
    }

    /// Returns whether a purge removes a file with this name as a snapshot of `nexus export`. Plain snapshots other
    /// than CSV do not match. Their endings `.db` and `.ndjson` are also the endings of `nexus.db` and `ledger.ndjson`.
    private static func isSnapshot(_ name: String) -> Bool {
        name.contains(".lz4") || name.contains(".ndjson.") || name.contains(".csv")
    }

    private static func remainingTexts(in database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT DISTINCT name FROM rollup_names UNION SELECT session_id FROM sessions
                UNION SELECT name FROM counters UNION SELECT sql FROM sqlite_master WHERE sql IS NOT NULL
                UNION SELECT name FROM sqlite_master UNION SELECT identifier FROM grdb_migrations
                """)
    }

    // MARK: The buffer

    /// Stores all pending events and removes the files of the buffer; returns the number of removed files. Recorders
    /// are blocked only while the most recent appends are stored.
    private func storeWholeBuffer() throws(StoreError) -> Int {
        var files = 0
        try asStoreError(data.databasePath) {
            // A commit must be on disk before the segment with its events is removed.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            for number in try buffer.segments() {
                guard let reader = try reader(of: number) else { continue }
                // Most records are stored while other processes append to the segment. `removeWhole` blocks these
                // processes while it stores the few records that they have appended meanwhile.
                guard let end = try reader.committedEnd() else { throw BufferError.busy(path: reader.path) }
                try store(reader, upTo: end)
                if try buffer.removeWhole(reader, store: { end in try store(reader, upTo: end) }) { files += 1 }
                forget(number)
            }
            try keepOnlyPresentPositions()
        }
        return files
    }
}
