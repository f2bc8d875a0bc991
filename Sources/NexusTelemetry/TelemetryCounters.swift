import Core

/// Counters of all events of one `Telemetry`.
///
/// The counters balance: every event is counted in exactly one of `recorded`, `dropped` and `refused`, unless recording
/// was off when the `Telemetry` was made. Also, `recorded = written + rejectedInAll + discarded + pending`.
public struct TelemetryCounters: Sendable, Equatable {
    /// Events that were copied into memory.
    public internal(set) var recorded = 0
    /// Events that were dropped because the buffer was full. `nexus telemetry status` counts these events too.
    public internal(set) var dropped = 0
    /// Events recorded after the shutdown, or after a failed write stopped the worker.
    public internal(set) var refused = 0
    /// Events that are in the write-ahead buffer on disk. Events of a failed write count too if they may be in the
    /// buffer.
    public internal(set) var written = 0
    /// Events that were discarded because recording was switched off after they were recorded.
    public internal(set) var discarded = 0
    /// The number of rejected events by the rule that they broke. `nexus telemetry status` counts these events too.
    public internal(set) var rejected: [RejectionReason: Int] = [:]

    /// Values that looked like a key or a token and were removed from recorded events. `nexus telemetry status` counts
    /// these values too.
    public internal(set) var redactedValues = 0

    /// The total number of rejected events.
    public var rejectedInAll: Int { rejected.values.reduce(0, +) }
    /// Events that are in memory only: a `kill -9` would lose them.
    public var pending: Int { recorded - written - rejectedInAll - discarded }
}

/// The rule that an event broke.
public struct RejectionReason: Hashable, Sendable, CustomStringConvertible {
    /// The name of the rule, as `nexus telemetry status` prints it.
    public let name: String

    /// The event has no type, no command and no shell line.
    public static let missingType = RejectionReason(.missingType)
    /// The time is outside the years 2000 to 9999.
    public static let invalidTimestamp = RejectionReason(.invalidTimestamp)
    /// The time is more than a day ahead of the computer's clock.
    public static let futureTimestamp = RejectionReason(.futureTimestamp)
    /// The computer's clock is not in the years 2000 to 9999.
    public static let wrongClock = RejectionReason(.wrongClock)
    /// The time is a number that is valid in seconds but not in milliseconds.
    public static let timestampInSeconds = RejectionReason(.timestampInSeconds)
    /// A number or the duration is outside its range.
    public static let outOfRange = RejectionReason(.outOfRange)
    /// A text is too long or has characters that its field does not allow.
    public static let invalidText = RejectionReason(.invalidText)
    /// The type looks like a key or a token, and the event has no command.
    public static let looksSecret = RejectionReason(.looksSecret)

    /// The shell line runs no command, or its command has not ended.
    public static let noCommand = RejectionReason(.noCommand)
    /// The user's settings ignore the command.
    public static let ignored = RejectionReason(.ignored)

    init(_ reason: Rejection.Reason) {
        name = reason.name
    }

    /// The name.
    public var description: String { name }
}
