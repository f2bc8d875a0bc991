import EventModel
import Platform
import Store

/// Drains the buffer while somebody else fills it, one transaction after another, and holds the filler back when it is
/// too far ahead.
actor BackgroundDrain {
    private var writer: SQLiteWriter?
    private var drained = 0
    /// Tells that there is something to drain. Holds one element at most.
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private var waiting: CheckedContinuation<Void, Never>?
    private var target = 0
    private var isRunning = true
    /// Whether somebody else keeps it from storing: the filler does not wait for that.
    private var isHeldUp = false
    /// Whether it made way before all was stored.
    private(set) var hasYielded = false
    /// Why it ended early. What was accepted waits in the buffer then.
    private(set) var failure: StoreError?

    /// Nil when another process is the writer.
    init?(data: DataFolder) throws {
        guard let lock = try WriterLock.acquireToStore(in: data) else { return nil }
        writer = try SQLiteWriter(data: data, lock: lock)
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Drains until it has to make way, or `finish` was called and nothing waits any more, or the database fails: recording goes on without it.
    func run() async {
        do {
            if let writer { try await drainToTheEnd(writer) }
        } catch {
            failure = error
        }
        isRunning = false
        writer = nil
        release()
    }

    private func drainToTheEnd(_ writer: SQLiteWriter) async throws(StoreError) {
        for await _ in wakeUps {
            while let events = try await writer.drainOnce() {
                drained += events
                release()
                if try await writer.mustYield() { break }
            }
            isHeldUp = await writer.isHeldUp
            release()
            // Others drain from here on, or nobody does.
            if try await writer.mustYield() { return hasYielded = true }
        }
        _ = try await writer.drain()
        try await writer.finish()
    }

    /// Says that `accepted` events have been appended, and returns when the drain is near enough behind.
    func keepUp(with accepted: Int) async {
        wake.yield()
        target = accepted - Limits.streamBacklogEvents
        guard drained < target, isRunning, !isHeldUp else { return }
        await withCheckedContinuation { waiting = $0 }
    }

    /// Nothing more will come.
    func finish() {
        wake.finish()
    }

    private func release() {
        guard drained >= target || !isRunning || isHeldUp else { return }
        waiting?.resume()
        waiting = nil
    }
}
