private import Glibc

/// A temporary folder of this process, in which files are written until they are complete. The parent of the folder is
/// often the destination of the files, so that a rename can move them there. The folder is removed when this value is
/// destroyed. If the process is killed, the next process that creates a scratch folder in the same parent removes the
/// leftover folder.
///
/// The process that uses such a folder holds a lock on it, and the kernel releases the lock however the process ends. A
/// folder whose lock is free is a leftover.
package struct ScratchFolder: ~Copyable, Sendable {
    /// The prefix of the names of all scratch folders.
    package static let prefix = ".nexus-scratch-"

    package let folder: Folder
    /// The name of the folder in its parent.
    package let name: String
    private let handle: File

    /// Removes the leftovers in `parent`, which must exist, and then creates a folder there.
    package init(in parent: Folder) throws(SystemError) {
        Self.removeLeftovers(in: parent)
        var generator = SystemRandomNumberGenerator()
        while true {
            let name = Self.prefix + String(generator.next() as UInt64, radix: 16)
            let folder = Folder(parent.path(of: name))
            guard unsafe mkdir(folder.path, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw SystemError("create a file in", parent.path)
            }
            // Before this process locks the folder, another process may mistake it for a leftover and remove it.
            let handle: File
            do throws(SystemError) { handle = try File(opening: folder.path, [.read, .folder]) } catch {
                if error.isNotFound { continue }
                throw error
            }
            if try handle.tryLock(), try handle.isAtItsPath() {
                self.folder = folder
                self.name = name
                self.handle = handle
                return
            }
        }
    }

    deinit { Self.remove(folder) }

    /// Returns the path of a file in the folder.
    package func path(of name: String) -> String { folder.path(of: name) }

    /// Removes leftovers of killed processes in `parent`. Failures are ignored.
    package static func removeLeftovers(in parent: Folder) {
        for name in (try? parent.names()) ?? [] where name.hasPrefix(prefix) {
            let folder = Folder(parent.path(of: name))
            guard let handle = try? File(opening: folder.path, [.read, .folder]), (try? handle.tryLock()) == true else {
                continue
            }
            remove(folder)
        }
    }

    /// The parent of scratch folders whose files are all temporary: `$TMPDIR` if it is an absolute path, else
    /// `/var/tmp`. `/var/tmp` is on a disk and can hold large files.
    package static var commonParent: Folder {
        if let path = Environment.value("TMPDIR"), path.hasPrefix("/") { return Folder(path) }
        return Folder("/var/tmp")
    }

    private static func remove(_ folder: Folder) {
        for name in (try? folder.names()) ?? [] {
            if (try? folder.occupant(of: name)) == .folder {
                remove(Folder(folder.path(of: name)))
            } else {
                try? folder.remove(name)
            }
        }
        unsafe _ = rmdir(folder.path)
    }
}
