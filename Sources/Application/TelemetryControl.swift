package import Core
package import Database
import Recording
package import SystemSupport
import WriteAheadBuffer

/// Switches recording on and off for every process at once.
package struct TelemetryControl: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// How long another writer is waited for: it makes way after its transaction, a fraction of a second.
    private static let patience: Duration = .seconds(5)

    /// How it came to be off.
    package enum OffOutcome: Equatable, Sendable {
        /// No process writes to the data folder any more.
        case isQuiet
        /// A writer had not made way in time; nothing more is appended.
        case writerIsBusy
        /// A process has stopped in the middle of writing to this file, and ends that when it goes on.
        case hasStopped(path: String)
        /// Nothing more is appended; whether a writer still works cannot be found out, and why.
        case unknownWriter(SystemError)
    }

    /// Switches recording off. In the end no process writes to the data folder any more: whoever appends looks at the
    /// settings under a lock that was taken once since they changed, and the last writer has closed the database.
    ///
    /// A writer makes way within a fraction of a second: a stream or a service looks at the settings between two
    /// transactions, and a stream closes the database when it is idle (`DrainLoop`); this call wakes both.
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

    /// Switches recording on, for processes that run already as well.
    package func switchOn() throws {
        try SettingsFile(data).update { $0.set(recording: true) }
        wakeService()
    }

    /// The writer lock, from whoever has it: nil when that takes longer than it may.
    package func waitForWriter() async throws -> WriterLock? {
        try await WriterLock.acquire(in: data, within: Self.patience)
    }

    /// An empty line in its pipe is no event, and has the service look whether anything has changed.
    private func wakeService() {
        _ = NamedPipe.offer("\n", to: RuntimeFolder(for: data).pipePath)
    }
}
