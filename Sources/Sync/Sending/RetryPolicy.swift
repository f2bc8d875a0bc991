import Core

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
