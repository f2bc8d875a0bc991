package import Core
package import SystemSupport

/// The right to write the database: one process has it at a time, and loses it when it ends, however it ends.
///
/// A process that holds it for long, a service or a stream, looks between two transactions whether it has to make way
/// (`shouldYield`): somebody waits for a turn of their own, a purge for example, or recording was switched off.
package struct WriterLock: ~Copyable, Sendable {
    private let file: File
    private let turn: File

    private init(file: consuming File, turn: consuming File) {
        self.file = file
        self.turn = turn
    }

    /// Takes the lock of a data folder if nobody has it; nil when somebody does.
    package static func acquire(in data: DataFolder) throws(SystemError) -> WriterLock? {
        try data.folder.prepare()
        let file = try File(opening: data.writerLockPath, [.readWrite, .create, .regular])
        let turn = try File(opening: data.writerTurnPath, [.readWrite, .create, .regular])
        // The lock of a file that was removed meanwhile keeps nobody out.
        guard try file.tryLock(), try file.isAtItsPath() else { return nil }
        return WriterLock(file: file, turn: turn)
    }

    /// Whether it still keeps others out: its file is where they look for it.
    func isInForce() throws(SystemError) -> Bool { try file.isAtItsPath() }

    /// Waits for the lock, which a process that holds it for long releases between two transactions. Wakes the service, so
    /// that it notices. Nil when the lock was not released within `patience`.
    package static func acquire(in data: DataFolder, within patience: Duration) async throws -> WriterLock? {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if let turn = try WriterRequest(in: data) {
                // An empty line in its pipe is no event.
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

    /// Takes the lock to store what was recorded: nil as well when the settings switch recording off. As this is looked at
    /// before and under the lock, nothing is made or written once `nexus telemetry off` has returned. Nil too while somebody
    /// waits for a turn: whoever made way, and is at once called to store again, would take the lock from under them.
    package static func acquireToStore(in data: DataFolder) throws(SystemError) -> WriterLock? {
        var policy = RecordingPolicyCache(data)
        guard policy.isOpen(), let lock = try acquire(in: data), policy.isOpen(), try !lock.isWanted() else {
            return nil
        }
        return lock
    }

    /// Whether somebody else waits for the lock.
    package func isWanted() throws(SystemError) -> Bool {
        guard try turn.tryLock() else { return true }
        turn.unlock()
        return false
    }
}

/// A place at the head of the queue for the writer lock: as long as it lives, whoever holds that lock makes way, and
/// others that hold it only for a moment come to their end.
package struct WriterRequest: ~Copyable, Sendable {
    private let data: DataFolder
    private let file: File

    /// Takes the place when it is free; nil when another process has it.
    package init?(in data: DataFolder) throws(SystemError) {
        try data.folder.prepare()
        let file = try File(opening: data.writerTurnPath, [.readWrite, .create, .regular])
        guard try file.tryLock() else { return nil }
        self.data = data
        self.file = file
    }

    /// The writer lock, once it is free; nil until then.
    package func tryAcquire() throws(SystemError) -> WriterLock? { try WriterLock.acquire(in: data) }
}
