import Core
import SystemSupport

/// Decides whether and when a failed transfer is tried again: exponential back-off with full jitter, so that machines
/// that were rejected together do not retry together. A pure state machine; the caller waits.
package struct RetryPolicy: Sendable {
    /// A failed attempt.
    package struct Failure: Error, Sendable {
        /// The error that the user sees if no further attempt follows.
        package let error: SyncError
        /// Whether another attempt may succeed.
        package let isPassing: Bool
        /// The delay that the destination requested; nil if it requested no delay.
        package let requestedDelay: Duration?
        /// The maximum number of attempts.
        package var attempts = Limits.syncAttempts

        package static func passing(_ error: SyncError, requestedDelay: Duration? = nil) -> Failure {
            Failure(error: error, isPassing: true, requestedDelay: requestedDelay)
        }

        /// Returns a failure to connect within the time limit. Such a failure permits only
        /// `Limits.syncConnectAttempts` attempts, because each attempt takes a long time.
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

    /// Decides what follows a failure: another attempt after a delay, or giving up.
    package mutating func decide(
        after failure: Failure, using random: inout some RandomNumberGenerator
    ) -> Decision {
        failures += 1
        guard failure.isPassing, failures < failure.attempts else { return .giveUp }
        if let requested = failure.requestedDelay {
            guard requested <= Limits.syncLongestRequestedDelay else { return .giveUp }
            // The next attempt never starts before the requested delay ends; the jitter is added to this delay.
            return .wait(requested + Limits.syncFirstDelay * Double.random(in: 0...1, using: &random))
        }
        var longest = Limits.syncFirstDelay
        for _ in 1..<failures { longest = min(longest * 2, Limits.syncLongestDelay) }
        return .wait(longest * Double.random(in: 0...1, using: &random))
    }
}

extension RetryPolicy {
    /// Runs an operation until it succeeds, or the policy gives up.
    /// - Parameter report: is called before each further attempt, with the last failure and the delay.
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

/// Parses the delay that a server requests, in the header `Retry-After` (RFC 9110, section 10.2.3).
///
/// The parser does not use Foundation's date formatter, which would add the 34 MB of ICU's tables to the program.
package enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Returns the delay that `text` requests. `text` is a number of seconds, or a date such as
    /// `Sun, 06 Nov 1994 08:49:37 GMT`. The delay is zero for a date in the past, and nil for any other text.
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

/// The time limit of one request, from connecting to the last byte of the response. Idle timeouts are not sufficient,
/// because a server can keep a connection alive for hours if it sends one byte every few seconds.
package struct TransferDeadline: Sendable {
    /// The time limit of a request without data.
    package let base: Duration
    /// The slowest transfer that is permitted, in bytes a second.
    package let bytesPerSecond: Int

    package static let standard = TransferDeadline(
        base: Limits.syncRequestTime, bytesPerSecond: Limits.syncLeastBytesPerSecond)

    package init(base: Duration, bytesPerSecond: Int) {
        self.base = base
        self.bytesPerSecond = bytesPerSecond
    }

    /// Returns the time limit of a request that sends or receives up to `bytes` bytes.
    package func limit(bytes: Int) -> Duration {
        base + .milliseconds(Int64(bytes) * 1000 / Int64(bytesPerSecond))
    }

    /// A request took longer than its limit.
    package struct Exceeded: Error {
        package let limit: Duration
    }

    /// Returns the result of `work`. Cancels `work` when it takes longer than the limit for `bytes` bytes.
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
