import Core
import SystemSupport

/// What was recorded and waits for the worker, and what became of all before it: a pure state machine that decides
/// what is taken, what is dropped, and when the worker has to be told.
///
/// It is one half of a double buffer: the worker swaps it for an empty one, so that neither side ever waits for the
/// other to copy. Nothing is allocated once it is made.
struct PendingEvents: Sendable {
    private var bytes: [UInt8]
    private var used = 0
    private(set) var isClosed = false
    private(set) var counters = TelemetryCounters()
    private var untoldDrops = 0

    /// With room for `capacity` bytes, at least those of the longest event.
    init(capacity: Int) {
        bytes = [UInt8](repeating: 0, count: max(capacity, PackedEvent.longest))
    }

    var capacity: Int { bytes.count }

    /// What the worker has to be told.
    enum Signal: Sendable {
        case none
        /// Something waits: come when some more has come together.
        case soon
        /// Half the room is taken: come now.
        case now
    }

    /// Takes an event that happened at `now` where there is room. An event that has none is not counted yet: whoever
    /// offers it knows whether it will wait.
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

    /// Counts an event that had no room.
    mutating func countDrop() {
        counters.dropped += 1
        untoldDrops += 1
    }

    /// What the worker takes: how many bytes of the half it now holds are events, and how many were dropped since the
    /// last time.
    struct Taken: Equatable, Sendable {
        let used: Int
        let drops: Int
    }

    /// Hands over what waits, in exchange for an empty half.
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

    /// Nothing more is taken.
    mutating func close() {
        isClosed = true
    }
}

/// What became of an event at the moment of recording.
public enum RecordOutcome: Sendable, Equatable {
    /// It is in memory and on its way to the disk.
    case recorded
    /// There was no room; it is counted.
    case dropped
    /// The telemetry was shut down before; it is counted.
    case refused
    /// Recording is switched off; nothing is written or counted.
    case off
}
