import Foundation
import TestSupport
import Testing

/// A file of `Fixtures` that holds what a program is to print.
enum GoldenFile {
    /// Compares `text` with the file, byte for byte. With `NEXUS_WRITE_GOLDEN=1` in the environment the file is written
    /// instead: look at what changed before it is committed.
    static func expect(
        _ text: String, is name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        if ProcessInfo.processInfo.environment["NEXUS_WRITE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: Repository.root.appending(path: "Fixtures/\(name)"))
            return
        }
        let golden = String(decoding: try Repository.fixture(name), as: UTF8.self)
        let isSame = text == golden
        #expect(isSame, "not as in Fixtures/\(name):\n\(text)", sourceLocation: sourceLocation)
    }
}
