import Core

/// How long one request may take from connecting to the last byte of the response. Idle timeouts alone do not bound it:
/// a server that sends a byte now and then keeps a connection alive for hours.
package struct TransferDeadline: Sendable {
    /// The time for a request without data.
    package let base: Duration
    /// The slowest transfer that is accepted, in bytes a second.
    package let bytesPerSecond: Int

    package static let standard = TransferDeadline(
        base: Limits.syncRequestTime, bytesPerSecond: Limits.syncLeastBytesPerSecond)

    package init(base: Duration, bytesPerSecond: Int) {
        self.base = base
        self.bytesPerSecond = bytesPerSecond
    }

    /// The time for a request that sends or receives up to `bytes` bytes.
    package func limit(bytes: Int) -> Duration {
        base + .milliseconds(Int64(bytes) * 1000 / Int64(bytesPerSecond))
    }

    /// A request took longer than its limit.
    package struct Exceeded: Error {
        package let limit: Duration
    }

    /// Returns the result of `work`, and cancels it when it takes longer than the limit for `bytes` bytes.
    /// - Throws: `Exceeded`, or the error of `work`.
    package func run<Value: Sendable>(
        bytes: Int, clock: some Clock<Duration> = ContinuousClock(),
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let limit = limit(bytes: bytes)
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await clock.sleep(for: limit)
                throw Exceeded(limit: limit)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
