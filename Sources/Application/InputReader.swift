import Core
package import Intake
package import Recording
package import SystemSupport

/// Reads a stream of NDJSON from a file, a chunk at a time, on its own thread, because reading blocks until input
/// arrives.
package actor InputReader {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Minimum time between two changes that `nextOrChange` reports.
    private static let restBetweenChanges: Duration = .milliseconds(20)

    private let input: File
    private let signals: StopSignals?
    private let watch: FolderWatch?
    private var lines: NDJSONInput

    /// The result of one read.
    package struct Step: Sendable {
        package enum Kind: Equatable, Sendable {
            /// The given number of bytes was read.
            case input(bytes: Int)
            case end
            /// The signal of this number requests a stop.
            case signal(Int32)
        }

        package let kind: Kind
        package let chunk: NDJSONReader.Chunk

        package var bytes: Int {
            if case .input(let bytes) = kind { bytes } else { 0 }
        }

        /// Whether no step follows: the input has ended, or a signal requests a stop.
        package var isLast: Bool {
            if case .input = kind { false } else { true }
        }
    }

    /// Reads `input` until it ends or one of `signals` requests a stop.
    package init(input: consuming File, signals: consuming StopSignals?, intake: EventIntake) {
        self.input = input
        self.signals = signals
        watch = nil
        lines = NDJSONInput(intake: intake)
    }

    /// Reads `input`, and reports changes of the folder that `watch` observes.
    package init(input: consuming File, watch: consuming FolderWatch, intake: EventIntake) {
        self.input = input
        signals = nil
        self.watch = consume watch
        lines = NDJSONInput(intake: intake)
    }

    /// Waits for input and parses all complete lines in it.
    package func next() throws -> Step {
        if case .signal(let number)? = try signals?.wait(for: input) {
            // An incomplete line is dropped, because its end has not arrived.
            return Step(kind: .signal(number), chunk: lines.take { _ in })
        }
        return try read()
    }

    /// Waits for input as `next` does; returns nil if the watched folder changes first.
    package func nextOrChange() throws -> Step? {
        if case .change? = try watch?.wait(for: input, rest: Self.restBetweenChanges) { return nil }
        return try read()
    }

    private func read() throws -> Step {
        var bytes = 0
        try lines.refresh()
        let chunk = try lines.take { (buffer) throws(SystemError) in
            bytes = try input.read(appendingTo: &buffer, limit: Limits.inputChunkBytes)
        }
        guard bytes == 0 else { return Step(kind: .input(bytes: bytes), chunk: chunk) }
        return Step(kind: .end, chunk: lines.take(atEnd: true) { _ in })
    }
}
