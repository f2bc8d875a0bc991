/// The reason why an event was rejected. It names the field and the rule, but never the value, because a rejected value
/// must not appear in a log.
@usableFromInline
package struct Rejection: Error, Equatable, Sendable {
    package let reason: Reason
    /// The field that broke the rule; nil if the line as a whole broke it.
    package let field: EventField?
    /// Byte offset in the line, from 1; nil when the offset would not help the user.
    package let column: Int?

    package init(_ reason: Reason, field: EventField? = nil, column: Int? = nil) {
        self.reason = reason
        self.field = field
        self.column = column
    }

    /// The rules that an event can break. The buffer stores the number of a rule, so a number never changes its
    /// meaning.
    package enum Reason: UInt8, CaseIterable, Sendable {
        case notJSON = 1
        case notUTF8 = 2
        case lineTooLong = 3
        case nestedTooDeep = 4
        case duplicateKey = 5
        case unknownKey = 6
        case wrongType = 7
        case invalidTimestamp = 8
        case outOfRange = 9
        case invalidText = 10
        case invalidHash = 11
        case missingType = 12
        case looksSecret = 13
        case contradiction = 14
        /// The time is more than a day ahead of the clock.
        case futureTimestamp = 15
        /// The clock of the machine is outside the years that an event may have.
        case wrongClock = 16
        /// The time is a number that is valid in seconds but not in milliseconds.
        case timestampInSeconds = 17
        /// The shell line runs nothing, because it is empty, a comment, an assignment or a function definition. Or the
        /// command of the line was stopped and has not ended.
        case noCommand = 18
        /// The user's settings ignore the command.
        case ignored = 19

        /// The name in the counters and in JSON.
        package var name: String {
            switch self {
            case .notJSON: "not_json"
            case .notUTF8: "not_utf8"
            case .lineTooLong: "line_too_long"
            case .nestedTooDeep: "nested_too_deep"
            case .duplicateKey: "duplicate_key"
            case .unknownKey: "unknown_key"
            case .wrongType: "wrong_type"
            case .invalidTimestamp: "invalid_timestamp"
            case .outOfRange: "out_of_range"
            case .invalidText: "invalid_text"
            case .invalidHash: "invalid_hash"
            case .missingType: "missing_type"
            case .looksSecret: "looks_secret"
            case .contradiction: "contradiction"
            case .futureTimestamp: "future_timestamp"
            case .wrongClock: "wrong_clock"
            case .timestampInSeconds: "timestamp_in_seconds"
            case .noCommand: "no_command"
            case .ignored: "ignored"
            }
        }
    }

    /// Whether the user's settings ask for this rejection. Such a rejection is counted, but it is not a failure.
    package var isWanted: Bool { reason == .ignored }

    /// One sentence for the user who sent the event.
    package var message: String {
        let what = field?.key ?? "the line"
        let sentence =
            switch reason {
            case .notJSON: "not a JSON object"
            case .notUTF8: "not valid UTF-8"
            case .lineTooLong: "longer than \(Limits.lineBytes) bytes"
            case .nestedTooDeep: "nested deeper than \(Limits.nestingDepth) levels"
            case .duplicateKey: "\(field?.key ?? "a key") appears twice"
            case .unknownKey: "unknown key"
            case .wrongType: "\(what) must be \(expectedType)"
            case .invalidTimestamp:
                "timestamp must be an existing date from 2000 to 9999, as RFC 3339 or as milliseconds since 1970"
            case .outOfRange: "\(what) must be from 0 to \(upperLimit)"
            case .invalidText: "\(what) must be \(expectedText)"
            case .invalidHash: "\(what) must be \(Limits.hashCharacters) hexadecimal digits in lower case"
            case .missingType: "event_type and command are both missing"
            case .looksSecret: "\(what) looks like a secret"
            case .contradiction: "\(what) is given as a name and as a hash"
            case .futureTimestamp:
                "timestamp is more than a day ahead of this machine's clock; correct the timestamp or the clock"
            case .timestampInSeconds:
                "timestamp is in seconds: a number must be milliseconds since 1970; multiply it by 1000"
            case .noCommand: "the shell line runs no command, or its command has not ended"
            case .ignored: "the settings ignore the command; 'nexus config' lists the settings"
            case .wrongClock: "the clock of this machine is not in the years 2000 to 9999; set the clock"
            }
        return column.map { "\(sentence) (at byte \($0))" } ?? sentence
    }

    private var expectedType: String {
        switch field {
        case .success: "true or false"
        case .durationMS: "a number of milliseconds"
        case .servicesCount, .portsUsed: "a whole number"
        case .timestamp: "a string or a whole number"
        default: "a string"
        }
    }

    private var upperLimit: Int64 {
        switch field {
        case .durationMS: Limits.durationMilliseconds
        case .servicesCount: Limits.servicesCount
        default: Limits.portsUsed
        }
    }

    private var expectedText: String {
        switch field {
        case .sessionID: "1 to \(Limits.sessionBytes) characters from A-Z a-z 0-9 . _ -"
        case .workspace, .task: "at most \(Limits.nameBytes) bytes"
        default: "1 to \(Limits.identifierBytes) characters from A-Z a-z 0-9 . _ - beginning with a letter or digit"
        }
    }
}
