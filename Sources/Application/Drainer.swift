package import Core
import Database
import SystemSupport
import WriteAheadBuffer

/// Stores the buffer's events in the database once, for commands. The service and streams drain repeatedly, with
/// `DrainLoop`.
package struct Drainer: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Interval between checks whether another process has stored the events.
    private static let pollInterval: Duration = .milliseconds(5)
    private static let progressInterval: Duration = .milliseconds(200)

    /// Drains everything and returns the number of events. Returns nil if the settings switch recording off, or if
    /// another process holds the writer lock or requests it before all events are stored. Throws
    /// `SQLiteWriter.blockedReason` when some events had to stay in the buffer.
    ///
    /// If `progress` is given, this call also computes the aggregates that an earlier version of Nexus did not compute.
    /// `progress` receives the completed share, 0 to 1.
    @discardableResult
    package func drainIfFree(catchingUp progress: (@Sendable (Double) -> Void)? = nil) async throws -> Int? {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return nil }
        return try await SQLiteWriter.withWriter(of: data, lock: lock) { writer in
            let events = try await writer.drainToEnd()
            if let blockedReason = await writer.blockedReason { throw blockedReason }
            if let progress, events != nil { try await catchUp(writer, progress) }
            return events
        }
    }

    private func catchUp(_ writer: SQLiteWriter, _ progress: (Double) -> Void) async throws {
        while true {
            let share = try await writer.catchUp(for: Self.progressInterval)
            guard share < 1, try await !writer.shouldYield() else { return }
            progress(share)
        }
    }

    /// Stores all waiting events, or asks the service to store them, and returns true once they are stored. Returns
    /// false when another writer has not stored them after `patience`.
    package func drainOrAsk(
        patience: Duration, catchingUp progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + patience
        let pipe = RuntimeFolder(for: data).pipePath
        var asked = false
        var quietLooks = 0
        while ContinuousClock.now < deadline {
            if try await drainIfFree(catchingUp: progress) != nil { return true }
            // An empty line in the service's pipe wakes the service and is not recorded as an event.
            if !asked { asked = NamedPipe.offer("\n", to: pipe) }
            // Events that the service has just read from its pipe are briefly neither in the pipe nor in the buffer.
            // Two checks in a row must therefore find no events.
            quietLooks = try pending() == 0 && NamedPipe.waitingBytes(in: pipe) == 0 ? quietLooks + 1 : 0
            if quietLooks == 2 { return true }
            try await Task.sleep(for: Self.pollInterval)
        }
        return false
    }

    /// The events that a report lacks.
    package enum Missing: Equatable, Sendable {
        case nothing
        /// Events that were accepted before recording was switched off.
        case pendingWhileOff
        /// Events that another process has not stored yet, or that cannot be stored now.
        case pending
        /// Events that cannot be stored because the row ids are used up; the text suggests a fix.
        case withoutIDs(String)
    }

    /// Stores waiting events before a report reads the database, and returns the events that the report will lack. This
    /// process stores the waiting events itself, or asks the service to store them. The wait for another writer is at
    /// most `patience`, because a slightly outdated report is better than no report. A database that cannot be written
    /// can still be read.
    package func prepareReport(patience: Duration) async throws -> Missing {
        guard data.folder.exists else { return .nothing }
        guard try RecordingPolicy.current(for: data) == .on else {
            return try pendingEvents() > 0 ? .pendingWhileOff : .nothing
        }
        do {
            if try await drainOrAsk(patience: patience) { return .nothing }
        } catch let error as StoreError where error.isBlocked {
        } catch let error as StoreError where error.isOutOfIDs {
            // The user has to export stored events before the ids can start again.
            return .withoutIDs(error.description)
        } catch let error where Self.isPermission(error) {
            if try WriteAheadBuffer(folder: data.bufferFolder).segments().isEmpty { return .nothing }
        }
        return .pending
    }

    private static func isPermission(_ error: any Error) -> Bool {
        switch error {
        case let error as SystemError: error.isPermission
        case StoreError.notPermitted: true
        default: false
        }
    }

    /// Returns the number of events in the buffer.
    package func pendingEvents() throws -> Int { try EventCounters.current(in: data).pending }

    /// Returns the number of waiting events; nil while another process migrates the tables of an older version.
    private func pending() throws -> Int? {
        do {
            return try pendingEvents()
        } catch StoreError.olderVersion {
            return nil
        }
    }
}
