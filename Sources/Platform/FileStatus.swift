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

    /// What stands at `path`, a link itself and not where it leads; nil when nothing does.
    package init?(of path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
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
    }
}
