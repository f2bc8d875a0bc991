import Platform
import UnixSignals

/// Work that Ctrl-C or SIGTERM ends in good order: it is cancelled, cleans up after itself, and then the process ends
/// as the signal asks.
enum SignalledWork {
    private enum Event<Value: Sendable>: Sendable {
        case finished(Value)
        case signal(Int32)
        case none
    }

    static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
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
                    // How the work ends no longer matters, only that it has.
                    while let _ = await group.nextResult() {}
                    try? File.standardError.write("nexus: stopped; what was confirmed is not sent again\n")
                    ThisProcess.end(128 + number)
                }
            }
            throw CancellationError()
        }
    }
}
