import Core
import Database
import GRDB

/// What a purge removes: all events that meet every condition given.
package struct PurgeSelection: Equatable, Sendable {
    /// Events before this moment, in milliseconds since 1970.
    package var before: Int64?
    /// Events of this session.
    package var session: String?
    /// Events of this command: this text, or it and further words.
    package var command: String?

    /// Everything there is; with a condition set, less.
    package init() {}

    /// The day (its number since 1970, UTC) before which whole days go, counts and all; nil where only some of their events are
    /// meant.
    var firstDayThatStays: Int64? {
        guard let before, session == nil, command == nil else { return nil }
        return (TimeBucket.containing(max(0, before)) + TimeBucket.perDay - 1) / TimeBucket.perDay
    }

    /// Whether there is no condition.
    package var isEverything: Bool { before == nil && session == nil && command == nil }

    /// The condition on rows of `events`. It is never NULL.
    var condition: (sql: String, arguments: StatementArguments) {
        var parts: [String] = []
        var arguments: [any DatabaseValueConvertible] = []
        if let before {
            parts.append("timestamp < ?")
            arguments.append(Timestamp.databaseText(before))
        }
        if let session {
            parts.append("session_id = ?")
            arguments.append(session)
        }
        if let command {
            // Compared and not matched by a pattern, so that no character of the command means anything.
            parts.append("(coalesce(command, '') = ? OR substr(coalesce(command, ''), 1, ?) = ?)")
            arguments += [command, command.count + 1, command + " "]
        }
        return (parts.isEmpty ? "true" : parts.joined(separator: " AND "), StatementArguments(arguments))
    }
}
