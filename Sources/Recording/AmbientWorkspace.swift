package import SystemSupport

/// The default workspace of runs that name none. It is `$NEXUS_WORKSPACE` if that is set, where an empty text means none.
/// Otherwise it is the name of the folder of the git repository around the working folder. The shell hooks have the same
/// rule.
package enum AmbientWorkspace {
    /// Returns the name, of which only the keyed hash is stored; nil for none.
    /// - Parameter usesGit: false leaves out the repository.
    static func name(
        usesGit: Bool, environment: (String) -> String? = Environment.value, folder: String? = WorkingFolder.path
    ) -> String? {
        if let named = environment("NEXUS_WORKSPACE") { return named.isEmpty ? nil : named }
        guard usesGit else { return nil }
        return repository(above: folder, home: environment("HOME"))?.path.split(separator: "/").last.map(String.init)
    }

    /// Returns the folder of the git repository around a folder; nil where there is none, or it is `/` or the home folder.
    package static func repository(above folder: String?, home: String?) -> Folder? {
        guard let folder, folder.utf8.first == UInt8(ascii: "/") else { return nil }
        var root = Folder(folder)
        while !root.has(".git") {
            guard root.path != "/" else { return nil }
            root = root.parent
        }
        guard root.path != "/", root.path != home else { return nil }
        return root
    }
}
