package import Foundation

/// The folder of the project, for tests that read its sources and fixtures.
package enum Repository {
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Returns the content of a file in the folder `Fixtures`.
    package static func fixture(_ name: String) throws -> Data {
        try Data(contentsOf: root.appending(path: "Fixtures/\(name)"))
    }
}
