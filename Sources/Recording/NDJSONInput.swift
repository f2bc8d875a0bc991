package import Core
package import Intake
import SystemSupport
package import WriteAheadBuffer

/// Splits the bytes of one NDJSON source into lines. The intake is passed by the caller, so that many sources can share one
/// intake and its caches.
package struct NDJSONReader: Sendable {
    private var lines = LineBuffer()
    private var lineNumber = 0

    package init() {}

    /// The events and rejections of a chunk of a source.
    package struct Chunk: Sendable {
        /// The events and, if lines were rejected, the rejection counters.
        package fileprivate(set) var batch = RecordBatch()
        /// The number of each rejected line, from 1, and the reason.
        package fileprivate(set) var rejected: [(line: Int, rejection: Rejection)] = []
        package fileprivate(set) var rejections = RejectionCounters()
        /// Whether the whole command of an event was dropped.
        package fileprivate(set) var hasEmptiedCommand = false

        package init() {}

        /// Whether there are neither events nor rejected lines.
        package var isEmpty: Bool { batch.isEmpty && rejected.isEmpty }

        /// Removes all elements and keeps the capacity.
        package mutating func removeAll() {
            batch.removeAll()
            rejected.removeAll()
            rejections = RejectionCounters()
            hasEmptiedCommand = false
        }
    }

    /// Appends received bytes.
    package mutating func append(_ bytes: some Sequence<UInt8>) {
        lines.bytes.append(contentsOf: bytes)
    }

    /// Reads more bytes after the received ones.
    package mutating func append<Failure: Error>(
        read: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try read(&lines.bytes)
    }

    /// Accepts each complete line of the received bytes. With `atEnd`, no more bytes follow, so the rest is the last
    /// line.
    package mutating func take(atEnd: Bool = false, through intake: inout EventIntake, into chunk: inout Chunk) {
        do {
            let bytes = lines.bytes
            // An encoded event is usually shorter than its line, so this capacity usually suffices.
            chunk.batch.reserve(bytes.count)
            while let piece = lines.next(atEnd: atEnd) { take(piece, of: bytes.span, through: &intake, into: &chunk) }
        }
        if intake.hasEmptiedCommand {
            chunk.hasEmptiedCommand = true
            intake.hasEmptiedCommand = false
        }
        if let rejections = intake.takeRejections() {
            chunk.rejections.add(rejections)
            chunk.batch.append(rejections.encoded().span)
        }
        lines.discardConsumed()
    }

    @inline(__always)
    private mutating func take(
        _ piece: LineBuffer.Piece, of bytes: Span<UInt8>, through intake: inout EventIntake, into chunk: inout Chunk
    ) {
        lineNumber += 1
        switch piece {
        case .tooLong:
            chunk.rejected.append((lineNumber, intake.rejectTooLong()))
        case .line(let range):
            var line = bytes.extracting(range)
            if lineNumber == 1, line.hasByteOrderMark { line = line.extracting(3..<line.count) }
            guard !line.isBlank else { return }
            do throws(Rejection) {
                try intake.accept(line: line) { chunk.batch.append($0) }
            } catch {
                chunk.rejected.append((lineNumber, error))
            }
        }
    }
}

/// One source of lines with an intake of its own.
package struct NDJSONInput: Sendable {
    private var intake: EventIntake
    private var source = NDJSONReader()

    package init(intake: EventIntake) {
        self.intake = intake
    }

    /// Uses the key and the naming rules that the data folder has now.
    package mutating func refresh() throws(HashKeyError) { try intake.refresh() }

    /// Lets `read` append bytes, then accepts each complete line. With `atEnd`, no more bytes follow, so the rest is
    /// the last line.
    package mutating func take<Failure: Error>(
        atEnd: Bool = false, read: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) -> NDJSONReader.Chunk {
        try source.append(read: read)
        var chunk = NDJSONReader.Chunk()
        source.take(atEnd: atEnd, through: &intake, into: &chunk)
        return chunk
    }
}

extension Span<UInt8> {
    /// Whether it begins with U+FEFF in UTF-8, as some editors and PowerShell begin a file.
    fileprivate var hasByteOrderMark: Bool {
        count >= 3 && self[0] == 0xEF && self[1] == 0xBB && self[2] == 0xBF
    }

    fileprivate var isBlank: Bool {
        for index in 0..<count where self[index] != 0x20 && self[index] != 0x09 && self[index] != 0x0D { return false }
        return true
    }
}
