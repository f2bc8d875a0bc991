import Core
import SystemSupport

/// Cuts a stream of bytes into lines without holding more than one line too many.
package struct LineBuffer: Sendable {
    /// Bytes read and not yet handed out begin at `start`; new ones are added at the end.
    package var bytes: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var isSkipping = false

    package init() {}

    /// A piece of input.
    package enum Piece: Equatable, Sendable {
        /// A line without its break; the place in `bytes`, good until the next `discardConsumed`.
        case line(Range<Int>)
        /// A line beyond `Limits.lineBytes`, already passed over.
        case tooLong
    }

    /// The next line; nil when its end has not been read yet. With `atEnd` what remains is the last line.
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
            // The rest of the line is dropped as it comes; what was kept of it is dropped now.
            isSkipping = true
            start = scanned
        }
        guard atEnd, start < scanned || isSkipping else { return nil }
        defer { start = scanned }
        return take(start..<scanned)
    }

    /// Frees the room of what was handed out.
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
