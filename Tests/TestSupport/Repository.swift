package import Foundation

/// Where the project stands, for tests that read its sources and fixtures.
package enum Repository {
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The content of a file of `Fixtures`.
    package static func fixture(_ name: String) throws -> Data {
        try Data(contentsOf: root.appending(path: "Fixtures/\(name)"))
    }
}
