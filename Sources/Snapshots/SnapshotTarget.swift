import SystemSupport

/// Where a new snapshot is to stand.
package enum SnapshotTarget: Equatable, Sendable {
    /// A file. One that is there is replaced, whole, once the new one is complete and on disk; anything else that has the
    /// name, a link too, is left alone.
    case file(String)
    /// This process's output: a pipe into another program. It gets nothing before the snapshot is complete.
    case standardOutput

    /// The folder in which the snapshot is made, and its name there; no name: it goes on from there.
    func place() throws(SnapshotError) -> (folder: Folder, name: String?) {
        guard case .file(let path) = self else { return (ScratchFolder.commonParent, nil) }
        let folder = Folder(path).parent
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
        guard !name.isEmpty, name != ".", name != ".." else { throw .occupied(path: path, by: "a folder") }
        let occupant: Folder.Occupant
        do { occupant = try folder.occupant(of: name) } catch { throw .system(error) }
        switch occupant {
        case .nothing, .file: return (folder, name)
        case .symbolicLink: throw .occupied(path: path, by: "a symbolic link")
        case .folder: throw .occupied(path: path, by: "a folder")
        case .other: throw .occupied(path: path, by: "a device, pipe or socket")
        }
    }
}
