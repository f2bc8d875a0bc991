package import Core
import Foundation
package import GRDB
import SystemSupport

/// How the database is opened: one place for its settings.
package enum DatabaseOpening {
    /// Opens the database for the one writer: creates what is missing and brings older tables up to date.
    static func forWriting(
        _ path: String, derivedTables: any DerivedTables
    ) throws(StoreError) -> DatabaseQueue {
        let queue = try forCheckpoint(path)
        try asStoreError(path) { try Schema.migrator(derivedTables: derivedTables).migrate(queue) }
        return queue
    }

    /// Opens the database, whatever version it has, to recover or empty its WAL. Opening rolls back what a killed process had
    /// begun to write. Nothing else may be written: no table is created or brought up to date.
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

    /// For reports: never holds the writer up, and writes nothing but to take back what a killed maker of the tables has left,
    /// where it may write. Nil when there is none yet, or only one whose first writer
    /// has not made all of its tables, and may have been killed before it did.
    ///
    /// Reading a database with a write-ahead log makes the log and its index where they are not there, and writes to the
    /// index where nobody else has the database open. While recording is off nothing may be written, and in a folder of
    /// somebody else's nothing can be.
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
            } else if data.hasDatabaseJournal || data.hasLogWithoutIndex {
                // Read as a file that does not change, it would show a transaction that did not end, or lack the last ones.
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

    /// Creates an empty database with all tables, which goes when it is closed.
    /// - Parameter inMemory: false keeps it in a temporary file of SQLite's.
    package static func scratch(inMemory: Bool) throws -> DatabaseQueue {
        let queue = inMemory ? try DatabaseQueue() : try DatabaseQueue(path: "")
        try Schema.migrator.migrate(queue)
        return queue
    }

    /// Rolls back what a process that was killed had begun to write, which a reader cannot do. Does nothing while a writer
    /// holds the lock.
    private static func recover(_ data: DataFolder) throws {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return }
        try withExtendedLifetime(lock) {
            try forCheckpoint(data.databasePath).close()
        }
    }

    /// SQLite follows links, which nothing else of Nexus does, and waits for the other end of a pipe.
    private static func requireRegularFiles(_ path: String) throws(SystemError) {
        for path in [path, path + "-wal", path + "-shm", path + "-journal"] {
            switch FileStatus(of: path)?.kind {
            case nil, .file: break
            case .link: throw .link(path)
            case .folder, .socket, .pipe, .other: throw .notAFile(path)
            }
        }
    }

    /// The address under which another connection attaches the database only for reading, as `forReading` does.
    static func address(forReading data: DataFolder) -> String {
        "file:" + escapedForURI(data.databasePath) + "?"
            + (mayWrite(data) ? "mode=ro" : parametersThatWriteNothing(data))
    }

    /// Without a log the file is read as one that does not change, as nobody writes. A killed process leaves its log: what
    /// stands in it is read with an index in memory, by which SQLite leaves the one on disk alone.
    private static func parametersThatWriteNothing(_ data: DataFolder) -> String {
        data.hasDatabaseLog ? "mode=ro&readonly_shm=1" : "immutable=1"
    }

    /// Whether anything may be written in the folder: recording is on, and the user has the right to.
    static func mayWrite(_ data: DataFolder) -> Bool {
        (try? RecordingPolicy.current(for: data)) == .on && data.folder.isWritable
    }

    /// A path as a part of a URI (https://www.sqlite.org/uri.html).
    static func escapedForURI(_ path: String) -> String {
        path.utf8.map { byte in
            switch UnicodeScalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "/", "-", ".", "_": String(UnicodeScalar(byte))
            default: "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        }.joined()
    }

    /// How long a lock of SQLite's own is waited for, which only ever is held for moments.
    static let busyMilliseconds = 5000

    private static var writing: Configuration {
        var configuration = Configuration()
        configuration.label = "nexus.writer"
        configuration.busyMode = .timeout(Double(busyMilliseconds) / 1000)
        configuration.prepareDatabase { database in
            // The page size counts only before the first table is made. With NORMAL a commit survives the end of any
            // process, and a power cut takes back at most commits whose records still stand in the buffer.
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
