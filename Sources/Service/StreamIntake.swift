import EventModel
import Intake
import Pipeline
import Platform

/// Reads a stream of NDJSON from a file, a chunk at a time, on a thread of its own: reading blocks as long as nothing
/// comes.
actor StreamIntake {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let input: File
    private let signals: StopSignals?
    private var lines: LineIntake

    /// What one read gave.
    struct Step: Sendable {
        var chunk: LineIntake.Chunk
        /// Bytes read for it.
        var bytes = 0
        /// The signal that asked to stop.
        var signal: Int32?

        /// The input has ended, or a signal asks to stop.
        var isLast: Bool { bytes == 0 }
    }

    init(input: consuming File, signals: consuming StopSignals?, intake: EventIntake) {
        self.input = input
        self.signals = signals
        lines = LineIntake(intake: intake)
    }

    /// Waits for input and takes all whole lines of it.
    func next() throws(SystemError) -> Step {
        // After a signal a line that has begun is left out: its end has not come.
        if let signal = try waitForInput() { return Step(chunk: lines.take { _ in }, signal: signal) }
        var bytes = 0
        var chunk = try lines.take { (buffer) throws(SystemError) in
            bytes = try input.read(appendingTo: &buffer, limit: Limits.inputChunkBytes)
        }
        if bytes == 0 { chunk = lines.take(atEnd: true) { _ in } }
        return Step(chunk: chunk, bytes: bytes)
    }

    private func waitForInput() throws(SystemError) -> Int32? {
        guard case .signal(let number)? = try signals?.wait(for: input) else { return nil }
        return number
    }
}
