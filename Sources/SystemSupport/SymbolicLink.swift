private import CPlatform
private import Glibc

/// What symbolic links point to.
package enum SymbolicLink {
    /// The path that a link holds; nil when there is no such link.
    package static func target(of path: String) -> String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            let room = UnsafeMutableRawBufferPointer(buffer)
            // The call writes at most `room.count` bytes into the room it is given, and returns how many, or -1.
            count = max(0, unsafe readlink(path, room.baseAddress!.assumingMemoryBound(to: CChar.self), room.count))
        }
        return bytes.isEmpty ? nil : bytes.text
    }

    /// The absolute path without links that a path leads to; nil when nothing is there.
    package static func resolved(_ path: String) -> String? {
        // The call allocates the text that it returns; it is copied and freed at once.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}

/// The path of the program that runs.
package enum ExecutablePath {
    /// The absolute path of this process's executable. Without `/proc` it is the one that the process was started by, which
    /// may be a link; nil if that is unknown.
    package static var current: String? {
        if let target = SymbolicLink.target(of: "/proc/self/exe") { return target }
        // The string lives as long as the process, and nothing writes to it.
        guard let name = unsafe nexus_executable_name() else { return nil }
        let path = unsafe String(cString: name)
        if path.hasPrefix("/") { return path }
        guard let folder = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder) + "/" + path
    }
}
