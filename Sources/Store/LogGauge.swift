import GRDB
import GRDBSQLite
import Platform
import Synchronization

/// How much of SQLite's write-ahead log is in use. The file says only how long it once was: after a checkpoint that got
/// everything the log is written from its beginning again, over pages that the system still has in memory.
final class LogGauge: Sendable {
    /// Bytes in front of each page in the log (https://www.sqlite.org/fileformat2.html#walformat).
    private static let frameHeaderBytes = 24

    private let frames: Atomic<Int>

    /// Of a log of `bytes` whose content is not known: all of it may be in use.
    init(fileBytes bytes: Int) {
        frames = Atomic(bytes / (Schema.pageBytes + Self.frameHeaderBytes))
    }

    /// Bytes in use.
    var bytes: Int { frames.load(ordering: .relaxed) * (Schema.pageBytes + Self.frameHeaderBytes) }

    /// Has every commit of a connection tell how long the log is. The gauge must live as long as the connection.
    func watch(_ database: Database) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, frames in
                // SQLite calls it with the context it was given, which lives as long as the connection.
                unsafe Unmanaged<LogGauge>.fromOpaque(context!).takeUnretainedValue()
                    .frames.store(Int(frames), ordering: .relaxed)
                return SQLITE_OK
            }, context)
    }

    /// All of the log is in the database.
    func empty() { frames.store(0, ordering: .relaxed) }
}
