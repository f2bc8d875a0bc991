import Core
import SystemSupport

/// Iterates over the records in a chunk of a segment. Torn and damaged records are returned as gaps.
///
/// A pure state machine: the caller reads the chunk and passes its bytes. Offsets are relative to the chunk. The chunk
/// begins at a multiple of 8 in the segment.
package struct RecordCursor: Sendable {
    /// The next element of the chunk.
    package enum Step: Equatable, Sendable {
        /// A record; the range of its payload in the chunk.
        case record(Range<Int>)
        /// Bytes that are not a valid record. If `isTorn` is true, there are fewer bytes than their length field
        /// requires, because a writer was killed during an append. If it is false, the bytes were written whole and
        /// changed later.
        case gap(Range<Int>, isTorn: Bool)
        /// The chunk ends inside a record, and the segment continues after the chunk. The caller must read on from
        /// `offset`.
        case needsMore
        case end
    }

    /// The end of the last record or gap that was returned.
    package private(set) var offset: Int
    private var position: Int

    package init(offset: Int = 0) {
        self.offset = offset
        position = offset
    }

    /// Returns the next step in the chunk; `isLast` means that the chunk ends the segment.
    package mutating func next(in chunk: Span<UInt8>, isLast: Bool) -> Step {
        while true {
            switch examine(chunk) {
            case .whole(let length):
                guard position == offset else { return gap(upTo: position, in: chunk) }
                let payload = position + SegmentFormat.recordHeaderLength
                position += SegmentFormat.recordHeaderLength + SegmentFormat.aligned(length)
                offset = position
                return .record(payload..<payload + length)
            case .cut where !isLast:
                // If more than `Limits.recordBytes` bytes before `position` are invalid, they are returned as a gap
                // now. The caller may drop them and needs no larger chunk. A later call returns the rest of the gap.
                if position - offset > Limits.recordBytes { return gap(upTo: position, in: chunk) }
                position = offset
                return .needsMore
            case .cut where position >= chunk.count:
                return offset == chunk.count ? .end : gap(upTo: chunk.count, in: chunk)
            case .cut, .none:
                position = min(position + 8, chunk.count)
            }
        }
    }

    private enum Finding {
        case whole(length: Int)
        case cut
        case none
    }

    /// Examines the bytes at `position`.
    private func examine(_ chunk: Span<UInt8>) -> Finding {
        let rest = chunk.count - position
        guard rest >= SegmentFormat.recordHeaderLength else { return .cut }
        let length = Int(chunk.uint32(at: position))
        guard length >= 1, length <= Limits.recordBytes else { return .none }
        let room = SegmentFormat.recordHeaderLength + SegmentFormat.aligned(length)
        guard room <= rest else { return .cut }
        let record = chunk.extracting(position..<position + room)
        return RecordBatch.checksum(record) == record.uint32(at: 4) ? .whole(length: length) : .none
    }

    private mutating func gap(upTo end: Int, in chunk: Span<UInt8>) -> Step {
        let range = offset..<end
        offset = end
        position = end
        return .gap(range, isTorn: Self.isTorn(chunk.extracting(range)))
    }

    private static func isTorn(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= SegmentFormat.recordHeaderLength else { return true }
        let length = Int(bytes.uint32(at: 0))
        return length <= Limits.recordBytes
            && SegmentFormat.recordHeaderLength + SegmentFormat.aligned(length) > bytes.count
            && !isWholeButForItsLength(bytes)
    }

    /// Returns whether these bytes are a whole record in which only the length field has changed. The checksum then
    /// matches with another length in that field. Such a record was written whole, and may have been acknowledged.
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
