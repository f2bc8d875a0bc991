private import Glibc

/// Detects new and growing files in a folder, and the removal of the folder. The kernel reports the changes
/// (inotify(7)), so that no polling is needed.
package struct FolderWatch: ~Copyable, Sendable {
    private let descriptor: CInt
    /// The watched folder. It stays open, so that the system does not give its inode number to another folder.
    private let folder: File

    /// Watches an existing folder.
    package init(_ folder: Folder) throws(SystemError) {
        let file = try File(opening: folder.path, [.read, .folder])
        descriptor = try Self.watch(folder)
        self.folder = file
    }

    private static func watch(_ folder: Folder) throws(SystemError) -> CInt {
        let descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        guard descriptor >= 0 else { throw SystemError("watch", folder.path) }
        let grown = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)
        // The kernel reports a removal to the folder's own watch only after every process has closed the folder. The
        // parent is therefore watched too.
        let gone = UInt32(IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF)
        guard unsafe inotify_add_watch(descriptor, folder.path, grown) >= 0,
            unsafe inotify_add_watch(descriptor, folder.parent.path, gone) >= 0
        else {
            let error = SystemError("watch", folder.path)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    deinit { close(descriptor) }

    /// The event that ended a wait.
    package enum Event: Sendable {
        /// There is input.
        case input
        /// The folder has changed.
        case change
    }

    /// Waits until `input` can be read without blocking, or until the folder changes. Reports at most one change in
    /// each period of `rest`, so that thousands of appends are reported as one change. Throws `ENOENT` once the folder
    /// was removed or moved, even if another folder is at its path now.
    package func wait(for input: borrowing File, rest: Duration) throws(SystemError) -> Event {
        if try input.waitForInput(atMost: rest) { return .input }
        var entries = [
            pollfd(fd: input.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard retryingInterrupts({ Int(unsafe poll(&entries, 2, -1)) }) >= 0 else {
            throw SystemError("wait for", input.path)
        }
        if entries[0].revents != 0 { return .input }
        forgetChanges()
        guard try folder.isAtItsPath() else { throw SystemError("watch", folder.path, code: ENOENT) }
        return .change
    }

    /// Reads and discards the kernel's notifications. The content of a notification is not needed.
    private func forgetChanges() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while unsafe read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
