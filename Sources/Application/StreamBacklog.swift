import Core
import SystemSupport

/// Counts the events by which a stream is ahead of its own drain. If they exceed a limit, the stream pauses until the
/// drain has stored enough of them. A drain without a writer, or a blocked drain, pauses no stream.
actor StreamBacklog: DrainObserver {
    /// The wake-ups of the drain. At most one wake-up waits.
    nonisolated let wakeUps: AsyncStream<Void>
    private nonisolated let continuation: AsyncStream<Void>.Continuation
    private var drained = 0
    /// The number of events that must be stored before the stream continues.
    private var target = 0
    /// Whether the drain has no writer or cannot store the waiting events. The stream does not wait for the drain then.
    private var isReleased = false
    private var hasEnded = false
    private var waiting: CheckedContinuation<Void, Never>?

    init() {
        (wakeUps, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // The first wake-up lets the drain store the events of other recorders, even if the stream gets no input.
        continuation.yield()
    }

    nonisolated func wake() { continuation.yield() }

    /// Notes that the stream has appended `accepted` events since its start. Returns when few enough of these events
    /// wait for the drain.
    func keepUp(with accepted: Int) async {
        wake()
        target = accepted - Limits.streamBacklogEvents
        guard drained < target, !hasEnded, !isReleased else { return }
        await withCheckedContinuation { waiting = $0 }
    }

    /// Ends the wake-ups after the last input.
    nonisolated func finish() { continuation.finish() }

    /// Notes that the drain has ended; the stream continues without it.
    func end() {
        hasEnded = true
        resume()
    }

    // MARK: Drain

    func waitToDrain() async {}

    func appendCount() async -> Int { 0 }

    func stored(_ events: Int) async {
        isReleased = false
        drained += events
        resume()
    }

    func foundNothing(since count: Int, isBlocked: Bool) async {
        isReleased = isBlocked
        // No events wait any more. Events that another process has stored count as drained.
        if !isBlocked { drained = max(drained, target) }
        resume()
    }

    func released() async {
        isReleased = true
        resume()
    }

    func failed(_ error: any Error) async throws { throw error }

    /// Whether the stream is paused.
    var isWaiting: Bool { waiting != nil }

    private func resume() {
        guard drained >= target || hasEnded || isReleased else { return }
        waiting?.resume()
        waiting = nil
    }
}
