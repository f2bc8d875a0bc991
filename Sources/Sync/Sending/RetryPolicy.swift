import Core
import SystemSupport

/// Whether and when a transfer that failed is tried again: exponential back-off with full jitter, so that many machines
/// that were turned away together do not come back together. A pure state machine; waiting is the caller's.
package struct RetryPolicy: Sendable {
    /// What became of an attempt.
    package struct Failure: Error, Sendable {
        /// What a person is told when it is the last.
        package let error: SyncError
        /// Whether it may go better next time.
        package let isPassing: Bool
        /// How long the destination asked to be left alone.
        package let requestedDelay: Duration?
        /// Attempts after which it is the last.
        package var attempts = Limits.syncAttempts

        package static func passing(_ error: SyncError, requestedDelay: Duration? = nil) -> Failure {
            Failure(error: error, isPassing: true, requestedDelay: requestedDelay)
        }

        /// No connection came about in the time that it may take: each attempt waits for long by itself.
        package static func noConnectionInTime(_ error: SyncError) -> Failure {
            var failure = passing(error)
            failure.attempts = Limits.syncConnectAttempts
            return failure
        }

        package static func lasting(_ error: SyncError) -> Failure {
            Failure(error: error, isPassing: false, requestedDelay: nil)
        }
    }

    package enum Decision: Equatable, Sendable {
        case wait(Duration)
        case giveUp
    }

    private var failures = 0

    package init() {}

    /// Takes a failure and says what to do.
    package mutating func decide(
        after failure: Failure, using random: inout some RandomNumberGenerator
    ) -> Decision {
        failures += 1
        guard failure.isPassing, failures < failure.attempts else { return .giveUp }
        if let requested = failure.requestedDelay {
            guard requested <= Limits.syncLongestRequestedDelay else { return .giveUp }
            // Not before what was asked for; the jitter comes on top.
            return .wait(requested + Limits.syncFirstDelay * Double.random(in: 0...1, using: &random))
        }
        var longest = Limits.syncFirstDelay
        for _ in 1..<failures { longest = min(longest * 2, Limits.syncLongestDelay) }
        return .wait(longest * Double.random(in: 0...1, using: &random))
    }
}

extension RetryPolicy {
    /// Does something until it goes well, or the policy gives up.
    /// - Parameter report: is called with each failed attempt that another one follows.
    static func attempt(
        _ clock: any Clock<Duration>, using random: inout some RandomNumberGenerator,
        _ report: @Sendable (Transmission.Progress) -> Void, _ work: () async throws -> Void
    ) async throws {
        var policy = RetryPolicy()
        while true {
            try Task.checkCancellation()
            do {
                return try await work()
            } catch let failure as RetryPolicy.Failure {
                guard case .wait(let delay) = policy.decide(after: failure, using: &random) else { throw failure.error }
                report(.waiting(failure.error, delay))
                try await clock.sleep(for: delay)
            }
        }
    }
}

/// The time that a server asks to wait, in the header `Retry-After` (RFC 9110, section 10.2.3).
///
/// It is read here and not by a date formatter of Foundation, which would bring the 34 MB of ICU's tables into the program.
package enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Returns the time to wait: `text` is a number of seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT`. A date that
    /// has passed is no time to wait. Nil for any other text.
    ///
    /// - Parameter now: milliseconds since 1970.
    package static func duration(_ text: String, now: Int64 = SystemClock().now()) -> Duration? {
        if let seconds = Int(text) { return seconds >= 0 && seconds < 1 << 31 ? .seconds(seconds) : nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 6, words[0].utf8.count == 4, words[0].hasSuffix(","), words[1].utf8.count == 2,
            let month = months.firstIndex(of: String(words[2])), words[3].utf8.count == 4, words[4].utf8.count == 8,
            words[5] == "GMT"
        else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        let date = "\(words[3])-\(number)-\(words[1])T\(words[4])Z"
        guard let time = Timestamp.parse(date.utf8.span) else { return nil }
        return .milliseconds(max(0, time - now))
    }
}

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
