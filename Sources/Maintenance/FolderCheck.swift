package import Core
import Database
package import SystemSupport

/// Checks the data folder and the files in it: their owner, and whether other users have access to them.
package enum FolderCheck {
    private static let name = "folder"

    package static func run(_ data: DataFolder) throws(SystemError) -> [CheckResult] {
        guard data.folder.exists else {
            return [.ok(name, "nothing was recorded yet: there is no \(data.folder.path.escapedForDisplay)")]
        }
        var results = owned(data.folder.path, folder: true).map { [$0] } ?? []
        var files = 0
        for folder in [data.folder, data.bufferFolder] {
            for entry in try folder.names().sorted() {
                let path = folder.path(of: entry)
                // A file that another process removes during the check is not a problem.
                guard let status = FileStatus(of: path) else { continue }
                files += 1
                if let result = owned(path, folder: status.kind == .folder) { results.append(result) }
                let isOfService = [RuntimeFolder.pipeName, RuntimeFolder.socketName].contains(entry)
                if [.pipe, .socket, .other].contains(status.kind), !isOfService {
                    results.append(
                        .error(
                            name, "\(path.escapedForDisplay) is not a regular file",
                            suggestion: "move it away; Nexus creates the file when it needs it"))
                }
            }
        }
        results += try leftovers(data)
        return results.isEmpty
            ? [.ok(name, "\(files.counted("entry", plural: "entries")), and no other user may read them")] : results
    }

    /// Returns the problem with the owner or the permissions of an entry; nil when there is none.
    private static func owned(_ path: String, folder: Bool) -> CheckResult? {
        guard let status = FileStatus(of: path) else { return nil }
        let shown = path.escapedForDisplay
        if status.kind == .link {
            return .error(
                name, "\(shown) is a symbolic link, and links are not followed",
                suggestion: "replace the link by its target")
        }
        guard status.isOwn else {
            return .error(
                name, "\(shown) belongs to another user",
                suggestion: "make your user its owner with chown, or move it away")
        }
        guard status.permissions & 0o077 == 0 else {
            let mode = String(status.permissions, radix: 8)
            return .error(
                name, "other users have access to \(shown) (mode \(mode))",
                suggestion: "run 'chmod \(folder ? "700" : "600")' on it")
        }
        return nil
    }

    /// Returns a note on temporary files that a killed process left; empty if there are none.
    private static func leftovers(_ data: DataFolder) throws(SystemError) -> [CheckResult] {
        let settings = [DataFolder.settingsName, DataFolder.aggregatesName].map { $0 + ".new" }
        let names = try data.folder.names().filter { $0.hasPrefix("key.new") || settings.contains($0) }
        guard !names.isEmpty else { return [] }
        let list = names.sorted().map(\.escapedForDisplay).joined(separator: ", ")
        return [
            .note(
                name, "left by a killed process: \(list)",
                suggestion: "Nexus does not use these files; you can remove them while no nexus process runs")
        ]
    }
}
