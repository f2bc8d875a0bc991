package import Core
import Database
import Maintenance
import SystemSupport

/// Counts what reports are read from anew, whatever else runs: the writer makes way, recorders go on.
package struct Rebuilder: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Counts sessions and rollups again from the rows; false when the writer did not yield in time. `progress` gets the share
    /// that is done, 0 to 1.
    package func rebuild(progress: @escaping @Sendable (Double) -> Void = { _ in }) async throws -> Bool {
        guard let lock = try await TelemetryControl(data: data).waitForWriter() else { return false }
        try await SQLiteWriter.withWriter(of: data, lock: lock, obeysSettings: false) {
            try await $0.rebuildCounts(progress: progress)
        }
        return true
    }
}
