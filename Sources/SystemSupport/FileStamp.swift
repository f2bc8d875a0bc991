private import CPlatform
private import Glibc

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
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changedSeconds = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}
