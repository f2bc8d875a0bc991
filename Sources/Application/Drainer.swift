package import Core
import Database
import SystemSupport
import WriteAheadBuffer

/// Takes into the database what waits in the buffer, for commands that are not the service.
package struct Drainer: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// How often is looked whether it has.
    private static let lookInterval: Duration = .milliseconds(5)
    private static let progressInterval: Duration = .milliseconds(200)

    /// Drains everything; returns how many events that were, and nil when another process is the writer and does it, or
    /// wants to be before all is stored, or the settings switch recording off. Throws what `SQLiteWriter.blockedReason` says when
    /// some had to stay in the buffer.
    ///
    /// With `progress` it also counts again all that an earlier version has stored, and passes the share that is done, 0 to 1.
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

    /// Returns once all that waited is stored: by this process, or by the service, which is asked to. False when
    /// another writer had not stored it after `patience`.
    package func drainOrAsk(
        patience: Duration, catchingUp progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + patience
        let pipe = RuntimeFolder(for: data).pipePath
        var asked = false
        var quietLooks = 0
        while ContinuousClock.now < deadline {
            if try await drainIfFree(catchingUp: progress) != nil { return true }
            // An empty line in its pipe is no event, and wakes the service.
            if !asked { asked = NamedPipe.offer("\n", to: pipe) }
            // What the service has just read from its pipe is neither here nor there, so one look is not enough.
            quietLooks = try pending() == 0 && NamedPipe.waitingBytes(in: pipe) == 0 ? quietLooks + 1 : 0
            if quietLooks == 2 { return true }
            try await Task.sleep(for: Self.lookInterval)
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
        /// Events for whose rows there are no ids; the text says what to do.
        case withoutIDs(String)
    }

    /// Stores what waits before a report is read, by this process or by the service. A report that is a little behind is better
    /// than none: it waits no longer than `patience` for another writer, and what cannot be written can still be read.
    package func prepareReport(patience: Duration) async throws -> Missing {
        guard data.folder.exists else { return .nothing }
        guard try RecordingPolicy.current(for: data) == .on else {
            return try pendingEvents() > 0 ? .pendingWhileOff : .nothing
        }
        do {
            if try await drainOrAsk(patience: patience) { return .nothing }
        } catch let error as StoreError where error.isHoldUp {
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

    /// Returns how many events wait in the buffer.
    package func pendingEvents() throws -> Int { try EventCounters.current(in: data).pending }

    /// How many events wait; nil while the writer still brings the tables up to date.
    private func pending() throws -> Int? {
        do {
            return try pendingEvents()
        } catch StoreError.olderVersion {
            return nil
        }
    }
}
