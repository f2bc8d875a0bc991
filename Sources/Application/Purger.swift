package import Core
import Database
package import Maintenance
import SystemSupport

/// Removes what was recorded, whatever else runs: the writer makes way, recorders go on.
package struct Purger: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Removes what is selected; nil when the writer did not yield in time. `progress` gets the share that is done, 0 to 1.
    package func purge(
        _ selection: PurgeSelection, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> PurgeReceipt? {
        try await withWriter { try await $0.purge(selection, progress: progress) }
    }

    /// Makes a new key, and gives the installation another id: neither hashes nor what is sent from now on can be linked
    /// to what was before. False when the writer had not made way in time.
    package func renewKey() async throws -> Bool {
        try await withWriter { try await $0.renewIdentity() } != nil
    }

    /// Runs `work` with a writer of its own, and wakes the service when it is done.
    private func withWriter<Value: Sendable>(
        _ work: (SQLiteWriter) async throws -> Value
    ) async throws -> Value? {
        guard data.folder.exists else { throw NothingRecorded(path: data.folder.path) }
        let control = TelemetryControl(data: data)
        guard let lock = try await control.waitForWriter() else { return nil }
        return try await SQLiteWriter.withWriter(of: data, lock: lock, obeysSettings: false, work)
    }
}

/// There is no data folder, so that there is nothing to remove.
package struct NothingRecorded: Error, CustomStringConvertible {
    let path: String

    package var description: String { "nothing was recorded yet: there is no \(path.escapedForDisplay)" }
}
