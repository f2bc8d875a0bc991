import Foundation
import SystemSupport
import TestSupport

/// A home folder in a temporary folder, with an environment that names it.
struct UserHome {
    let folder: TemporaryFolder
    var variables: [String: String] = [:]

    init(_ variables: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        self.variables = variables
        self.variables["HOME"] = variables["HOME"] ?? path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    var path: String { folder.path + "/home" }

    /// Looks a variable up.
    var environment: @Sendable (String) -> String? {
        { [variables] in variables[$0] }
    }

    /// Writes a file below the home folder and returns its path.
    @discardableResult
    func put(_ name: String, _ content: String, mode: Int = 0o644) throws -> String {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        return url.path
    }

    /// The content of a file below the home folder; nil without one.
    func content(_ name: String) -> String? {
        FileManager.default.contents(atPath: path + "/" + name).map { String(decoding: $0, as: UTF8.self) }
    }
}
