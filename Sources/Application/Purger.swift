package import Core
import Database
package import Maintenance
package import SystemSupport

/// Removes what was recorded, whatever else runs: the writer makes way, recorders go on.
package struct Purger: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// The numbers of events and sessions that a purge would remove.
    package struct Preview: Sendable {
        package let events: Int
        package let sessions: Int
        /// Events that are only counted, as their rows were too old to be kept.
        package let countedEvents: Int
        /// Events that wait in the buffer, whether they match or not.
        package let pendingEvents: Int
    }

    /// Counts what a purge would remove now.
    package func preview(_ selection: PurgeSelection) throws -> Preview {
        let reader = try StoreReader(data: data)
        let found = try reader?.count(selection)
        return Preview(
            events: found?.events ?? 0, sessions: found?.sessions ?? 0,
            countedEvents: try reader?.countWithoutRows(selection) ?? 0,
            pendingEvents: try EventCounters.current(in: data).pending)
    }

    /// Counts the rows that are older than `days` days, whole days in UTC.
    package func preview(keepingDays days: Int) throws -> Preview {
        var selection = PurgeSelection()
        selection.before = SQLiteWriter.firstMillisecondKept(days: days, now: SystemClock().now())
        return try preview(selection)
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
package struct NothingRecorded: ReportedError {
    let path: String

    package var exitCode: ExitCode { .usage }

    package var description: String { "nothing was recorded yet: there is no \(path.escapedForDisplay)" }
}

/// Recomputes sessions and aggregates from the rows. The process that holds the writer lock yields; recorders go on.
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
