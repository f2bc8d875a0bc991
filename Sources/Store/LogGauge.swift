import GRDB
import GRDBSQLite
import Platform
import Synchronization

/// How much of SQLite's write-ahead log is in use. The file says only how long it once was: after a checkpoint that got
/// everything the log is written from its beginning again, over pages that the system still has in memory.
final class LogGauge: Sendable {
    /// Bytes of a page in the log and of what stands in front of it (https://www.sqlite.org/fileformat2.html#walformat).
    static let frameBytes = 24 + Schema.pageBytes

    private let length: Atomic<Int>

    /// Of a log of `bytes` whose content is not known: all of it may be in use.
    init(fileBytes bytes: Int) {
        length = Atomic(bytes / Self.frameBytes)
    }

    /// Frames in use: pages, each with what stands in front of it.
    var frames: Int { length.load(ordering: .relaxed) }

    /// Bytes in use.
    var bytes: Int { frames * Self.frameBytes }

    /// Has every commit of a connection tell how long the log is. The gauge must live as long as the connection.
    func watch(_ database: Database) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, frames in
                // SQLite calls it with the context it was given, which lives as long as the connection.
                unsafe Unmanaged<LogGauge>.fromOpaque(context!).takeUnretainedValue()
                    .length.store(Int(frames), ordering: .relaxed)
                return SQLITE_OK
            }, context)
    }

    /// All of the log is in the database.
    func empty() { length.store(0, ordering: .relaxed) }
}
