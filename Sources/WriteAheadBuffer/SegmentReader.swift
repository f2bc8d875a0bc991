import Core
import SystemSupport

/// Reads one segment while other processes append to it.
///
/// It reads with `pread` and not through a mapping: a read error is then an error to report and not a signal that ends the
/// process. At a gigabyte in 0.2 s the cost of the copy is negligible.
package final class SegmentReader {
    package let number: WriteAheadBuffer.SegmentNumber
    package let header: SegmentFormat.HeaderReading
    let file: File

    init(file: consuming File, number: WriteAheadBuffer.SegmentNumber) throws(SystemError) {
        var bytes: [UInt8] = []
        _ = try file.read(appendingTo: &bytes, at: 0, limit: SegmentFormat.headerLength)
        header = SegmentFormat.readHeader(bytes.span)
        self.number = number
        self.file = file
    }

    /// The segment's name with its folder, for messages.
    package var path: String { file.path }

    /// Returns whether the segment still has its name: it may have been removed, and another segment may have got the number.
    package func isThere() throws(BufferError) -> Bool {
        try asBufferError { () throws(SystemError) in try file.isAtItsPath() }
    }

    /// Returns the written length of the segment: everything before it is final. Nil when a process is in the middle of an
    /// append and does not finish within `patience`.
    package func committedEnd(
        within patience: Duration = Limits.longestWaitForAppend
    ) throws(BufferError) -> Int? {
        try asBufferError { () throws(SystemError) in
            guard try file.lock(within: patience) else { return nil }
            defer { file.unlock() }
            return try file.status().size
        }
    }

    /// Returns the current length of the segment, which may be in the middle of an append.
    package func writtenEnd() throws(BufferError) -> Int {
        try asBufferError { () throws(SystemError) in try file.status().size }
    }

    /// Replaces the content of `chunk` with up to `limit` bytes from `offset` on, none after `end`.
    package func read(into chunk: inout [UInt8], from offset: Int, upTo end: Int, limit: Int) throws(BufferError) {
        chunk.removeAll(keepingCapacity: true)
        let wanted = min(limit, end - offset)
        try asBufferError { () throws(SystemError) in
            while chunk.count < wanted {
                let at = offset + chunk.count
                if try file.read(appendingTo: &chunk, at: at, limit: wanted - chunk.count) == 0 { break }
            }
        }
    }
}
