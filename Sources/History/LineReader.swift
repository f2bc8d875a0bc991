import Core
import SystemSupport

/// Reads a file line by line in bounded memory. Only the beginning of a line that exceeds the limit is kept.
final class LineReader {
    /// The properties of a line apart from its bytes.
    struct Line {
        /// Whether the line was longer than allowed. Its bytes are then incomplete.
        var isTooLong = false
        /// Whether the line ends with a line feed. The last line of a file may have no line feed.
        var isTerminated = false
        /// The last byte before the line feed; nil for an empty line.
        var lastByte: UInt8?
    }

    private var input: ChunkReader

    init(_ file: consuming File, size: Int) {
        input = ChunkReader(file, size: size)
    }

    /// The share of the file that was read, 0 to 1.
    var progress: Double { input.progress }

    /// Reads the next line without its line feed and appends it to `bytes`; nil at the end of the file.
    /// - Parameter limit: the maximum length of `bytes`, including the bytes that it already has.
    func next(appendingTo bytes: inout [UInt8], limit: Int = Limits.historyEntryBytes) throws(SystemError) -> Line? {
        var line = Line()
        var isBegun = false
        while true {
            guard try input.hasBytes() else { return isBegun ? line : nil }
            isBegun = true
            let end = input.chunk.span.firstIndex(of: UInt8(ascii: "\n"), from: input.position)
            let part = input.position..<(end ?? input.chunk.count)
            if !part.isEmpty { line.lastByte = input.chunk[part.upperBound - 1] }
            if !line.isTooLong {
                let kept = part.prefix(max(0, limit - bytes.count))
                bytes.append(input.chunk.span.extracting(kept))
                line.isTooLong = kept.count < part.count
            }
            guard end == nil else {
                input.position = part.upperBound + 1
                line.isTerminated = true
                return line
            }
            input.position = part.upperBound
        }
    }
}

/// Reads a file in chunks of bounded size.
struct ChunkReader: ~Copyable {
    private let file: File
    private let size: Int
    private var bytesRead = 0
    private(set) var chunk: [UInt8] = []
    /// The index in the chunk of the next byte to process.
    var position = 0

    init(_ file: consuming File, size: Int) {
        self.file = file
        self.size = size
    }

    /// The share of the file that was read, 0 to 1.
    var progress: Double { size > 0 ? min(1, Double(bytesRead) / Double(size)) : 1 }

    /// Returns whether there is a byte at `position`. Reads the next chunk if all bytes of the current chunk are
    /// processed.
    mutating func hasBytes() throws(SystemError) -> Bool {
        guard position == chunk.count else { return true }
        chunk.removeAll(keepingCapacity: true)
        position = 0
        bytesRead += try file.read(appendingTo: &chunk, limit: Limits.inputChunkBytes)
        return !chunk.isEmpty
    }
}

extension Span<UInt8> {
    /// Returns the value of the decimal digits from `start` on, and the index after the digits. Nil if there are no
    /// digits, or if the value exceeds 64 bits.
    func decimal(from start: Int) -> (value: Int64, end: Int)? {
        var (value, index): (Int64, Int) = (0, start)
        while index < count, self[index] &- UInt8(ascii: "0") < 10 {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, exceeds) = product.addingReportingOverflow(Int64(self[index] - UInt8(ascii: "0")))
            guard !overflows, !exceeds else { return nil }
            value = sum
            index += 1
        }
        return index > start ? (value, index) : nil
    }

    /// Returns whether these bytes begin with a text.
    func hasPrefix(_ prefix: String) -> Bool {
        let length = prefix.utf8.count
        return count >= length && extracting(0..<length).equals(prefix.utf8.span)
    }
}

extension Int64 {
    /// This number of seconds in milliseconds; nil if the result exceeds 64 bits.
    var milliseconds: Int64? {
        let (product, overflows) = multipliedReportingOverflow(by: 1000)
        return overflows ? nil : product
    }
}
