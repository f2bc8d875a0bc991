import SystemSupport
import UnixSignals

/// Runs work that Ctrl-C or SIGTERM stops gracefully. The task is cancelled, the work cleans up, and the process
/// returns 128 plus the number of the signal.
enum CancelOnSignal {
    private enum Event<Value: Sendable>: Sendable {
        case finished(Value)
        case signal(Int32)
        case none
    }

    /// Longest time for the clean-up. A slow disk, or the reader of the output, may block the work.
    private static let patience: Duration = .seconds(3)

    /// Runs `work`. If the user stops the work, `consequence` is part of the message.
    static func run<Value: Sendable>(
        ifStopped consequence: String, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: CommandContext.current.stopSignals)
        return try await withThrowingTaskGroup(of: Event<Value>.self) { group in
            group.addTask { .finished(try await work()) }
            group.addTask {
                for await signal in signals { return .signal(signal == .sigint ? 2 : 15) }
                return .none
            }
            while let event = try await group.next() {
                switch event {
                case .none: continue
                case .finished(let value):
                    group.cancelAll()
                    return value
                case .signal(let number):
                    group.cancelAll()
                    let overdue = Task {
                        try await Task.sleep(for: patience)
                        end(with: number, consequence)
                    }
                    defer { overdue.cancel() }
                    while let result = await group.nextResult() {
                        // The work ended before the cancellation took effect.
                        if case .success(.finished(let value)) = result { return value }
                    }
                    end(with: number, consequence)
                }
            }
            throw CancellationError()
        }
    }

    private static func end(with signal: Int32, _ consequence: String) -> Never {
        try? File.standardError.write("nexus: stopped; \(consequence)\n")
        ThisProcess.end(128 + signal)
    }
}
