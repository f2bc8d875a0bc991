import SystemSupport

/// Counts of the events and values that intake left out. The counts are written to the buffer with the events, so that
/// the counters balance even if a process is killed.
///
///     offset  size  what
///          0     1  kind: 2
///          1     1  number of entries, 1…32
///          2     6  zero
///          8    16  each entry: the number of an item (see `Item.code`), 8 bytes, and its count, 8 bytes
package struct RejectionCounters: Equatable, Sendable {
    package static let kind: UInt8 = 2

    /// The kinds of events and values that are counted.
    package enum Item: Hashable, Sendable {
        /// An event was rejected.
        case rejected(Rejection.Reason)
        /// A field was left out of an accepted event. Either Nexus does not know the field, or the field is a name and
        /// cannot be hashed, because the hash key is lost.
        case droppedField
        /// The arguments of a command were left out.
        case cutCommand
        /// An event was dropped for lack of capacity, because a program recorded events faster than they could be
        /// written.
        case droppedEvent
        /// A value that looks like a secret was removed from an accepted event.
        case redactedValue

        package static let all: [Item] =
            Rejection.Reason.allCases.map(Item.rejected) + [.droppedField, .cutCommand, .droppedEvent, .redactedValue]

        /// The item's number in the buffer. A rejection has the number of its reason; all other items have numbers from
        /// 128 on.
        var code: UInt64 {
            switch self {
            case .rejected(let reason): UInt64(reason.rawValue)
            case .droppedField: 128
            case .cutCommand: 129
            case .droppedEvent: 130
            case .redactedValue: 131
            }
        }
    }

    private var counts: [Item: Int] = [:]

    package init() {}

    package var isEmpty: Bool { counts.isEmpty }

    package subscript(item: Item) -> Int { counts[item, default: 0] }

    /// The number of rejected events.
    package var rejected: Int {
        counts.reduce(0) { sum, entry in
            if case .rejected = entry.key { sum.saturatingSum(entry.value) } else { sum }
        }
    }

    package mutating func count(_ item: Item, times: Int = 1) {
        if times > 0 { counts[item] = self[item].saturatingSum(times) }
    }

    package mutating func add(_ other: RejectionCounters) {
        for (item, times) in other.counts { count(item, times: times) }
    }

    /// The payload of a record.
    package func encoded() -> [UInt8] {
        var payload: [UInt8] = [Self.kind, UInt8(counts.count), 0, 0, 0, 0, 0, 0]
        for item in Item.all {
            guard let times = counts[item] else { continue }
            payload.append(littleEndian: item.code)
            payload.append(littleEndian: UInt64(times))
        }
        return payload
    }

    /// Reads the payload of a record; nil if the payload holds no rejection counters. Items that only a
    /// newer version of Nexus knows are skipped.
    package init?(_ payload: Span<UInt8>) {
        guard payload.count >= 8, payload[0] == Self.kind, payload.count == 8 + Int(payload[1]) * 16 else { return nil }
        for entry in 0..<Int(payload[1]) {
            let code = payload.uint64(at: 8 + entry * 16)
            guard let item = Item.all.first(where: { $0.code == code }) else { continue }
            count(item, times: Int(clamping: payload.uint64(at: 16 + entry * 16)))
        }
    }
}
