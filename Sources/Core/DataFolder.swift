package import SystemSupport

/// The data folder, and the paths of its main files.
package struct DataFolder: Sendable {
    package let folder: Folder

    package init(_ path: String) {
        folder = Folder(path)
    }

    /// Returns the data folder at a path. If the path is a symbolic link, the method follows the link. The link and
    /// the folder that it leads to must both belong to this user.
    ///
    /// - Throws: `DataFolderError.link` if the link or its target belongs to another user, or if the target is not a
    ///   folder.
    package static func at(_ path: String) throws(DataFolderError) -> DataFolder {
        guard let link = FileStatus(of: path), link.kind == .link else { return DataFolder(path) }
        guard link.isOwn, let target = SymbolicLink.resolved(path), let folder = FileStatus(of: target),
            folder.kind == .folder, folder.isOwn
        else {
            throw .link(path: path)
        }
        return DataFolder(target)
    }

    /// Returns the data folder `$NEXUS_DATA_DIR`, else `$XDG_DATA_HOME/nexus`, else `~/.local/share/nexus`. Returns nil
    /// if `NEXUS_DATA_DIR` is not set, and neither `XDG_DATA_HOME` nor `HOME` is an absolute path.
    ///
    /// - Throws: `DataFolderError` if `NEXUS_DATA_DIR` is not an absolute path, or if `at` does not follow the folder's
    ///   symbolic link.
    package static func fromEnvironment(
        _ value: (String) -> String? = Environment.value
    ) throws(DataFolderError) -> DataFolder? {
        func absolute(_ name: String) -> String? {
            guard var path = value(name), path.hasPrefix("/") else { return nil }
            while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
            return path
        }
        if let given = value("NEXUS_DATA_DIR"), !given.isEmpty {
            guard let path = absolute("NEXUS_DATA_DIR") else { throw .relative(path: given) }
            return try at(path)
        }
        if let path = absolute("XDG_DATA_HOME") { return try at(path + "/nexus") }
        if let path = absolute("HOME") { return try at(path + "/.local/share/nexus") }
        return nil
    }

    /// Creates the folder if it does not exist, and waits for the lock of the folder itself. Processes hold this lock
    /// only briefly, for example while they change the settings or the key.
    ///
    /// - Returns: the open folder, which holds the lock until `unlock` is called or the value is destroyed.
    package func lock() throws(SystemError) -> File {
        try folder.prepare()
        let file = try File(opening: folder.path, [.read, .folder])
        try file.lock()
        return file
    }

    /// The SQLite database with the user's events and sessions.
    package var databasePath: String { folder.path(of: "nexus.db") }
    /// Whether there is a database yet.
    package var hasDatabase: Bool { folder.has("nexus.db") }
    /// Whether the database has a WAL that a reader must read. This is the case if another process has the database
    /// open, or if a process was killed while it had the database open. The value is false for two kinds of WAL that
    /// hold no changes:
    /// - An empty WAL without an index. Such a WAL remains if a reader opens the database while another process closes
    ///   it.
    /// - A WAL with a header but no frames. Such a WAL remains if a writer is killed at its first commit. A read-only
    ///   connection would wait in vain for the frames.
    package var hasWAL: Bool {
        guard let bytes = folder.size(of: "nexus.db-wal") else { return false }
        return bytes > Self.walHeaderBytes || bytes == 0 && folder.has("nexus.db-shm")
    }
    /// Bytes of the WAL's header (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
    private static let walHeaderBytes = 32
    /// Whether the database has a WAL that a reader must read (see `hasWAL`), but the index of the WAL is missing.
    /// SQLite needs the index to read the WAL. A copy of the folder may lack the index. The index is also missing if a
    /// writer was killed while it closed the database.
    package var hasWALWithoutIndex: Bool { hasWAL && !folder.has("nexus.db-shm") }
    /// Whether the database has a rollback journal, a copy of the pages that an unfinished transaction overwrites. If
    /// so, another process is changing the database file without a WAL, or was killed during such a change.
    package var hasDatabaseJournal: Bool { (folder.size(of: "nexus.db-journal") ?? 0) > 0 }
    /// The segments of the write-ahead buffer.
    package var bufferFolder: Folder { Folder(folder.path(of: "buffer")) }
    /// The file with the key for hashing names: 32 random bytes (`KeyFile`).
    package var keyPath: String { folder.path(of: "key") }
    package static let historyKeyName = "history.key"
    /// The file with the key for the marks of imported histories: 32 random bytes (`HistoryKey`).
    package var historyKeyPath: String { folder.path(of: Self.historyKeyName) }
    /// The user's settings (`Settings`).
    package var settingsPath: String { folder.path(of: Self.settingsName) }
    package static let settingsName = "settings.json"
    /// The destinations of aggregates, with their ids and lists of allowed names.
    package var aggregatesPath: String { folder.path(of: Self.aggregatesName) }
    package static let aggregatesName = "aggregates.json"
    /// The file whose lock the writer of the database holds.
    package var writerLockPath: String { folder.path(of: "writer.lock") }
    /// The file whose lock a process holds while it waits to become the writer. The current writer then yields.
    package var writerTurnPath: String { folder.path(of: "writer.turn") }
    /// The egress ledger. Each line names the data and the destination of one transfer.
    package var ledgerPath: String { folder.path(of: "ledger.ndjson") }
    /// The file with the length of the ledger. The length shows whether lines of the ledger are missing.
    package var ledgerHeadPath: String { folder.path(of: "ledger.head") }

    /// Returns whether the file at a path is a file that Nexus keeps in this folder. The path may be another name of
    /// that file, such as a link.
    package func owns(fileAt path: String) -> Bool {
        if let above = FileIdentity(of: Folder(path).parent.path), above == FileIdentity(of: bufferFolder.path) {
            return true
        }
        guard let file = FileIdentity(of: path) else { return false }
        let names = [
            "nexus.db", "nexus.db-wal", "nexus.db-shm", "nexus.db-journal", "key", KeyFile.markName,
            Self.historyKeyName, Self.settingsName, Self.aggregatesName, "writer.lock",
            "writer.turn", "ledger.ndjson", "ledger.head", "costs", "notice", RuntimeFolder.lockName,
            RuntimeFolder.processName,
        ]
        return names.contains { FileIdentity(of: folder.path(of: $0)) == file }
    }
}

