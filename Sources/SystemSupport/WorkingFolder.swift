private import Glibc

/// The folder that this process works in.
package enum WorkingFolder {
    /// Its path without symbolic links; nil where it was removed.
    package static var path: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
