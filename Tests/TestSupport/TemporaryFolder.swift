package import Core
import Foundation
import SystemSupport

/// A folder of a test's own, removed when the value goes.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "nexus-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        // A service that was killed leaves a folder that is closed even to its owner.
        unsafe _ = chmod(path + "/data/run", 0o700)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The folder as a data folder.
    package var data: DataFolder { DataFolder(path + "/data") }

    /// Everything that stands in the files of the folder and below, one behind the other.
    package func allBytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            bytes += FileManager.default.contents(atPath: path + "/" + name) ?? Data()
        }
        return bytes
    }
}
