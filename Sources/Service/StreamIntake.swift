import EventModel
import Intake
import Platform
import WriteAheadBuffer

/// Reads a stream of NDJSON, a chunk at a time, on a thread of its own: reading blocks as long as nothing comes.
actor StreamIntake {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let input: File
    private let signals: StopSignals?
    private var intake: EventIntake
    private var lines = LineBuffer()
    private var lineNumber = 0

    /// What one chunk held.
    struct Chunk: Sendable {
        var batch = RecordBatch()
        /// Lines that were not taken, by number from 1, and why.
        var rejected: [(line: Int, rejection: Rejection)] = []
        var tally = Tally()
        /// Bytes read for it.
        var bytes = 0
        /// The input has ended, or a signal asks to stop.
        var isLast = false
        /// The signal that asked to stop.
        var signal: Int32?

        /// Lines that hold something.
        var received: Int { batch.eventCount + rejected.count }
    }

    init(input: consuming File, signals: consuming StopSignals?, intake: EventIntake) {
        self.input = input
        self.signals = signals
        self.intake = intake
    }

    /// Waits for input and takes all whole lines of it.
    func next() throws(SystemError) -> Chunk {
        var chunk = Chunk()
        chunk.signal = try waitForInput()
        lines.discardConsumed()
        if chunk.signal == nil {
            chunk.bytes = try input.read(appendingTo: &lines.bytes, limit: Limits.inputChunkBytes)
        }
        chunk.isLast = chunk.bytes == 0
        // After a signal a line that has begun is left out: its end has not come.
        while let piece = lines.next(atEnd: chunk.isLast && chunk.signal == nil) { take(piece, into: &chunk) }
        if let tally = intake.takeTally() {
            chunk.tally = tally
            chunk.batch.append(tally.encoded().span)
        }
        return chunk
    }

    private func waitForInput() throws(SystemError) -> Int32? {
        guard signals != nil, case .signal(let number)? = try signals?.wait(for: input) else { return nil }
        return number
    }

    private func take(_ piece: LineBuffer.Piece, into chunk: inout Chunk) {
        lineNumber += 1
        switch piece {
        case .tooLong:
            chunk.rejected.append((lineNumber, intake.rejectTooLong()))
        case .line(let range):
            let line = lines.bytes.span.extracting(range)
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
