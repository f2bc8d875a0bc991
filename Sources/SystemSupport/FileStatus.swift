private import CPlatform
private import Glibc

/// The status of a directory entry. Sockets and pipes have a status too, because the entry is not opened.
package struct FileStatus: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case file, folder, link, socket, pipe, other
    }

    package let kind: Kind
    /// The permission bits, `0o600` for example.
    package let permissions: UInt32
    /// Whether the entry belongs to this process's user.
    package let isOwn: Bool
    /// Length in bytes.
    package let size: Int
    /// The file's number in its file system. A copy of the file has another number.
    package let inode: UInt64
    /// The time of the last change of content, permissions or name (ctime), in nanoseconds since 1970. No program can
    /// set it.
    package let changedNanoseconds: Int64

    /// Reads the status of the entry at `path`, without following a link; nil if no entry can be examined there.
    package init?(of path: String) {
        guard let status = entryStatus(of: path) else { return nil }
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFSOCK: .socket
            case S_IFIFO: .pipe
            default: .other
            }
        permissions = status.st_mode & 0o7777
        isOwn = status.st_uid == geteuid()
        size = Int(status.st_size)
        inode = UInt64(status.st_ino)
        changedNanoseconds = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }
}

/// Distinguishes versions of a file without reading it: a file that was written or replaced has a different stamp.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    /// The time of the last change of content or name, in seconds and nanoseconds. A rename updates this time too. No
    /// program can set it to a value of its choice.
    private let changedSeconds: Int
    private let changedNanoseconds: Int

    /// Reads the stamp of the entry at `path`, without following a link; nil if no entry can be examined there.
    package init?(of path: String) {
        guard let status = entryStatus(of: path) else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changedSeconds = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}

/// Identifies a file independently of its name. If two paths have equal identities, they lead to the same file.
package struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// Reads the identity of the entry at a path, without following a link; nil if no entry can be examined there.
    package init?(of path: String) {
        guard let status = entryStatus(of: path) else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// Returns the system's status of the entry at `path`, without following a link; nil if the call fails.
private func entryStatus(of path: String) -> stat? {
    var status = stat()
    // The call writes only `status`.
    return unsafe lstat(path, &status) == 0 ? status : nil
}
