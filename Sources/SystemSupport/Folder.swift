private import Glibc

/// A folder of this user, and operations on the names in it.
package struct Folder: Sendable, Equatable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// The folder that holds this one.
    package var parent: Folder {
        // By bytes, as the system reads paths: a slash before a combining accent is one character with it.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return Folder(".") }
        return Folder(slash == path.startIndex ? "/" : String(path[..<slash]))
    }

    /// The last component of the path.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    package func path(of name: String) -> String { path + "/" + name }

    /// Creates the folder, and its missing parents, for the owner alone (0700). Refuses a folder that belongs to another user
    /// or is a link.
    package func prepare() throws(SystemError) {
        try makeMissing()
        try requireOwn()
    }

    /// Throws unless the folder is there, is no link, belongs to this user, and is closed to writers other than this user.
    package func requireOwn() throws(SystemError) {
        let status = try File(opening: path, [.read, .folder]).status()
        guard File.isOwn(status) else {
            throw SystemError("use, as it belongs to another user,", path, code: EPERM)
        }
        if status.isWritableByOthers { throw openToOthers }
    }

    /// Throws if the folder is there and belongs to another user, or users other than this one may write to it.
    package func requireOwnIfThere() throws(SystemError) {
        guard let status = FileStatus(of: path), status.kind == .folder else { return }
        guard status.isOwn else { throw SystemError("use, as it belongs to another user,", path, code: EPERM) }
        if status.permissions & 0o022 != 0 { throw openToOthers }
    }

    private var openToOthers: SystemError {
        SystemError("use, as others may write to it (run 'chmod go-w' on it),", path, code: EPERM)
    }

    /// Throws when it is there, or may be, and this user cannot look into it.
    package func requireReadableIfThere() throws(SystemError) {
        guard unsafe access(path, R_OK | X_OK) == 0 || errno == ENOENT else { throw SystemError("open", path) }
    }

    /// Whether this user may make files in it.
    package var isWritable: Bool { unsafe access(path, W_OK) == 0 }

    package var exists: Bool { unsafe access(path, F_OK) == 0 }

    /// Returns whether an entry of this name exists in it.
    package func has(_ name: String) -> Bool { unsafe access(path(of: name), F_OK) == 0 }

    /// The kind of entry at a name that is to be written.
    package enum Occupant: Sendable {
        case nothing, file, folder, symbolicLink, other
    }

    /// Returns the kind of entry of a name in it; a link is not followed.
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

    /// Returns the names in it, in no order. Empty when the folder does not exist.
    package func names() throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw SystemError("list", path)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        // `readdir` returns an entry of the stream's own, good until the next call; the name is copied before that.
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

    /// Bytes of a file in it; nil when there is none of this name.
    package func size(of name: String) -> Int? {
        var status = stat()
        return unsafe lstat(path(of: name), &status) == 0 ? Int(status.st_size) : nil
    }

    /// Bytes of the files in it and in the folders below.
    package func size() throws(SystemError) -> Int {
        var total = 0
        for name in try names() {
            var status = stat()
            // A file may be removed during the walk; it then counts as nothing.
            guard unsafe lstat(path(of: name), &status) == 0 else { continue }
            total += status.st_mode & S_IFMT == S_IFDIR ? try Folder(path(of: name)).size() : Int(status.st_size)
        }
        return total
    }

    /// Removes a name; nothing happens when it is not there.
    package func remove(_ name: String) throws(SystemError) {
        guard unsafe unlink(path(of: name)) == 0 || errno == ENOENT else { throw SystemError("remove", path(of: name)) }
    }

    /// Removes a name and overwrites the file that had it, so that its content is not left in free blocks. The name is
    /// removed first: a process that is killed in between leaves no file of zeros. Nothing happens when the name does not
    /// exist.
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

    /// Removes an empty folder in it; false when that is not possible.
    package func removeFolder(_ name: String) -> Bool { unsafe rmdir(path(of: name)) == 0 }

    /// Gives a file another name in the same folder, replacing what had it.
    package func rename(_ name: String, to newName: String) throws(SystemError) {
        guard unsafe Glibc.rename(path(of: name), path(of: newName)) == 0 else {
            throw SystemError("rename", path(of: name))
        }
    }

    /// Moves a file from another folder of the same file system to a new name, replacing an existing file.
    package func take(_ name: String, from other: Folder, as newName: String) throws(SystemError) {
        guard unsafe Glibc.rename(other.path(of: name), path(of: newName)) == 0 else {
            throw SystemError("create", path(of: newName))
        }
    }

    /// Gives a file a second name in the same folder; false when that name is taken.
    package func link(_ name: String, as newName: String) throws(SystemError) -> Bool {
        if unsafe Glibc.link(path(of: name), path(of: newName)) == 0 { return true }
        guard errno == EEXIST else { throw SystemError("create", path(of: newName)) }
        return false
    }

    /// Returns once the names themselves are on disk; without it a power failure undoes a creation or a removal.
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

    /// Whether the folder above is there and belongs to a user other than this one and root: with another user's `HOME`, root
    /// would leave folders there that lock that user out.
    private var isBelowForeignFolder: Bool {
        var status = stat()
        guard unsafe stat(parent.path, &status) == 0 else { return false }
        return status.st_uid != geteuid() && status.st_uid != 0
    }

    /// Creates the folder, unless it exists; returns false when that is not possible. The parent is synchronized, as a power
    /// failure must not remove the name and all files in it. A user that may create a folder cannot always read the parent.
    private func make() throws(SystemError) -> Bool {
        guard !isBelowForeignFolder || exists else {
            throw SystemError("create, as the folder above belongs to another user,", path, code: EPERM)
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
