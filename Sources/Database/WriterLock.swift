package import Core
package import SystemSupport

/// The right to write the database. One process has this right at a time. A process loses the right when it ends, for
/// whatever reason.
///
/// A process that holds the lock for a long time (a service or a stream) checks between two transactions whether it has
/// to yield (`shouldYield`). It has to yield when another process, for example a purge, has requested the lock, or when
/// recording was disabled.
package struct WriterLock: ~Copyable, Sendable {
    private let file: File
    private let turn: File

    private init(file: consuming File, turn: consuming File) {
        self.file = file
        self.turn = turn
    }

    /// Acquires the lock of a data folder; nil when another process holds it.
    package static func acquire(in data: DataFolder) throws(SystemError) -> WriterLock? {
        try data.folder.prepare()
        let file = try File(opening: data.writerLockPath, [.readWrite, .create, .regular])
        let turn = try File(opening: data.writerTurnPath, [.readWrite, .create, .regular])
        // A lock on a file that was removed meanwhile excludes no other process.
        guard try file.tryLock(), try file.isAtItsPath() else { return nil }
        return WriterLock(file: file, turn: turn)
    }

    /// Returns whether the lock still excludes other processes: its file is at the path that they open.
    func isEffective() throws(SystemError) -> Bool { try file.isAtItsPath() }

    /// Waits for the lock. A long-running holder releases it between two transactions. The function wakes the service,
    /// so that the service notices the request. Returns nil if the lock was not released within `patience`.
    package static func acquire(in data: DataFolder, within patience: Duration) async throws -> WriterLock? {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if let turn = try WriterRequest(in: data) {
                // An empty line in the pipe wakes the service and is not an event.
                _ = NamedPipe.offer("\n", to: RuntimeFolder(for: data).pipePath)
                while ContinuousClock.now < deadline {
                    if let lock = try turn.tryAcquire() { return lock }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }

    /// Acquires the lock to store recorded events. The settings are checked before the lock is taken and while it is
    /// held. Nothing is therefore created or written after `nexus telemetry off` returned.
    /// - Returns: nil when another process holds the lock or has requested it, or when the settings disable recording.
    ///   A pending request counts, because a writer that has just yielded would otherwise immediately take the lock
    ///   back.
    package static func acquireToStore(in data: DataFolder) throws(SystemError) -> WriterLock? {
        var policy = RecordingPolicyCache(data)
        guard policy.isOpen(), let lock = try acquire(in: data), policy.isOpen(), try !lock.isWanted() else {
            return nil
        }
        return lock
    }

    /// Returns whether another process waits for the lock.
    package func isWanted() throws(SystemError) -> Bool {
        guard try turn.tryLock() else { return true }
        turn.unlock()
        return false
    }
}

/// A request for the writer lock. While the request exists, a process that holds the lock for a long time yields. A
/// process that holds the lock briefly finishes its work first.
package struct WriterRequest: ~Copyable, Sendable {
    private let data: DataFolder
    private let file: File

    /// Creates the request; nil when another process has already requested the lock.
    package init?(in data: DataFolder) throws(SystemError) {
        try data.folder.prepare()
        let file = try File(opening: data.writerTurnPath, [.readWrite, .create, .regular])
        guard try file.tryLock() else { return nil }
        self.data = data
        self.file = file
    }

    /// Returns the writer lock if it is free; nil otherwise.
    package func tryAcquire() throws(SystemError) -> WriterLock? { try WriterLock.acquire(in: data) }
}
