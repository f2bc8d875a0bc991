private import Glibc

/// A folder of this process's own for files on their way to somewhere else, beside where they are to stand, so that they
/// can be renamed into place. It goes with the value; what a killed process left is removed by the next one.
///
/// Whoever works in such a folder holds the lock on it, and the kernel gives that back however the process ends: a
/// folder whose lock is free is a leftover.
package struct ScratchFolder: ~Copyable, Sendable {
    /// How the names begin.
    package static let prefix = ".nexus-scratch-"

    package let folder: Folder
    /// Its name in the folder around it.
    package let name: String
    private let handle: File

    /// Makes one in `parent`, which must be there, after clearing away leftovers.
    package init(in parent: Folder) throws(SystemError) {
        Self.removeLeftovers(in: parent)
        var generator = SystemRandomNumberGenerator()
        while true {
            let name = Self.prefix + String(generator.next() as UInt64, radix: 16)
            let folder = Folder(parent.path(of: name))
            guard unsafe mkdir(folder.path, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw SystemError("create", folder.path)
            }
            // Another process may take it for a leftover before the lock is on it, and remove it.
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

    /// The path of a file in it.
    package func path(of name: String) -> String { folder.path(of: name) }

    /// Removes what killed processes left in `parent`. That it cannot be removed is no reason to do nothing else.
    package static func removeLeftovers(in parent: Folder) {
        for name in (try? parent.names()) ?? [] where name.hasPrefix(prefix) {
            let folder = Folder(parent.path(of: name))
            guard let handle = try? File(opening: folder.path, [.read, .folder]), (try? handle.tryLock()) == true else {
                continue
            }
            remove(folder)
        }
    }

    /// Where files go that stay nowhere: `$TMPDIR`, else `/var/tmp`, which is on a disk and may hold large ones.
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
