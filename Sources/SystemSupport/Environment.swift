private import CPlatform
private import Glibc

/// The environment that this process was started with.
package enum Environment {
    /// Returns the value of `name`; nil when it is not set.
    package static func value(_ name: String) -> String? {
        // The string belongs to the environment and is copied here. Nexus changes the environment only while it starts
        // (see arguments.c).
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Every variable with its value. If a name occurs twice, the first value counts.
    package static var allByName: [String: String] {
        var all: [String: String] = [:]
        var next = unsafe nexus_environment()
        // The list ends with a null pointer; its strings belong to the environment and are copied.
        while let place = unsafe next, let entry = unsafe place.pointee {
            let text = unsafe String(cString: entry)
            if let equals = text.firstIndex(of: "="), all[String(text[..<equals])] == nil {
                all[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            unsafe next = unsafe place + 1
        }
        return all
    }

    /// Restricts all files that this process creates later to the owner, whatever umask it inherited.
    package static func restrictNewFiles() {
        umask(0o077)
    }
}

/// The folder that this process works in.
package enum WorkingFolder {
    /// The path of the folder without symbolic links; nil if the folder was removed.
    package static var path: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
