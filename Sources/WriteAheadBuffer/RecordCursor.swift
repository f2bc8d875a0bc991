import Core
import SystemSupport

/// Walks over the records in a stretch of a segment, past what is torn or damaged.
///
/// A pure state machine: it is handed bytes and says what stands there. Offsets are relative to the stretch, which
/// begins at a multiple of 8 of the segment.
package struct RecordCursor: Sendable {
    /// What stands next.
    package enum Step: Equatable, Sendable {
        /// A record; the payload's place in the stretch.
        case record(Range<Int>)
        /// Bytes that are no record. `isTorn` when they are fewer than the length in front of them promises, as a
        /// writer leaves them that was killed; otherwise they were written whole and changed later.
        case gap(Range<Int>, isTorn: Bool)
        /// The stretch ends inside a record and is not the segment's last: read on from `offset`.
        case needsMore
        case end
    }

    /// Everything before it has been handed out.
    package private(set) var offset: Int
    private var position: Int

    package init(offset: Int = 0) {
        self.offset = offset
        position = offset
    }

    /// The next step in `stretch`; `isLast` when nothing of the segment follows.
    package mutating func next(in stretch: Span<UInt8>, isLast: Bool) -> Step {
        while true {
            switch examine(stretch) {
            case .whole(let length):
                guard position == offset else { return gap(upTo: position, in: stretch) }
                let payload = position + SegmentFormat.recordHeaderLength
                position += SegmentFormat.recordHeaderLength + SegmentFormat.aligned(length)
                offset = position
                return .record(payload..<payload + length)
            case .cut where !isLast:
                // A gap as long as this is handed out in pieces, so that a stretch of rubbish needs no more memory.
                if position - offset > Limits.recordBytes { return gap(upTo: position, in: stretch) }
                position = offset
                return .needsMore
            case .cut where position >= stretch.count:
                return offset == stretch.count ? .end : gap(upTo: stretch.count, in: stretch)
            case .cut, .none:
                position = min(position + 8, stretch.count)
            }
        }
    }

    private enum Finding {
        case whole(length: Int)
        case cut
        case none
    }

    /// What stands at `position`.
    private func examine(_ stretch: Span<UInt8>) -> Finding {
        let rest = stretch.count - position
        guard rest >= SegmentFormat.recordHeaderLength else { return .cut }
        let length = Int(stretch.uint32(at: position))
        guard length >= 1, length <= Limits.recordBytes else { return .none }
        let room = SegmentFormat.recordHeaderLength + SegmentFormat.aligned(length)
        guard room <= rest else { return .cut }
        let record = stretch.extracting(position..<position + room)
        return RecordBatch.checksum(record) == record.uint32(at: 4) ? .whole(length: length) : .none
    }

    private mutating func gap(upTo end: Int, in stretch: Span<UInt8>) -> Step {
        let range = offset..<end
        offset = end
        position = end
        return .gap(range, isTorn: Self.isTorn(stretch.extracting(range)))
    }

    private static func isTorn(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= SegmentFormat.recordHeaderLength else { return true }
        let length = Int(bytes.uint32(at: 0))
        return length <= Limits.recordBytes
            && SegmentFormat.recordHeaderLength + SegmentFormat.aligned(length) > bytes.count
            && !isWholeButForItsLength(bytes)
    }

    /// Whether these bytes are a record of which only the length changed: with the right one its checksum fits. It was
    /// written whole, and may have been acknowledged.
    private static func isWholeButForItsLength(_ bytes: Span<UInt8>) -> Bool {
        let room = bytes.count - SegmentFormat.recordHeaderLength
        guard room > 0, room <= SegmentFormat.aligned(Limits.recordBytes), room % 8 == 0 else { return false }
        var record: [UInt8] = []
        record.append(bytes)
        for length in room - 7...room {
            record.store(littleEndian: UInt32(length), at: 0)
            if RecordBatch.checksum(record.span) == bytes.uint32(at: 4) { return true }
        }
        return false
    }
}
