package import Core
package import Intake
import SystemSupport
package import WriteAheadBuffer

/// Splits the bytes of one NDJSON source into lines and passes the lines to an intake. The caller provides the intake,
/// so that many sources can share one intake and its caches.
package struct NDJSONReader: Sendable {
    private var lines = LineBuffer()
    private var lineNumber = 0

    package init() {}

    /// The result of one call of `take`: events and rejections.
    package struct Chunk: Sendable {
        /// The records for the buffer: the events and, if intake rejected or left out anything, the rejection counters.
        package fileprivate(set) var batch = RecordBatch()
        /// The number of each rejected line, from 1, and the reason.
        package fileprivate(set) var rejected: [(line: Int, rejection: Rejection)] = []
        package fileprivate(set) var rejections = RejectionCounters()
        /// Whether the whole command of at least one accepted event was left out.
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

    /// Lets `read` append bytes to the received bytes.
    package mutating func append<Failure: Error>(
        read: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try read(&lines.bytes)
    }

    /// Passes each complete line of the received bytes to `intake`, and adds the events and rejections to `chunk`. If
    /// `atEnd` is true, no more bytes follow, and the bytes after the last line feed are the last line.
    package mutating func take(atEnd: Bool = false, through intake: inout EventIntake, into chunk: inout Chunk) {
        do {
            let bytes = lines.bytes
            // An encoded event is usually shorter than its line, so this capacity usually suffices.
            chunk.batch.reserve(bytes.count)
            let now = intake.currentTime()
            while let piece = lines.next(atEnd: atEnd) {
                take(piece, of: bytes.span, receivedAt: now, through: &intake, into: &chunk)
            }
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
        _ piece: LineBuffer.Piece, of bytes: Span<UInt8>, receivedAt time: Int64, through intake: inout EventIntake,
        into chunk: inout Chunk
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
                try intake.accept(line: line, receivedAt: time) { chunk.batch.append($0) }
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

    /// Updates the key and the naming rules from the data folder.
    package mutating func refresh() throws(HashKeyError) { try intake.refresh() }

    /// Lets `read` append bytes, and returns the events and rejections of the complete lines. If `atEnd` is true, no
    /// more bytes follow, and the bytes after the last line feed are the last line.
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
    /// Whether the text begins with U+FEFF in UTF-8. Some editors and PowerShell write this character at the start of a
    /// file.
    fileprivate var hasByteOrderMark: Bool {
        count >= 3 && self[0] == 0xEF && self[1] == 0xBB && self[2] == 0xBF
    }

    fileprivate var isBlank: Bool {
        for index in 0..<count where self[index] != 0x20 && self[index] != 0x09 && self[index] != 0x0D { return false }
        return true
    }
}
