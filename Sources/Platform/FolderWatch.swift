private import Glibc

/// Notices that files of a folder grow or come: the kernel tells (inotify(7)), nobody has to look.
package struct FolderWatch: ~Copyable, Sendable {
    private let descriptor: CInt

    /// Watches a folder that is there.
    package init(_ folder: Folder) throws(SystemError) {
        descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        guard descriptor >= 0 else { throw SystemError("watch", folder.path) }
        let changes = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)
        guard unsafe inotify_add_watch(descriptor, folder.path, changes) >= 0 else {
            throw SystemError("watch", folder.path)
        }
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
    /// what is appended by the thousand is one change.
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
        return .change
    }

    /// Reads what the kernel has told; only that it told something matters.
    private func forgetChanges() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while unsafe read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
