/// Decides the next step of a drain loop after each attempt to store events. It has no side effects; `DrainLoop` takes
/// the step.
struct DrainState {
    /// The timing of a loop.
    struct Options: Sendable {
        /// After this time without events, stored events are checkpointed and their segments are removed.
        var quietTime: Duration
        /// The delay before the next attempt after a failure, or while another process holds the writer lock.
        var retryInterval: Duration = .milliseconds(500)
        /// Whether the database is closed after `quietTime` too, so that an idle loop blocks no other writer.
        var closesWhenQuiet: Bool
    }

    /// The result of an attempt.
    enum Outcome: Equatable {
        /// Events were stored.
        case stored
        /// No events wait.
        case empty
        /// Events wait that cannot be stored yet: a reader keeps the WAL from being reset, or an append has not ended.
        case blocked
        /// Another process holds or requests the writer lock.
        case busy
        /// Recording is off.
        case off
        /// The database cannot be used.
        case failed
    }

    /// The next step.
    enum Action: Equatable {
        /// Waits for the next wake-up.
        case rest
        /// Tries again at the given time, or at an earlier wake-up.
        case retry(at: ContinuousClock.Instant)
        /// Ends the drain, because everything is stored and no event has arrived for `quietTime`. `closing` is whether
        /// the database is closed too.
        case end(closing: Bool)
    }

    let options: Options
    /// Whether the last drain has ended and nothing was stored since then.
    private(set) var isEnded = false
    /// The time from which an attempt without events ends the drain.
    private var quietFrom: ContinuousClock.Instant
    /// The earliest time at which another attempt is scheduled.
    private var scheduled: ContinuousClock.Instant?

    init(options: Options, now: ContinuousClock.Instant) {
        self.options = options
        quietFrom = now + options.quietTime
    }

    /// Notes that the writer was opened, which begins a drain.
    mutating func opened() { isEnded = false }

    /// Returns the step after an attempt that ended at `now`.
    mutating func next(after outcome: Outcome, at now: ContinuousClock.Instant) -> Action {
        switch outcome {
        case .stored, .blocked:
            isEnded = false
            quietFrom = now + options.quietTime
            return retry(at: quietFrom, now)
        case .busy, .failed: return retry(at: now + options.retryInterval, now)
        // Once recording is on again, new events wake the loop.
        case .off: return .rest
        case .empty where isEnded: return .rest
        case .empty where now < quietFrom: return retry(at: quietFrom, now)
        case .empty:
            isEnded = true
            return .end(closing: options.closesWhenQuiet)
        }
    }

    /// Schedules an attempt, unless an earlier attempt is already scheduled.
    private mutating func retry(at due: ContinuousClock.Instant, _ now: ContinuousClock.Instant) -> Action {
        if let scheduled, scheduled > now, scheduled <= due { return .rest }
        scheduled = due
        return .retry(at: due)
    }
}
