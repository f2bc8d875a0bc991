package import Core
package import Database
import Recording
package import SystemSupport
import WriteAheadBuffer

/// Switches recording on and off for all processes that use a data folder.
package struct TelemetryControl: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Longest wait for another writer. A writer yields after its transaction, within a fraction of a second.
    private static let patience: Duration = .seconds(5)

    /// The outcome of switching recording off.
    package enum OffOutcome: Equatable, Sendable {
        /// No process writes to the data folder any more.
        case isQuiet
        /// Nothing more is appended, but the writer did not close the database in time.
        case writerIsBusy
        /// A process was stopped while it wrote to this file, and completes the write when it is resumed.
        case hasStopped(path: String)
        /// Nothing more is appended. The check for an active writer failed with the error.
        case unknownWriter(SystemError)
    }

    /// Switches recording off. When this call returns `.isQuiet`, no process writes to the data folder any more.
    /// Processes check the settings under a lock before they append. This call changes the settings, and then acquires
    /// and releases each of these locks. Later appends therefore see the change, and earlier appends have ended. The
    /// last writer has closed the database.
    ///
    /// A writer yields within a fraction of a second. A stream and the service check the settings between two
    /// transactions. An idle stream closes the database by itself (`DrainLoop`). This call wakes an idle service.
    package func switchOff() async throws -> OffOutcome {
        try SettingsFile(data).update { $0.set(recording: false) }
        do {
            try WriteAheadBuffer(folder: data.bufferFolder).waitForAppends()
            try CostLog(data).waitForWrites()
        } catch BufferError.busy(let path) {
            return .hasStopped(path: path)
        }
        do {
            return try await waitForWriter() == nil ? .writerIsBusy : .isQuiet
        } catch let error as SystemError {
            return .unknownWriter(error)
        }
    }

    /// Switches recording on, also for processes that already run.
    package func switchOn() throws {
        try SettingsFile(data).update { $0.set(recording: true) }
        wakeService()
    }

    /// Returns the writer lock after the process that holds it yields; nil if the process does not yield within
    /// `patience`.
    package func waitForWriter() async throws -> WriterLock? {
        try await WriterLock.acquire(in: data, within: Self.patience)
    }

    /// Wakes the service with an empty line in its pipe, which is no event; the service then checks the settings.
    private func wakeService() {
        _ = NamedPipe.offer("\n", to: RuntimeFolder(for: data).pipePath)
    }
}
