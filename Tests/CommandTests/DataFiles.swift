import Core
import Foundation
import SystemSupport
import TestSupport

/// A file as it is found: what stands in it, and when that was last written.
struct DataFile: Equatable {
    let content: Data
    let modified: Date
}

extension Program {
    /// Every plain file of the data folder.
    func dataFiles() -> [String: DataFile] {
        let root = folder.data.folder.path
        var files: [String: DataFile] = [:]
        // Where nothing was recorded there is no folder.
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? [] {
            let path = root + "/" + name
            // What goes while it is looked at is not there.
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                attributes[.type] as? FileAttributeType == .typeRegular,
                let modified = attributes[.modificationDate] as? Date,
                let content = FileManager.default.contents(atPath: path)
            else { continue }
            files[name] = DataFile(content: content, modified: modified)
        }
        return files
    }

    /// The files that are not as they were: another content, written to, made or gone.
    func changedFiles(since before: [String: DataFile]) -> [String] {
        let after = dataFiles()
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }
}
