import Application
import Core
import Database
import DatabaseTesting
import Foundation
import SystemSupport
import TestSupport

@testable import History

/// A data folder with a clock, and files to import in the folder above it.
struct HistoryHarness {
    let folder: TemporaryFolder
    /// 2027-01-15.
    let clock = ManualWallClock(1_800_000_000_000)

    var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
        try data.folder.prepare()
    }

    /// Returns the path of a file to import.
    func path(_ name: String) -> String { folder.path + "/" + name }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    /// Returns the writer lock of a data folder, by default of this one.
    func lock(_ data: DataFolder? = nil) throws -> WriterLock {
        try AnotherWriter.waitedFor(in: data ?? self.data)
    }

    /// Imports a file, as the only writer.
    @discardableResult
    func take(_ source: HistorySource, _ name: String) async throws -> HistorySummary {
        try await HistoryImport(source, path: path(name), clock: clock).run(
            into: data, lock: try lock(), parts: .standard)
    }
}
