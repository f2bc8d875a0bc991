package import Core
import Intake
import Recording
import SystemSupport

/// The names of workspaces, for the owner's own reports. Only keyed hashes of the names are stored. The names are found
/// by hashing the names of folders on this disk.
package enum WorkspaceNames {
    /// Hashes the names of folders with the key of a data folder. The folders are the current git repository, the
    /// folders next to it, the folders of the setting `name_folders`, and the folders in them. The name in
    /// `$NEXUS_WORKSPACE` is included.
    ///
    /// Nothing is written. If the settings or a folder cannot be read, their names are missing. If the key cannot be
    /// read, all names are missing.
    ///
    /// - Returns: names by their hash.
    package static func known(
        in data: DataFolder, environment: (String) -> String? = Environment.value,
        workingFolder: String? = WorkingFolder.path
    ) -> [String: String] {
        guard let key = try? HashKey.existing(in: data) else { return [:] }
        var names: Set<String> = []
        if let name = environment("NEXUS_WORKSPACE") { names.insert(name) }
        if let root = AmbientWorkspace.repository(above: workingFolder, home: environment("HOME")) {
            names.formUnion(self.names(in: root.parent))
        }
        for path in (try? SettingsFile(data).load().nameFolders) ?? [] {
            let folder = Folder(expanded(path, environment("HOME")))
            names.insert(folder.path.split(separator: "/").last.map(String.init) ?? "")
            names.formUnion(self.names(in: folder))
        }
        names.remove("")
        return Dictionary(names.map { (key.hash(ofName: $0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func names(in folder: Folder) -> some Sequence<String> {
        ((try? folder.names()) ?? []).prefix(Limits.listedNames)
    }

    /// Returns a path with `~` replaced by the home folder.
    private static func expanded(_ path: String, _ home: String?) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home else { return path }
        return home + path.dropFirst()
    }
}
