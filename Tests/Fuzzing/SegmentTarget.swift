import Core
import SystemSupport
import WriteAheadBuffer

/// The bytes of a segment, whatever they are. Read whole and read in pieces they must give the same records, each with
/// a checksum that fits, and every byte belongs to exactly one record or gap.
enum SegmentTarget {
    static func examine(_ bytes: [UInt8]) {
        _ = SegmentFormat.readHeader(bytes.span)
        let whole = records(in: bytes)
        // The smallest pieces are those in which a gap that is not yet handed out and any record behind it fit.
        let piece = 2 * (SegmentFormat.recordHeaderLength + Limits.recordBytes) + 8 * Int(bytes.first ?? 0)
        precondition(recordsInPieces(of: bytes, piece) == whole, "pieces give other records than the whole")
        for place in whole {
            let payload = bytes.span.extracting(place)
            if EventRecord.isEvent(payload) { _ = EventRecord(payload) } else { _ = RejectionCounters(payload) }
        }
    }

    private static func records(in bytes: [UInt8]) -> [Range<Int>] {
        var records: [Range<Int>] = []
        var cursor = RecordCursor()
        var end = 0
        while true {
            switch cursor.next(in: bytes.span, isLast: true) {
            case .record(let place):
                precondition(place.lowerBound == end + SegmentFormat.recordHeaderLength, "bytes are passed over")
                requireChecksum(of: place, in: bytes)
                records.append(place)
                end = SegmentFormat.aligned(place.upperBound)
            case .gap(let range, _):
                precondition(range.lowerBound == end && !range.isEmpty, "bytes are passed over")
                end = range.upperBound
            case .needsMore: fatalError("nothing more comes")
            case .end:
                precondition(end == bytes.count, "bytes are left over")
                return records
            }
            precondition(end == cursor.offset && end <= bytes.count)
        }
    }

    /// Reads as the writer does: a piece at a time, going on where the last one could not.
    private static func recordsInPieces(of bytes: [UInt8], _ length: Int) -> [Range<Int>] {
        var records: [Range<Int>] = []
        var offset = 0
        while offset < bytes.count {
            let piece = Array(bytes[offset..<min(offset + length, bytes.count)])
            let isLast = offset + piece.count == bytes.count
            var cursor = RecordCursor()
            reading: while true {
                switch cursor.next(in: piece.span, isLast: isLast) {
                case .record(let place): records.append(place.lowerBound + offset..<place.upperBound + offset)
                case .gap: continue
                case .needsMore, .end: break reading
                }
            }
            precondition(cursor.offset > 0, "the reader stands still")
            offset += cursor.offset
        }
        return records
    }

    /// Computed here from the format as it is written down, and not by the reader.
    private static func requireChecksum(of place: Range<Int>, in bytes: [UInt8]) {
        let start = place.lowerBound - SegmentFormat.recordHeaderLength
        let end = SegmentFormat.aligned(place.upperBound - start) + start
        let length = CRC32C.checksum(bytes.span.extracting(start..<start + 4))
        let checksum = CRC32C.checksum(bytes.span.extracting(place.lowerBound..<end), continuing: length)
        precondition(bytes.span.uint32(at: start) == UInt32(place.count), "the length is not the record's")
        precondition(bytes.span.uint32(at: start + 4) == checksum, "the checksum does not fit")
    }
}
