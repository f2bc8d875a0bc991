private import Glibc

/// A folder of this user, and operations on the names in it.
package struct Folder: Sendable, Equatable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// The folder that contains this folder.
    package var parent: Folder {
        // The search is by bytes, as the system reads paths. In Swift, a slash and a following combining accent are one
        // character, so a search by characters would miss that slash.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return Folder(".") }
        return Folder(slash == path.startIndex ? "/" : String(path[..<slash]))
    }

    /// The last component of the path.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    package func path(of name: String) -> String { path + "/" + name }

    /// Creates the folder, and its missing parents, for the owner alone (0700). Throws if the folder is a link, belongs
    /// to another user, or is writable by other users.
    package func prepare() throws(SystemError) {
        try makeMissing()
        try requireOwn()
    }

    /// Throws unless the folder exists, is not a link and belongs to this user. Also throws if other users may write to
    /// it.
    package func requireOwn() throws(SystemError) {
        let status = try File(opening: path, [.read, .folder]).status()
        guard File.isOwn(status) else {
            throw SystemError("use another user's folder", path, code: EPERM)
        }
        if status.isWritableByOthers { throw openToOthers }
    }

    /// Throws if the folder exists and either belongs to another user or is writable by other users.
    package func requireOwnIfThere() throws(SystemError) {
        guard let status = FileStatus(of: path), status.kind == .folder else { return }
        guard status.isOwn else { throw SystemError("use another user's folder", path, code: EPERM) }
        if status.permissions & 0o022 != 0 { throw openToOthers }
    }

    private var openToOthers: SystemError {
        SystemError("use a folder that others may write to (run 'chmod go-w' on it)", path, code: EPERM)
    }

    /// Throws if this user cannot list the folder. A folder that does not exist is no error.
    package func requireReadableIfThere() throws(SystemError) {
        guard unsafe access(path, R_OK | X_OK) == 0 || errno == ENOENT else { throw SystemError("open", path) }
    }

    /// Whether this user may create files in the folder.
    package var isWritable: Bool { unsafe access(path, W_OK) == 0 }

    package var exists: Bool { unsafe access(path, F_OK) == 0 }

    /// Returns whether the folder has an entry of this name.
    package func has(_ name: String) -> Bool { unsafe access(path(of: name), F_OK) == 0 }

    /// The kind of the entry with a given name. Callers check the kind before they write a file with that name.
    package enum Occupant: Sendable {
        case nothing, file, folder, symbolicLink, other
    }

    /// Returns the kind of entry that has this name in the folder, without following a link.
    package func occupant(of name: String) throws(SystemError) -> Occupant {
        var status = stat()
        guard unsafe lstat(path(of: name), &status) == 0 else {
            if errno == ENOENT { return .nothing }
            throw SystemError("examine", path(of: name))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFLNK: return .symbolicLink
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// Returns the names in the folder, unordered; empty if the folder does not exist.
    package func names() throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw SystemError("list", path)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        // `readdir` returns an entry that belongs to the stream and is valid until the next call. The name is copied
        // before that call.
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemError("list", path) }
        return names
    }

    /// Returns the size of a file in the folder, in bytes; nil if the folder has no entry of this name.
    package func size(of name: String) -> Int? {
        var status = stat()
        return unsafe lstat(path(of: name), &status) == 0 ? Int(status.st_size) : nil
    }

    /// Returns the total size of the files in the folder and in its subfolders, in bytes.
    package func size() throws(SystemError) -> Int {
        var total = 0
        for name in try names() {
            var status = stat()
            // Another process may remove a file during the walk; the file is then not counted.
            guard unsafe lstat(path(of: name), &status) == 0 else { continue }
            total += status.st_mode & S_IFMT == S_IFDIR ? try Folder(path(of: name)).size() : Int(status.st_size)
        }
        return total
    }

    /// Removes a name from the folder. Does nothing if the name does not exist.
    package func remove(_ name: String) throws(SystemError) {
        guard unsafe unlink(path(of: name)) == 0 || errno == ENOENT else { throw SystemError("remove", path(of: name)) }
    }

    /// Removes a file and overwrites its content, so that the content is not left in free blocks. The name is removed
    /// first: if the process is killed in between, no file of zeros is left. If the file cannot be opened for writing,
    /// only the name is removed. Does nothing if the name does not exist.
    package func removeOverwriting(_ name: String) throws(SystemError) {
        let file: File
        do throws(SystemError) {
            file = try File(opening: path(of: name), [.write, .nonBlocking])
        } catch  where error.isNotFound {
            return
        } catch {
            return try remove(name)
        }
        try remove(name)
        let status = try file.status()
        guard status.isRegular else { return }
        let zeros = [UInt8](repeating: 0, count: 64 * 1024)
        var left = status.size
        while left > 0 {
            let count = min(left, zeros.count)
            try file.write(zeros.span.extracting(0..<count))
            left -= count
        }
        try file.synchronizeData()
    }

    /// Removes an empty subfolder. Returns whether it was removed.
    package func removeFolder(_ name: String) -> Bool { unsafe rmdir(path(of: name)) == 0 }

    /// Gives a file another name in the same folder, replacing an existing file of that name.
    package func rename(_ name: String, to newName: String) throws(SystemError) {
        guard unsafe Glibc.rename(path(of: name), path(of: newName)) == 0 else {
            throw SystemError("rename", path(of: name))
        }
    }

    /// Moves a file from another folder of the same file system into this folder and gives it a new name. Replaces an
    /// existing file of that name.
    package func take(_ name: String, from other: Folder, as newName: String) throws(SystemError) {
        guard unsafe Glibc.rename(other.path(of: name), path(of: newName)) == 0 else {
            throw SystemError("create", path(of: newName))
        }
    }

    /// Gives a file a second name (a hard link) in the same folder.
    /// - Returns: true if the name was created; false if it exists already.
    package func link(_ name: String, as newName: String) throws(SystemError) -> Bool {
        if unsafe Glibc.link(path(of: name), path(of: newName)) == 0 { return true }
        guard errno == EEXIST else { throw SystemError("create", path(of: newName)) }
        return false
    }

    /// Returns once the names in the folder are on disk. Without this call, a power failure can undo the creation or
    /// the removal of a file.
    package func synchronize() throws(SystemError) {
        try File(opening: path, [.read, .folder]).synchronizeData()
    }

    /// Creates the folder, and its missing parents, for the owner alone (0700).
    package func makeMissing() throws(SystemError) {
        if try make() { return }
        guard errno == ENOENT, parent != self else { throw SystemError("create", path) }
        try parent.makeMissing()
        guard try make() else { throw SystemError("create", path) }
    }

    /// Whether the parent folder exists and belongs to a user other than this user and root. Root may run Nexus with
    /// the `HOME` of another user. Nexus then creates no folders there, because that user could not use them.
    private var isBelowForeignFolder: Bool {
        var status = stat()
        guard unsafe stat(parent.path, &status) == 0 else { return false }
        return status.st_uid != geteuid() && status.st_uid != 0
    }

    /// Creates the folder unless it exists. Returns false if the folder cannot be created; `errno` then has the reason.
    /// The parent is synchronized to disk, because a power failure must not remove the new folder with all its files.
    /// The synchronization is skipped if the user may not read the parent.
    private func make() throws(SystemError) -> Bool {
        guard !isBelowForeignFolder || exists else {
            throw SystemError("create a folder in another user's folder", parent.path, code: EPERM)
        }
        guard unsafe mkdir(path, 0o700) == 0 else { return errno == EEXIST }
        let above: File
        do throws(SystemError) {
            above = try File(opening: parent.path, [.read, .folder, .followingLinks])
        } catch  where error.isPermission {
            return true
        }
        try above.synchronizeData()
        return true
    }
}
