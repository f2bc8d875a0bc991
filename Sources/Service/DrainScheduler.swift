import Core
import Synchronization
import WriteAheadBuffer

/// How many events the service has appended that its drain has not taken yet, and what calls for a drain. Every append
/// that the service makes or notices is told here, and passed on to what puts it on disk.
///
/// Storing events is work that recording them competes with. So a drain waits for a moment without new events, though
/// not for long; when somebody asks for it, it comes at once.
final class DrainScheduler: Sendable {
    private struct State {
        var events = 0
        /// Counts everything that was appended, by whomever.
        var changes = 0
        var isAsked = false
    }

    private let state = Mutex(State())
    /// Tells that there is something to drain. Holds one element at most.
    let calls: AsyncStream<Void>
    private let caller: AsyncStream<Void>.Continuation
    private let flusher: SegmentFlusher

    init(flusher: SegmentFlusher) {
        self.flusher = flusher
        (calls, caller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The service has appended so many events, and put them on disk or not.
    func grow(by events: Int, areOnDisk: Bool = false) {
        let isFirst = state.withLock { state in
            defer { state.events += events }
            state.changes &+= 1
            return state.events == 0
        }
        if !areOnDisk { flusher.noteAppended() }
        // Whoever drains looks again before it waits for the next call.
        if isFirst { caller.yield() }
    }

    /// Somebody else may have appended.
    func noticeChange() {
        state.withLock { $0.changes &+= 1 }
        flusher.noteAppended()
        caller.yield()
    }

    /// Somebody wants what waits to be stored.
    func askForDrain() {
        state.withLock { $0.isAsked = true }
        caller.yield()
    }

    /// The drain has taken so many events.
    func shrink(by events: Int) {
        state.withLock { $0.events = max(0, $0.events - events) }
    }

    /// Whether the drain is so far behind that recording has to slow down.
    var isLong: Bool { state.withLock { $0.events > Limits.serviceBacklogEvents } }

    /// Whether the disk hesitates.
    var isDiskBehind: Bool { flusher.isBehind }

    /// A number that changes with every append, and whether somebody wants a drain now.
    var look: (changes: Int, isAsked: Bool) { state.withLock { ($0.changes, $0.isAsked) } }

    /// A drain begins: what was asked for is being done.
    func beginDrain() {
        state.withLock { $0.isAsked = false }
    }

    /// A drain has found nothing: no event of the service waits, however they were counted, unless one has come since
    /// `changes` was looked at.
    func empty(since changes: Int) {
        let isEmpty = state.withLock { state in
            if state.changes == changes { state.events = 0 }
            return state.events == 0
        }
        if !isEmpty { caller.yield() }
    }
}
