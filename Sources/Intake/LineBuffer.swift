import Core
import SystemSupport

/// Splits a stream of bytes into lines. Keeps at most `Limits.lineBytes` bytes of a line whose end was not read yet.
package struct LineBuffer: Sendable {
    /// The bytes that were read. The caller appends new bytes. Bytes before `start` belong to lines that were returned.
    package var bytes: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var isSkipping = false

    package init() {}

    /// An element of the input.
    package enum Piece: Equatable, Sendable {
        /// A line without its line break: its range in `bytes`, valid until the next `discardConsumed`.
        case line(Range<Int>)
        /// A line longer than `Limits.lineBytes`, which was skipped.
        case tooLong
    }

    /// Returns the next line; nil if its end has not been read yet. If `atEnd` is true, the remaining bytes are the
    /// last line.
    package mutating func next(atEnd: Bool = false) -> Piece? {
        if let end = bytes.span.firstIndex(of: UInt8(ascii: "\n"), from: scanned) {
            defer {
                start = end + 1
                scanned = start
            }
            return take(start..<end)
        }
        scanned = bytes.count
        if scanned - start > Limits.lineBytes {
            // The rest of the line is dropped when it arrives; the buffered part is dropped now.
            isSkipping = true
            start = scanned
        }
        guard atEnd, start < scanned || isSkipping else { return nil }
        defer { start = scanned }
        return take(start..<scanned)
    }

    /// Frees the space of returned lines.
    package mutating func discardConsumed() {
        bytes.removeSubrange(0..<start)
        scanned -= start
        start = 0
    }

    private mutating func take(_ range: Range<Int>) -> Piece {
        guard !isSkipping else {
            isSkipping = false
            return .tooLong
        }
        return range.count > Limits.lineBytes ? .tooLong : .line(range)
    }
}
