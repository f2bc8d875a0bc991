private import Glibc

/// The environment this process was started with.
package enum Environment {
    /// The value of `name`; nil when it is not set.
    package static func value(_ name: String) -> String? {
        // The string belongs to the environment and is copied at once; nothing in Nexus changes the environment.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Files made from here on are the owner's alone, whatever the caller's mask.
    package static func restrictNewFiles() {
        umask(0o077)
    }
}

/// The folder that this process works in.
package enum WorkingFolder {
    /// Its path without symbolic links; nil where it was removed.
    package static var path: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
