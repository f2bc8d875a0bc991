import Core
import SystemSupport

/// Records in the format of a segment, ready to be appended in one call.
package struct RecordBatch: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// The number of records of all kinds.
    package private(set) var recordCount = 0
    /// The number of records that are events.
    package private(set) var eventCount = 0

    package init() {}

    package var isEmpty: Bool { recordCount == 0 }

    /// Reserves capacity for `byteCount` bytes in total, so that appending does not reallocate.
    package mutating func reserve(_ byteCount: Int) { bytes.reserveCapacity(byteCount) }

    /// Appends a record with this payload of 1 to `Limits.recordBytes` bytes.
    package mutating func append(_ payload: Span<UInt8>) {
        precondition(payload.count > 0 && payload.count <= Limits.recordBytes)
        let start = bytes.count
        let room = SegmentFormat.recordHeaderLength + SegmentFormat.aligned(payload.count)
        bytes.append(UInt64(payload.count), payload, upTo: room)
        let checksum = RecordBatch.checksum(bytes.span.extracting(start..<start + room))
        bytes.store(littleEndian: checksum, at: start + 4)
        recordCount += 1
        if EventRecord.isEvent(payload) { eventCount += 1 }
    }

    /// Appends all records of another batch.
    package mutating func append(_ other: RecordBatch) {
        bytes.append(other.bytes.span)
        recordCount += other.recordCount
        eventCount += other.eventCount
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        recordCount = 0
        eventCount = 0
    }

    /// Returns the checksum over all bytes of a record except the checksum field.
    @inline(__always)
    static func checksum(_ record: Span<UInt8>) -> UInt32 {
        CRC32C.checksum(
            record.extracting(SegmentFormat.recordHeaderLength..<record.count),
            continuing: CRC32C.checksum(record.extracting(0..<4)))
    }
}
