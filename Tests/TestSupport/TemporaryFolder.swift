package import Core
import Foundation
import SystemSupport

/// A temporary folder. It is removed when the value is released.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "nexus-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        // A killed service leaves its runtime folder without write permission, even for the owner.
        unsafe _ = chmod(path + "/data/run", 0o700)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A data folder in this folder. The value does not create it.
    package var data: DataFolder { DataFolder(path + "/data") }

    /// Returns the bytes of all files in the folder and its subfolders, one file after the other.
    package func allBytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            bytes += FileManager.default.contents(atPath: path + "/" + name) ?? Data()
        }
        return bytes
    }
}
