private import CPlatform
private import Glibc

/// What stands under a name, looked at without opening it: sockets and pipes too.
package struct FileStatus: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case file, folder, link, socket, pipe, other
    }

    package let kind: Kind
    /// The permission bits, `0o600` for example.
    package let permissions: UInt32
    /// Whether it belongs to this process's user.
    package let isOwn: Bool
    /// Length in bytes.
    package let size: Int
    /// The file's number in its file system; a copy has another.
    package let inode: UInt64
    /// The time of the last change of content, permissions or name (ctime), in nanoseconds since 1970: no program can set it.
    package let changedNanoseconds: Int64

    /// What stands at `path`, a link itself and not where it leads; nil when nothing does.
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

/// What tells one state of a file from another without reading it: a file that was written or replaced has another
/// stamp.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    /// The time of the last change of content or name, in seconds and nanoseconds: a rename sets it too, and no program
    /// can.
    private let changedSeconds: Int
    private let changedNanoseconds: Int

    /// The stamp of what stands at `path`; nil when nothing does or it cannot be looked at.
    package init?(of path: String) {
        guard let status = entryStatus(of: path) else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changedSeconds = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}

/// Which file a path leads to, whatever its name: two with the same identity are one.
package struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// The identity of what stands at a path; nil when nothing does.
    package init?(of path: String) {
        guard let status = entryStatus(of: path) else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// The system's status of what is at `path`, a link itself and not where it leads; nil when nothing is there.
private func entryStatus(of path: String) -> stat? {
    var status = stat()
    // The call fills in the one value that it is given.
    return unsafe lstat(path, &status) == 0 ? status : nil
}
