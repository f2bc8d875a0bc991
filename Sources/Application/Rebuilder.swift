package import Core
import Database
import SystemSupport

/// Counts what reports are read from anew, whatever else runs: the writer makes way, recorders go on.
package struct Rebuilder: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Counts sessions and rollups anew from the rows; false when the writer had not made way in time.
    package func rebuild() async throws -> Bool {
        guard let lock = try await TelemetryControl(data: data).waitForWriter() else { return false }
        try await SQLiteWriter.withWriter(of: data, lock: lock, obeysSettings: false) { try await $0.rebuildCounts() }
        return true
    }
}
