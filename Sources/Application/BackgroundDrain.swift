import Core
import Database
import Maintenance
import SystemSupport

/// Drains the buffer while somebody else fills it, one transaction after another, and holds the filler back when it is
/// too far ahead.
///
/// When nothing has come for a moment it lets go of the database, so that an idle stream holds up nobody who wants to
/// write to it, and keeps nobody from switching recording off at once. Where somebody else has the database it looks again
/// a moment later: the stream may go on for days.
actor BackgroundDrain {
    /// After this long without events what was stored is put on disk and the database is let go of; and so long it leaves it
    /// to others.
    private static let quietTime: Duration = .milliseconds(200)

    private let data: DataFolder
    private var writer: SQLiteWriter?
    private var drained = 0
    /// Tells that there is something to drain. Holds one element at most.
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private var waiting: CheckedContinuation<Void, Never>?
    private var target = 0
    private var isRunning = true
    /// Whether somebody else keeps it from storing, by what they read or as they have the database: the filler does not wait
    /// for that.
    private var isBlocked = false
    /// From when on the stream counts as idle.
    private var quietFrom = ContinuousClock.now + quietTime
    /// Whether it has itself woken to look.
    private var willWake = false
    /// Whether it has stored all, at the end.
    private(set) var hasStoredAll = false
    /// Why it ended early. What was accepted waits in the buffer then.
    private(set) var failure: StoreError?

    /// Nil when another process is the writer.
    init?(data: DataFolder) throws {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return nil }
        self.data = data
        writer = try SQLiteWriter(data: data, lock: lock)
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // A stream that nothing comes from is idle as well.
        wake.yield()
    }

    /// Drains until `finish` was called and nothing waits any more, or the database fails: recording goes on without it.
    func run() async {
        do {
            try await drainToTheEnd()
        } catch let error as StoreError {
            failure = error
        } catch let error as SystemError {
            failure = .system(error)
        } catch {
            failure = .database(path: data.databasePath, message: String(describing: error))
        }
        isRunning = false
        await closeWriter()
        release()
    }

    private func closeWriter() async {
        let writer = writer
        self.writer = nil
        await writer?.close()
    }

    private func drainToTheEnd() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            for await _ in wakeUps {
                if try await !drainOnCall(), !willWake {
                    willWake = true
                    group.addTask { await self.wake(after: Self.quietTime) }
                }
            }
            guard let writer = try takeWriter() else { return }
            _ = try await writer.drain()
            try await writer.endDrain()
            let isBlocked = await writer.blockedReason != nil
            hasStoredAll = try await !writer.shouldYield() && !isBlocked
        }
    }

    /// Stores what waits, unless others are in the way; false when it has to look again although nobody calls.
    private func drainOnCall() async throws -> Bool {
        guard let writer = try takeWriter() else {
            await leaveToOthers()
            return false
        }
        if try await drain(writer) > 0 || isBlocked { quietFrom = .now + Self.quietTime }
        if try await writer.shouldYield() {
            await leaveToOthers()
            return false
        }
        guard ContinuousClock.now >= quietFrom else { return false }
        try await writer.endDrain()
        await closeWriter()
        return true
    }

    /// Lets go of the database, and of the filler: whoever has the one is not to hold up the other.
    private func leaveToOthers() async {
        isBlocked = true
        release()
        await closeWriter()
    }

    /// The writer, which a stream that had nothing to store for a moment has let go of; nil when somebody else is it.
    private func takeWriter() throws -> SQLiteWriter? {
        if writer == nil, let lock = try WriterLock.acquireToStore(in: data) {
            writer = try SQLiteWriter(data: data, lock: lock)
        }
        return writer
    }

    /// Takes in what waits; returns how many events that were.
    private func drain(_ writer: SQLiteWriter) async throws -> Int {
        var events = 0
        while let step = try await writer.drainOnce() {
            events += step
            drained += step
            release()
            if try await writer.shouldYield() { return events }
        }
        isBlocked = await writer.blockedReason != nil
        // Nothing waits, whoever has stored it while this one had let go.
        if !isBlocked { drained = max(drained, target) }
        release()
        return events
    }

    private func wake(after duration: Duration) async {
        guard (try? await Task.sleep(for: duration)) != nil else { return }
        willWake = false
        wake.yield()
    }

    /// Says that `accepted` events have been appended, and returns when the drain is near enough behind.
    func keepUp(with accepted: Int) async {
        wake.yield()
        target = accepted - Limits.streamBacklogEvents
        guard drained < target, isRunning, !isBlocked else { return }
        await withCheckedContinuation { waiting = $0 }
    }

    /// Nothing more will come.
    func finish() {
        wake.finish()
    }

    private func release() {
        guard drained >= target || !isRunning || isBlocked else { return }
        waiting?.resume()
        waiting = nil
    }
}
