import Platform

/// The file of SQLite's write-ahead log, beside SQLite: only to have it written to disk early.
final class LogFile: Sendable {
    private let file: File

    /// Nil where there is none, or it cannot be opened. To be made once the database is open, which keeps the log there.
    init?(_ data: DataFolder) {
        guard let file = try? File(opening: data.databasePath + "-wal", .read) else { return nil }
        self.file = file
    }

    /// Has the system begin to write to disk what it holds of the log.
    func startWritingOut() { file.startWritingOut() }
}
