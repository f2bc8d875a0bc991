package import EventModel
package import Intake
import Platform
package import WriteAheadBuffer

/// Takes a stream of NDJSON as its bytes come, and makes batches of it: one for each source of lines.
package struct LineIntake: Sendable {
    private var intake: EventIntake
    private var lines = LineBuffer()
    private var lineNumber = 0

    package init(intake: EventIntake) {
        self.intake = intake
    }

    /// Uses the key that the data folder has now.
    package mutating func refreshKey() throws(HashKeyError) { try intake.refreshKey() }

    /// What a piece of the stream held.
    package struct Chunk: Sendable {
        /// The events, and the tally where there is one.
        package fileprivate(set) var batch = RecordBatch()
        /// Lines that were not taken, by number from 1, and why.
        package fileprivate(set) var rejected: [(line: Int, rejection: Rejection)] = []
        package fileprivate(set) var tally = Tally()
    }

    /// Takes the lines that end in what `read` adds to the bytes it is given. With `atEnd` nothing follows, and what
    /// remains is the last line.
    package mutating func take<Failure: Error>(
        atEnd: Bool = false, read: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) -> Chunk {
        lines.discardConsumed()
        try read(&lines.bytes)
        var chunk = Chunk()
        while let piece = lines.next(atEnd: atEnd) { take(piece, into: &chunk) }
        if let tally = intake.takeTally() {
            chunk.tally = tally
            chunk.batch.append(tally.encoded().span)
        }
        return chunk
    }

    private mutating func take(_ piece: LineBuffer.Piece, into chunk: inout Chunk) {
        lineNumber += 1
        switch piece {
        case .tooLong:
            chunk.rejected.append((lineNumber, intake.rejectTooLong()))
        case .line(let range):
            let bytes = lines.bytes
            let line = bytes.span.extracting(range)
            guard !line.isBlank else { return }
            do throws(Rejection) {
                try intake.accept(line: line)
                chunk.batch.append(intake.payload.span)
            } catch {
                chunk.rejected.append((lineNumber, error))
            }
        }
    }
}

extension Span<UInt8> {
    fileprivate var isBlank: Bool {
        for index in 0..<count where self[index] != 0x20 && self[index] != 0x09 && self[index] != 0x0D { return false }
        return true
    }
}
