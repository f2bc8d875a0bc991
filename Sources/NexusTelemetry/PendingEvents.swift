import Core
import SystemSupport

/// The recorded events that wait for the worker, and the counters of all events. This pure state machine decides which
/// events are accepted or dropped, and when the worker must be woken.
///
/// The bytes of the events are one half of a double buffer. The worker takes this half and leaves its own empty half,
/// so that no recording thread waits while the worker reads events. Adding an event allocates no memory.
struct PendingEvents: Sendable {
    private var bytes: [UInt8]
    private var used = 0
    private(set) var isClosed = false
    private(set) var counters = TelemetryCounters()
    /// The number of events that were dropped since the last call of `take`.
    private var untoldDrops = 0

    /// Makes an empty half of `capacity` bytes, but at least as long as the longest event.
    init(capacity: Int) {
        bytes = [UInt8](repeating: 0, count: max(capacity, PackedEvent.longest))
    }

    var capacity: Int { bytes.count }

    /// The signal that the worker gets after an event was added.
    enum Signal: Sendable {
        case none
        /// The first event is pending: wake the worker after a short delay, so that it takes further events too.
        case soon
        /// Half of the capacity is used: wake the worker now.
        case now
    }

    /// Adds an event of time `now` if there is capacity. If there is no capacity, nothing is counted, because only the
    /// caller knows whether it tries again or drops the event.
    @inline(__always)
    mutating func add(_ event: borrowing TelemetryEvent, at now: Int64) -> (outcome: RecordOutcome, signal: Signal) {
        guard !isClosed else {
            counters.refused &+= 1
            return (.refused, .none)
        }
        let length = PackedEvent.length(of: event)
        let (start, end, half) = (used, used &+ length, bytes.count &>> 1)
        guard end <= bytes.count else { return (.dropped, .none) }
        PackedEvent.write(event, at: now, into: &bytes, at: start, length: length)
        used = end
        counters.recorded &+= 1
        if start < half && end >= half { return (.recorded, .now) }
        return (.recorded, start == 0 ? .soon : .none)
    }

    /// Counts an event that was dropped for lack of capacity.
    mutating func countDrop() {
        counters.dropped += 1
        untoldDrops += 1
    }

    /// The result of `take`.
    struct Taken: Equatable, Sendable {
        /// The number of bytes of events in the half that the worker has taken.
        let used: Int
        /// The number of events that were dropped since the previous call.
        let drops: Int
    }

    /// Passes the pending events to the caller, in exchange for an empty half.
    mutating func take(exchanging half: inout [UInt8]) -> Taken {
        defer { (used, untoldDrops) = (0, 0) }
        swap(&bytes, &half)
        return Taken(used: used, drops: untoldDrops)
    }

    mutating func countWritten(_ events: Int) {
        counters.written += events
    }

    mutating func countDiscarded(_ events: Int) {
        counters.discarded += events
    }

    mutating func countRejected(_ rejections: RejectionCounters) {
        for reason in Rejection.Reason.allCases where rejections[.rejected(reason)] > 0 {
            counters.rejected[RejectionReason(reason), default: 0] += rejections[.rejected(reason)]
        }
        counters.redactedValues += rejections[.redactedValue]
    }

    /// Refuses all further events.
    mutating func close() {
        isClosed = true
    }
}

/// The outcome of recording one event.
public enum RecordOutcome: Sendable, Equatable {
    /// The event is in memory, and the worker will write it.
    case recorded
    /// The buffer was full; the event counts as dropped.
    case dropped
    /// `shutdown()` was called, or a failed write stopped the worker; the event counts as refused.
    case refused
    /// Recording is switched off; nothing is written or counted.
    case off
}
