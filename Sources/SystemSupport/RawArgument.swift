private import CPlatform
private import Glibc

/// An argument of a program, with exactly the bytes that the system has. Like the bytes of a file name, they need not
/// be UTF-8.
package struct RawArgument: Equatable, Sendable {
    /// The bytes of the argument, without the zero at the end.
    package let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The arguments of this process, without the program's name, from the list that the C library passed when the
    /// process started. The Swift runtime's own list is not used, because that list is empty if `/proc` is missing or
    /// if a preloaded library has added an environment variable.
    package static var ofThisProcess: [RawArgument] {
        (1..<max(1, Int(nexus_argument_count()))).compactMap { index in
            // The strings exist as long as the process, and no code writes to them.
            guard let argument = unsafe nexus_argument(CInt(index)) else { return nil }
            return unsafe RawArgument(
                bytes: Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument))))
        }
    }

    /// The text, with invalid UTF-8 replaced.
    package var text: String { bytes.text }

    /// The text; nil when it is not UTF-8.
    package var exactText: String? { String(validating: bytes, as: UTF8.self) }

    /// Calls `use` with the arguments in the system's form: a list of zero-terminated strings, with a null pointer at
    /// its end.
    static func withList<Result>(
        of arguments: [RawArgument], _ use: (inout [UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        // The copies live until the call returns.
        var list =
            unsafe arguments.map { argument in
                unsafe (argument.bytes + [0]).withUnsafeBytes { bytes in
                    unsafe bytes.baseAddress.flatMap { unsafe strdup($0.assumingMemoryBound(to: CChar.self)) }
                }
            } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        return unsafe use(&list)
    }
}

/// Resolves symbolic links.
package enum SymbolicLink {
    /// Returns the path that a symbolic link contains; nil if there is no link at `path`.
    package static func target(of path: String) -> String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            let room = UnsafeMutableRawBufferPointer(buffer)
            // The call writes at most `room.count` bytes into `room`. It returns their number, or -1 if it fails.
            count = max(0, unsafe readlink(path, room.baseAddress!.assumingMemoryBound(to: CChar.self), room.count))
        }
        return bytes.isEmpty ? nil : bytes.text
    }

    /// Returns the absolute path, without symbolic links, of the entry that `path` leads to; nil if it does not exist.
    package static func resolved(_ path: String) -> String? {
        // The call allocates the text that it returns. The text is copied and freed here.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}

/// The path of the program that this process runs.
package enum ExecutablePath {
    /// The absolute path of this process's executable. Without `/proc`, it is the path that the process was started
    /// with, which may be a symbolic link; nil if that path is unknown.
    package static var current: String? {
        if let target = SymbolicLink.target(of: "/proc/self/exe") { return target }
        // The string exists as long as the process, and no code writes to it.
        guard let name = unsafe nexus_executable_name() else { return nil }
        let path = unsafe String(cString: name)
        if path.hasPrefix("/") { return path }
        guard let folder = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder) + "/" + path
    }
}
