private import Glibc

/// What symbolic links point to.
package enum SymbolicLink {
    /// The path that a link holds; nil when there is no such link.
    package static func target(of path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            // The call writes at most `count` bytes into the buffer it is given.
            unsafe readlink(path, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return count > 0 ? Array(bytes.prefix(count)).text : nil
    }

    /// Where this program stands.
    package static var thisProgram: String? { target(of: "/proc/self/exe") }
}
