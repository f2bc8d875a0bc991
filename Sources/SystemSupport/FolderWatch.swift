private import Glibc

/// Notices that files of a folder grow or come, and that it is gone: the kernel tells (inotify(7)), nobody has to look.
package struct FolderWatch: ~Copyable, Sendable {
    private let descriptor: CInt
    /// Open, so that no other folder has its number.
    private let folder: File

    /// Watches a folder that is there.
    package init(_ folder: Folder) throws(SystemError) {
        let file = try File(opening: folder.path, [.read, .folder])
        descriptor = try Self.watch(folder)
        self.folder = file
    }

    private static func watch(_ folder: Folder) throws(SystemError) -> CInt {
        let descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        guard descriptor >= 0 else { throw SystemError("watch", folder.path) }
        let grown = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)
        // A folder is told of its own end only when nobody has it open any more.
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

    /// What ended a wait.
    package enum Event: Sendable {
        /// There is input.
        case input
        /// The folder has changed.
        case change
    }

    /// Waits until `input` can be read without waiting or the folder changes. A change is told at most every `rest`:
    /// what is appended by the thousand is one change. Throws `ENOENT` once the folder was removed or moved, whatever has its
    /// name then.
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

    /// Reads what the kernel has told; only that it told something matters.
    private func forgetChanges() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while unsafe read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
