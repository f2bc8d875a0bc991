package import SystemSupport

/// Where a running service can be reached: its socket, its pipe, and who it is.
///
/// The data folder where that was chosen with `$NEXUS_DATA_DIR`, so that each has a service of its own; otherwise
/// `$XDG_RUNTIME_DIR/nexus`, else the data folder.
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

    /// Takes lines of NDJSON and acknowledges them.
    package var socketPath: String { folder.path(of: Self.socketName) }
    /// Takes lines of NDJSON of at most `PIPE_BUF` (4096) bytes each, written in one piece, and acknowledges nothing.
    package var pipePath: String { folder.path(of: Self.pipeName) }
    /// Holds the number of the service's process, a line of text.
    package var processPath: String { folder.path(of: Self.processName) }
    /// The files that the bash hook uses while the service lives: the pipe under a second name; and number and start of the
    /// process, as the number alone may be another process's after a kill. The mode is 0500: opening the pipe for reading and writing, the only way in which bash does not wait for a reader, makes
    /// no plain file where the pipe has gone, and no other user can put something else in its place.
    package var hooksFolder: Folder { Folder(folder.path(of: Self.hooksName)) }
    /// The service holds the lock on this file as long as it lives.
    package var lockPath: String { folder.path(of: Self.lockName) }
}
