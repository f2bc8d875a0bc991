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
        enum Kind: Equatable, Sendable {
            /// So many bytes.
            case input(bytes: Int)
            case end
            /// The signal of this number asks to stop.
            case signal(Int32)
        }

        let kind: Kind
        let chunk: LineIntake.Chunk

        /// Nothing more comes.
        var isLast: Bool {
            if case .input = kind { false } else { true }
        }
    }

    init(input: consuming File, signals: consuming StopSignals?, intake: EventIntake) {
        self.input = input
        self.signals = signals
        lines = LineIntake(intake: intake)
    }

    /// Waits for input and takes all whole lines of it.
    func next() throws(SystemError) -> Step {
        if case .signal(let number)? = try signals?.wait(for: input) {
            // A line that has begun is left out: its end has not come.
            return Step(kind: .signal(number), chunk: lines.take { _ in })
        }
        return try read()
    }

    /// Waits for input as `next` does, and meanwhile calls `look` on this thread every `interval`; nil as soon as that
    /// says that there is something to do.
    func next(
        lookingEvery interval: Duration, _ look: @Sendable () -> Bool
    ) throws(SystemError) -> Step? {
        while try !input.waitForInput(atMost: interval) {
            if look() { return nil }
        }
        return try read()
    }

    private func read() throws(SystemError) -> Step {
        var bytes = 0
        let chunk = try lines.take { (buffer) throws(SystemError) in
            bytes = try input.read(appendingTo: &buffer, limit: Limits.inputChunkBytes)
        }
        guard bytes == 0 else { return Step(kind: .input(bytes: bytes), chunk: chunk) }
        return Step(kind: .end, chunk: lines.take(atEnd: true) { _ in })
    }
}
