import EventModel
import Foundation
import GRDB
import Platform

/// How the database is opened: one place for its settings.
enum DatabaseOpening {
    /// For the one writer: creates what is missing and brings older tables up to date.
    static func forWriting(_ path: String) throws(StoreError) -> DatabaseQueue {
        try asStoreError(path) {
            let queue = try DatabaseQueue(path: path, configuration: writing)
            guard try queue.read(Schema.migrator.hasBeenSuperseded) == false else {
                throw StoreError.newerVersion(path: path)
            }
            try Schema.migrator.migrate(queue)
            return queue
        }
    }

    /// For reports: never writes, never holds the writer up.
    ///
    /// Reading a database with a write-ahead log makes the log and its index where they are not there. While recording is
    /// off nothing may be made, in a folder that may not be written nothing can be made, and nobody writes: without a log
    /// the file is then read as one that does not change.
    ///
    /// With `pinning` a transaction may stay open between two uses.
    static func forReading(_ data: DataFolder, pinning: Bool = false) throws(StoreError) -> DatabaseQueue {
        let path = data.databasePath
        return try asStoreError(path) {
            var configuration = reading
            if pinning { configuration.letTransactionsStayOpen() }
            let queue = try DatabaseQueue(
                path: isStill(data) ? address(forReading: data) : path, configuration: configuration)
            try queue.read { database in
                if try Schema.migrator.hasBeenSuperseded(database) { throw StoreError.newerVersion(path: path) }
                guard try Schema.migrator.hasCompletedMigrations(database) else {
                    throw StoreError.olderVersion(path: path)
                }
            }
            return queue
        }
    }

    /// The address under which another connection attaches the database only for reading, as `forReading` does.
    static func address(forReading data: DataFolder) -> String {
        "file:" + escapedForURI(data.databasePath) + (isStill(data) ? "?immutable=1" : "?mode=ro")
    }

    private static func isStill(_ data: DataFolder) -> Bool {
        if data.hasDatabaseLog { return false }
        return (try? RecordingSwitch.current(for: data)) != .on || !data.folder.isWritable
    }

    /// A path as a part of a URI (https://www.sqlite.org/uri.html).
    private static func escapedForURI(_ path: String) -> String {
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
