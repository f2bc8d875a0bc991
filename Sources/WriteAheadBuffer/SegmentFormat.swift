import Core
import SystemSupport

/// The bytes of a segment, `buffer/<16 hex digits>.wab`, version 1. Numbers are little-endian.
///
/// A segment is a header followed by records. A process that appends holds the exclusive `flock` of the file. While a
/// reader holds that lock, no append is in progress, and the bytes up to the length from `fstat` do not change later.
/// Each record in these bytes is whole, torn because its writer was killed, or damaged.
///
/// The header:
///
///     offset  size  what
///          0     8  "NEXUSWAB"
///          8     4  version: 1
///         12     4  length of the header: 64
///         16    16  id: random, so that a position in the database belongs to one segment only
///         32    16  boot id of the computer when the segment was created; zeros if the system does not provide it
///         48     8  time of creation, milliseconds since 1970
///         56     4  the lower 32 bits of the file's inode number; they identify a copy, which has another inode number
///         60     4  CRC-32C of the first 60 bytes
///
/// A record, always at a multiple of 8:
///
///     offset  size  what
///          0     4  length of the payload, 1…1024
///          4     4  CRC-32C of the length and of everything after this field
///          8     n  payload (see `EventRecord`, `RejectionCounters`)
///        8+n        zeros up to the next multiple of 8
///
/// A writer that is killed during an append leaves a fragment of a record. The next writer pads the fragment with zeros
/// to a multiple of 8 and continues. If a reader finds no valid record at an offset, it tries every following multiple
/// of 8. The reader cannot mistake a text in a payload for a record. Texts are ASCII, and four ASCII characters never
/// form a length up to 1024.
package enum SegmentFormat {
    static let magic: [UInt8] = Array("NEXUSWAB".utf8)
    package static let version: UInt32 = 1
    package static let headerLength = 64
    package static let recordHeaderLength = 8

    /// Returns `length` rounded up to a multiple of 8.
    @inline(__always)
    package static func aligned(_ length: Int) -> Int { (length &+ 7) & ~7 }

    /// The decoded header of a segment.
    package struct Header: Equatable, Sendable {
        package let id: [UInt8]
        package let bootID: [UInt8]
        package let createdAt: Int64
        package let inode: UInt32

        package init(id: [UInt8], bootID: [UInt8], createdAt: Int64, inode: UInt32) {
            precondition(id.count == 16 && bootID.count == 16)
            self.id = id
            self.bootID = bootID
            self.createdAt = createdAt
            self.inode = inode
        }

        /// Returns the 64 bytes of the header.
        package func encoded() -> [UInt8] {
            var bytes = SegmentFormat.magic
            bytes.append(littleEndian: SegmentFormat.version)
            bytes.append(littleEndian: UInt32(SegmentFormat.headerLength))
            bytes += id
            bytes += bootID
            bytes.append(littleEndian: createdAt)
            bytes.append(littleEndian: inode)
            bytes.append(littleEndian: CRC32C.checksum(bytes.span))
            assert(bytes.count == SegmentFormat.headerLength)
            return bytes
        }
    }

    /// The result of reading the first bytes of a file.
    package enum HeaderReading: Equatable, Sendable {
        case valid(Header)
        /// The file is shorter than a header. Either no process has written the header yet, or a process was killed
        /// while it wrote the header.
        case incomplete
        case damaged
        case newer(version: UInt32)
    }

    package static func readHeader(_ bytes: Span<UInt8>) -> HeaderReading {
        guard bytes.count >= headerLength else { return .incomplete }
        let header = bytes.extracting(0..<headerLength)
        guard CRC32C.checksum(header.extracting(0..<60)) == header.uint32(at: 60),
            header.extracting(0..<8).equals(magic.span)
        else { return .damaged }
        let version = header.uint32(at: 8)
        guard version == Self.version else { return .newer(version: version) }
        var id: [UInt8] = []
        id.append(header.extracting(16..<32))
        var bootID: [UInt8] = []
        bootID.append(header.extracting(32..<48))
        return .valid(
            Header(
                id: id, bootID: bootID, createdAt: Int64(bitPattern: header.uint64(at: 48)),
                inode: header.uint32(at: 56)))
    }
}
