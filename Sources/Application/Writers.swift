package import Core
package import Database
import Maintenance
import Rollups
package import SystemSupport

extension WriterParts {
    /// The parts of every writer of a data folder: the aggregates, and the completion of interrupted purges.
    package static let standard = WriterParts(
        derivedTables: RollupTables(), resume: SQLiteWriter.finishInterruptedPurge)
}

/// The values that a front end passes to modules that open a writer themselves.
package enum Composition {
    /// The standard parts of a writer.
    package static let writer = WriterParts.standard
}

extension SQLiteWriter {
    /// Opens the database of a data folder with the standard parts.
    package init(
        data: DataFolder, lock: consuming WriterLock, obeysSettings: Bool = true, clock: any WallClock = SystemClock()
    ) throws(StoreError) {
        try self.init(data: data, lock: lock, parts: .standard, obeysSettings: obeysSettings, clock: clock)
    }

    /// Opens the database with the standard parts, passes its writer to `work`, and closes it, also when `work` throws.
    package static func withWriter<Result: Sendable>(
        of data: DataFolder, lock: consuming WriterLock, obeysSettings: Bool = true,
        _ work: (SQLiteWriter) async throws -> Result
    ) async throws -> Result {
        try await withWriter(of: data, lock: lock, parts: .standard, obeysSettings: obeysSettings, work)
    }
}
