package import Core
import Foundation
package import GRDB
import SystemSupport

/// Opens the database. All of its settings are here.
package enum DatabaseOpening {
    /// Opens the database for the one writer: creates missing tables and migrates older tables.
    static func forWriting(
        _ path: String, derivedTables: any DerivedTables
    ) throws(StoreError) -> DatabaseQueue {
        let queue = try forCheckpoint(path)
        try asStoreError(path) { try Schema.migrator(derivedTables: derivedTables).migrate(queue) }
        return queue
    }

    /// Opens the database, whatever its version, to recover or empty its WAL. Opening rolls back transactions of a killed
    /// process. No other write is permitted: no table is created or migrated.
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
    /// created all tables (that writer may have been killed). A report never blocks the writer. It writes only where
    /// writing is permitted, and only to roll back what a killed creator of the tables left.
    ///
    /// Reading a database in WAL mode creates the WAL and its index where they are missing. Reading also writes to the
    /// index when no other process has the database open. While recording is off Nexus must not write, and in a folder
    /// of another user it cannot. The database is then opened so that SQLite writes nothing (see
    /// `parametersThatWriteNothing`).
    ///
    /// With `keepsTransactionsOpen` a transaction may stay open between two calls; its owner ends it.
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
                // An immutable connection would show an unfinished transaction, or miss the last transactions.
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

    /// Rolls back the transaction of a killed process. A read-only connection cannot do this. Does nothing while a
    /// writer holds the lock.
    private static func recover(_ data: DataFolder) throws {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return }
        try withExtendedLifetime(lock) {
            try forCheckpoint(data.databasePath).close()
        }
    }

    /// Throws unless the database's files are regular files. SQLite would follow a link, unlike every other part of
    /// Nexus, and would block on a pipe.
    private static func requireRegularFiles(_ path: String) throws(SystemError) {
        for path in [path, path + "-wal", path + "-shm", path + "-journal"] {
            switch FileStatus(of: path)?.kind {
            case nil, .file: break
            case .link: throw .link(path)
            case .folder, .socket, .pipe, .other: throw .notAFile(path)
            }
        }
    }

    /// Returns the URI with which another connection attaches the database read-only, as `forReading` opens it.
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
            // survives the end of any process. A power failure can undo only commits whose records are still in the
            // buffer.
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
