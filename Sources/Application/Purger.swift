package import Core
import Database
package import Maintenance
package import SystemSupport

/// Removes recorded events while other processes run. The active writer yields, and recorders continue.
package struct Purger: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// The numbers of events and sessions that a purge would remove.
    package struct Preview: Sendable {
        package let events: Int
        package let sessions: Int
        /// Events of which only counts remain, because retention has deleted their rows.
        package let countedEvents: Int
        /// Events in the buffer, whether they match or not.
        package let pendingEvents: Int
    }

    /// Counts the events that a purge would remove now.
    package func preview(_ selection: PurgeSelection) throws -> Preview {
        let reader = try StoreReader(data: data)
        let found = try reader?.count(selection)
        return Preview(
            events: found?.events ?? 0, sessions: found?.sessions ?? 0,
            countedEvents: try reader?.countWithoutRows(selection) ?? 0,
            pendingEvents: try EventCounters.current(in: data).pending)
    }

    /// Counts the events and sessions that are older than `days` whole days of UTC.
    package func preview(keepingDays days: Int) throws -> Preview {
        var selection = PurgeSelection()
        selection.before = SQLiteWriter.firstMillisecondKept(days: days, now: SystemClock().now())
        return try preview(selection)
    }

    /// Removes the selected events. Nil when the active writer did not yield in time. `progress` receives the completed
    /// share, 0 to 1.
    package func purge(
        _ selection: PurgeSelection, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> PurgeReceipt? {
        try await withWriter { try await $0.purge(selection, progress: progress) }
    }

    /// Makes a new key and a new installation id. Later hashes and transfers then cannot be linked to earlier ones.
    ///
    /// - Returns: false when the active writer did not yield in time.
    package func renewKey() async throws -> Bool {
        try await withWriter { try await $0.renewIdentity() } != nil
    }

    /// Runs `work` with a new writer. Nil when the active writer did not yield in time.
    private func withWriter<Value: Sendable>(
        _ work: (SQLiteWriter) async throws -> Value
    ) async throws -> Value? {
        guard data.folder.exists else { throw NothingRecorded(path: data.folder.path) }
        let control = TelemetryControl(data: data)
        guard let lock = try await control.waitForWriter() else { return nil }
        return try await SQLiteWriter.withWriter(of: data, lock: lock, obeysSettings: false, work)
    }
}

/// The error of a command that removes events although there is no data folder.
package struct NothingRecorded: ReportedError {
    let path: String

    package var exitCode: ExitCode { .usage }

    package var description: String { "nothing was recorded yet: there is no \(path.escapedForDisplay)" }
}

/// Recomputes sessions and aggregates from the rows. The active writer yields, and recorders continue.
package struct Rebuilder: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Recomputes sessions and aggregates from the rows. `progress` receives the completed share, 0 to 1.
    ///
    /// - Returns: false when the active writer did not yield in time.
    package func rebuild(progress: @escaping @Sendable (Double) -> Void = { _ in }) async throws -> Bool {
        guard let lock = try await TelemetryControl(data: data).waitForWriter() else { return false }
        try await SQLiteWriter.withWriter(of: data, lock: lock, obeysSettings: false) {
            try await $0.rebuildCounts(progress: progress)
        }
        return true
    }
}
