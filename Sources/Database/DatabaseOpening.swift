package import Core
import Foundation
package import GRDB
import SystemSupport

/// Opens the database. All settings of its connections are here.
package enum DatabaseOpening {
    /// Opens the database for the writer, creates missing tables, and migrates the tables of an older version.
    static func forWriting(
        _ path: String, derivedTables: any DerivedTables
    ) throws(StoreError) -> DatabaseQueue {
        let queue = try forCheckpoint(path)
        try asStoreError(path) { try Schema.migrator(derivedTables: derivedTables).migrate(queue) }
        return queue
    }

    /// Opens the database of this or an older version, to recover or empty its WAL. SQLite then rolls back the
    /// unfinished transaction of a killed process. The function itself creates and migrates no table.
    /// - Throws: `StoreError.newerVersion` if a newer version of Nexus has changed the tables.
    static func forCheckpoint(_ path: String) throws(StoreError) -> DatabaseQueue {
        try asStoreError(path) {
            try requireRegularFiles(path)
            let queue = try DatabaseQueue(path: path, configuration: writing)
            guard try queue.read(Schema.migrator.hasBeenSuperseded) == false else {
                throw StoreError.newerVersion(path: path)
            }
            return queue
        }
    }

    /// Opens the database for reports. Returns nil when there is no database yet, or when its first writer has not
    /// created all tables (that writer may have been killed). A read does not block a transaction of the writer, but a
    /// long read prevents a reset of the WAL. If Nexus may write to the folder, the function first rolls back the
    /// transaction that a killed process left in a journal. It changes nothing else in the database.
    ///
    /// When SQLite reads a database in WAL mode, it creates the WAL and its index if they are missing. It also writes
    /// to the index if no other process has the database open. Nexus must not write while recording is off, and it
    /// cannot write to a folder without the permission. In both cases, SQLite opens the database without any write (see
    /// `parametersThatWriteNothing`).
    ///
    /// - Parameter keepsTransactionsOpen: whether a transaction may stay open between two calls on the connection. If
    ///   true, the caller must end the transaction.
    package static func forReading(
        _ data: DataFolder, keepsTransactionsOpen: Bool = false
    ) throws(StoreError) -> DatabaseQueue? {
        guard data.hasDatabase else { return nil }
        let path = data.databasePath
        return try asStoreError(path) {
            try requireRegularFiles(path)
            let mayWrite = mayWrite(data)
            if mayWrite {
                if data.hasDatabaseJournal { try recover(data) }
            } else if data.hasDatabaseJournal || data.hasWALWithoutIndex {
                // An immutable connection would show the unfinished transaction of the journal, or miss the
                // transactions in the WAL.
                throw StoreError.walNeedsRecovery(path: path)
            }
            var configuration = reading
            if keepsTransactionsOpen { configuration.keepTransactionsOpen() }
            let queue = try DatabaseQueue(
                path: mayWrite ? path : address(forReading: data), configuration: configuration)
            let isMade = try queue.read { database in
                if try Schema.migrator.hasBeenSuperseded(database) { throw StoreError.newerVersion(path: path) }
                if try Schema.migrator.hasCompletedMigrations(database) { return true }
                guard try Schema.isBegun(in: database) else { throw StoreError.olderVersion(path: path) }
                return false
            }
            return isMade ? queue : nil
        }
    }

    /// Creates an empty database with all tables. SQLite deletes the database when it is closed.
    /// - Parameter inMemory: whether the database is kept in memory; otherwise SQLite keeps it in a temporary file.
    package static func scratch(inMemory: Bool) throws -> DatabaseQueue {
        let queue = inMemory ? try DatabaseQueue() : try DatabaseQueue(path: "")
        try Schema.migrator.migrate(queue)
        return queue
    }

    /// Rolls back the transaction of a killed process. A read-only connection cannot do this. Does nothing while
    /// another process holds the writer lock or waits for it.
    private static func recover(_ data: DataFolder) throws {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return }
        try withExtendedLifetime(lock) {
            try forCheckpoint(data.databasePath).close()
        }
    }

    /// Throws if a file of the database exists and is not a regular file. SQLite would follow a link and would block on
    /// a pipe. Nexus itself opens no file of the data folder through a link.
    private static func requireRegularFiles(_ path: String) throws(SystemError) {
        for path in [path, path + "-wal", path + "-shm", path + "-journal"] {
            switch FileStatus(of: path)?.kind {
            case nil, .file: break
            case .link: throw .link(path)
            case .folder, .socket, .pipe, .other: throw .notAFile(path)
            }
        }
    }

    /// Returns the URI that opens or attaches the database read-only. If Nexus must not write to the folder, the URI
    /// also prevents SQLite from writing the WAL and its index.
    static func address(forReading data: DataFolder) -> String {
        "file:" + escapedForURI(data.databasePath) + "?"
            + (mayWrite(data) ? "mode=ro" : parametersThatWriteNothing(data))
    }

    /// Returns the URI parameters that prevent SQLite from writing. Without a WAL no process writes to the file, so it
    /// is opened as immutable. If a killed process left a WAL, SQLite reads it with an index in memory and does not
    /// write the index on disk.
    private static func parametersThatWriteNothing(_ data: DataFolder) -> String {
        data.hasWAL ? "mode=ro&readonly_shm=1" : "immutable=1"
    }

    /// Returns whether the folder may be written to: recording is on, and the user has the permission.
    static func mayWrite(_ data: DataFolder) -> Bool {
        (try? RecordingPolicy.current(for: data)) == .on && data.folder.isWritable
    }

    /// Returns a path as a part of a URI (https://www.sqlite.org/uri.html).
    static func escapedForURI(_ path: String) -> String {
        path.utf8.map { byte in
            switch UnicodeScalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "/", "-", ".", "_": String(UnicodeScalar(byte))
            default: "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        }.joined()
    }

    /// Timeout for SQLite's own locks, in milliseconds. Processes hold these locks only briefly.
    static let busyMilliseconds = 5000

    private static var writing: Configuration {
        var configuration = Configuration()
        configuration.label = "nexus.writer"
        configuration.busyMode = .timeout(Double(busyMilliseconds) / 1000)
        configuration.prepareDatabase { database in
            // The page size takes effect only before the first table is created. With `synchronous = NORMAL` a commit
            // survives the end of any process. A power failure can undo the commits since the last checkpoint. The
            // records of the recorded events in these commits are still in the buffer.
            try database.execute(
                sql: """
                    PRAGMA page_size = \(Schema.pageBytes);
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = NORMAL;
                    PRAGMA wal_autocheckpoint = 0;
                    PRAGMA cache_size = -8192;
                    PRAGMA temp_store = MEMORY;
                    """)
        }
        return configuration
    }

    private static var reading: Configuration {
        var configuration = Configuration()
        configuration.label = "nexus.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(busyMilliseconds) / 1000)
        return configuration
    }
}
