import Foundation
import Synchronization

/// Work that blocks, on a thread of its own.
final class BackgroundWork<Value: Sendable>: Sendable {
    /// It has not ended in the time it was given.
    struct TimeOut: Error {}

    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Value) {
        Thread {
            let result = Result { try body() }
            self.outcome.withLock { $0 = result }
            self.ended.signal()
        }.start()
    }

    /// Waits for the end, but no longer than it may take.
    func value(within limit: DispatchTimeInterval = .seconds(20)) throws -> Value {
        guard ended.wait(timeout: .now() + limit) == .success else { throw TimeOut() }
        guard let outcome = outcome.withLock({ $0 }) else { throw TimeOut() }
        return try outcome.get()
    }
}
