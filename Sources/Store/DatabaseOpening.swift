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
    static func forReading(_ path: String) throws(StoreError) -> DatabaseQueue {
        try asStoreError(path) {
            let queue = try DatabaseQueue(path: path, configuration: reading)
            guard try queue.read(Schema.migrator.hasBeenSuperseded) == false else {
                throw StoreError.newerVersion(path: path)
            }
            return queue
        }
    }

    private static var writing: Configuration {
        var configuration = Configuration()
        configuration.label = "nexus.writer"
        configuration.busyMode = .timeout(5)
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
        configuration.busyMode = .timeout(5)
        return configuration
    }
}
