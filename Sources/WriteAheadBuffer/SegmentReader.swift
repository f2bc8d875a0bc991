import Core
import SystemSupport

/// Reads one segment while other processes append to it.
///
/// It reads with `pread` instead of a memory mapping. If the disk fails, `pread` returns an error that can be reported;
/// with a mapping, a signal would end the process. `pread` copies a gigabyte in 0.2 s, so the copy is cheap enough.
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

    /// The path of the segment, for messages.
    package var path: String { file.path }

    /// Returns whether the segment still has its name; false if it was removed, even if a new segment has the same
    /// number.
    package func isThere() throws(BufferError) -> Bool {
        try asBufferError { () throws(SystemError) in try file.isAtItsPath() }
    }

    /// Waits until no append is in progress, and returns the length of the segment. All bytes up to this length are
    /// final. Nil if an append does not end within `patience`.
    package func committedEnd(
        within patience: Duration = Limits.longestWaitForAppend
    ) throws(BufferError) -> Int? {
        try asBufferError { () throws(SystemError) in
            guard try file.lock(within: patience) else { return nil }
            defer { file.unlock() }
            return try file.status().size
        }
    }

    /// Returns the current length of the segment. It may include a part of an append in progress.
    package func writtenEnd() throws(BufferError) -> Int {
        try asBufferError { () throws(SystemError) in try file.status().size }
    }

    /// Replaces the content of `chunk` with at most `limit` bytes of the segment, from `offset` on. Reads no bytes past
    /// `end`.
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
