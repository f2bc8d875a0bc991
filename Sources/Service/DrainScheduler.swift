import Core
import Synchronization
import WriteAheadBuffer

/// Counts the events that the service has appended and its drain has not stored yet, and requests drains. The service
/// reports its own appends to this class, and also the appends of other processes that it notices. This class reports
/// appends without an fsync to the flusher.
///
/// Storing events competes with recording them. A drain therefore waits, for a limited time, for a pause in recording.
/// A drain that another process requests starts immediately.
final class DrainScheduler: Sendable {
    private struct State {
        var events = 0
        /// Counts the appends of all processes.
        var changes = 0
        var isAsked = false
    }

    private let state = Mutex(State())
    /// Signals that there are events to drain. Holds one element at most.
    let calls: AsyncStream<Void>
    private let caller: AsyncStream<Void>.Continuation
    private let flusher: SegmentFlusher

    init(flusher: SegmentFlusher) {
        self.flusher = flusher
        (calls, caller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds a number of events that the service has appended. `areOnDisk` is true if the append included an fsync.
    func grow(by events: Int, areOnDisk: Bool = false) {
        let isFirst = state.withLock { state in
            defer { state.events += events }
            state.changes &+= 1
            return state.events == 0
        }
        if !areOnDisk { flusher.noteAppended() }
        // A running drain checks the buffer again before it waits for the next element of `calls`.
        if isFirst { caller.yield() }
    }

    /// Notes that another process may have appended.
    func noticeChange() {
        state.withLock { $0.changes &+= 1 }
        flusher.noteAppended()
        caller.yield()
    }

    /// Requests an immediate drain of the waiting events.
    func askForDrain() {
        state.withLock { $0.isAsked = true }
        caller.yield()
    }

    /// Subtracts a number of events that the drain has stored.
    func shrink(by events: Int) {
        state.withLock { $0.events = max(0, $0.events - events) }
    }

    /// Whether more events wait than `Limits.serviceBacklogEvents`, so that recording must be throttled.
    var isLong: Bool { state.withLock { $0.events > Limits.serviceBacklogEvents } }

    /// Whether fsync stalls.
    var isDiskBehind: Bool { flusher.isBehind }

    /// A number that changes with every append, and whether an immediate drain is requested.
    var look: (changes: Int, isAsked: Bool) { state.withLock { ($0.changes, $0.isAsked) } }

    /// Marks the start of a drain and clears the request for an immediate drain.
    func beginDrain() {
        state.withLock { $0.isAsked = false }
    }

    /// Notes that a drain has found no events. Resets the count of waiting events, unless a process has appended since
    /// `changes` was read.
    func empty(since changes: Int) {
        let isEmpty = state.withLock { state in
            if state.changes == changes { state.events = 0 }
            return state.events == 0
        }
        if !isEmpty { caller.yield() }
    }
}