/// The reason why a path cannot be used as the data folder.
package enum DataFolderError: ReportedError, Equatable {
    /// `NEXUS_DATA_DIR` is not an absolute path. It would name a different folder in each working folder.
    case relative(path: String)
    /// The folder is a symbolic link that `DataFolder.at` does not follow.
    case link(path: String)

    package var description: String {
        switch self {
        case .relative(let path):
            "cannot use NEXUS_DATA_DIR: '\(path.escapedForDisplay)' is not an absolute path; set it to one that begins with '/'"
        case .link(let path):
            "cannot use \(path.escapedForDisplay): it is a symbolic link, and the link and the folder that it leads to must "
                + "both belong to you; replace the link, or set NEXUS_DATA_DIR to a folder of yours"
        }
    }

    /// The exit code for the error, from sysexits.h.
    package var exitCode: ExitCode {
        switch self {
        case .relative: .settings
        case .link: .notPermitted
        }
    }
}

/// The files of a running service: its socket, its pipe and its process number.
///
/// If `$NEXUS_DATA_DIR` is set, the files are in the data folder, so that each data folder has its own service.
/// Otherwise they are in `$XDG_RUNTIME_DIR/nexus`. If `$XDG_RUNTIME_DIR` is not an absolute path, they are in the data
/// folder.
package struct RuntimeFolder: Sendable {
    package let folder: Folder

    package init(for data: DataFolder, environment value: (String) -> String? = Environment.value) {
        if value("NEXUS_DATA_DIR") ?? "" == "", let runtime = value("XDG_RUNTIME_DIR"), runtime.hasPrefix("/") {
            folder = Folder(runtime + "/nexus")
        } else {
            folder = data.folder
        }
    }

    package static let socketName = "socket"
    package static let pipeName = "pipe"
    package static let processName = "pid"
    package static let lockName = "serve.lock"
    package static let hooksName = "run"

    /// The socket that accepts lines of NDJSON and acknowledges them.
    package var socketPath: String { folder.path(of: Self.socketName) }
    /// The pipe that accepts lines of NDJSON. A client writes each line with one system call, and a line has at most
    /// `PIPE_BUF` (4096) bytes. The service does not acknowledge these lines.
    package var pipePath: String { folder.path(of: Self.pipeName) }
    /// The file with the process number and the start time of the service, in one line.
    package var processPath: String { folder.path(of: Self.processName) }
    /// The folder that the bash and zsh hooks use while the service runs. It contains a hard link to the pipe, and a
    /// file with the process number and the start time of the service. If the service was killed, its number may belong
    /// to another process now. Therefore the bash hook compares the start time too.
    ///
    /// The bash hook opens the pipe for reading and writing, because an open for writing alone would wait for a reader.
    /// If the pipe was deleted, the hook's open would create a plain file. The mode of the folder, 0500, prevents that.
    /// The mode also keeps other users from replacing the pipe.
    package var hooksFolder: Folder { Folder(folder.path(of: Self.hooksName)) }
    /// The file on which the service holds a lock until it exits.
    package var lockPath: String { folder.path(of: Self.lockName) }
}
