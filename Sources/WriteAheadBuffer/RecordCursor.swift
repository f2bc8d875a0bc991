import Core
import SystemSupport

/// Iterates over the records in a chunk of a segment, skipping torn and damaged ones.
///
/// A pure state machine over the bytes that it is passed. Offsets are relative to the chunk, which begins at a multiple of 8
/// of the segment.
package struct RecordCursor: Sendable {
    /// The next element of the chunk.
    package enum Step: Equatable, Sendable {
        /// A record; the range of its payload in the chunk.
        case record(Range<Int>)
        /// Bytes that are not a record. `isTorn` if they are fewer than their length field requires, as a killed writer
        /// leaves them; otherwise they were written whole and changed later.
        case gap(Range<Int>, isTorn: Bool)
        /// The chunk ends inside a record and is not the segment's last: read on from `offset`.
        case needsMore
        case end
    }

    /// The number of bytes that were returned as records or gaps.
    package private(set) var offset: Int
    private var position: Int

    package init(offset: Int = 0) {
        self.offset = offset
        position = offset
    }

    /// Returns the next step in the chunk; `isLast` means that the chunk ends the segment.
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
                // A gap of this length is returned in parts, so that a chunk of invalid bytes needs no more memory.
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

    /// Examines the bytes at `position`.
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

    /// Returns whether these bytes are a record of which only the length changed: with the right length its checksum matches.
    /// It was written whole, and may have been acknowledged.
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
