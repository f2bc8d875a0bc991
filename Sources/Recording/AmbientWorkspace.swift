package import SystemSupport

/// The default workspace of a run for which the caller names no workspace. It is the value of `$NEXUS_WORKSPACE` if
/// that variable is set; an empty value means no workspace. Otherwise it is the folder name of the git repository that
/// contains the working folder. The shell hooks follow the same rule.
package enum AmbientWorkspace {
    /// Returns the name of the workspace; nil for no workspace. Only the keyed hash of the name is stored.
    /// - Parameter usesGit: whether a git repository can name the workspace.
    static func name(
        usesGit: Bool, environment: (String) -> String? = Environment.value, folder: String? = WorkingFolder.path
    ) -> String? {
        if let named = environment("NEXUS_WORKSPACE") { return named.isEmpty ? nil : named }
        guard usesGit else { return nil }
        return repository(above: folder, home: environment("HOME"))?.path.split(separator: "/").last.map(String.init)
    }

    /// Returns the root of the git repository that contains `folder`. Nil if there is no repository, or if its root is
    /// `/` or the home folder.
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
