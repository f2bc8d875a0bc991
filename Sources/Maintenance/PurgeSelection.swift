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

/// What a purge has removed, and what it has looked at afterwards.
package struct PurgeReceipt: Equatable, Sendable {
    package init() {}

    /// Rows of `events`.
    package internal(set) var events = 0
    /// Rows of `sessions`.
    package internal(set) var sessions = 0
    /// Files of the buffer that were taken in and removed, kept damaged ones among them.
    package internal(set) var bufferFiles = 0
    /// Snapshots that stood in the data folder.
    package internal(set) var snapshots: [String] = []
    package internal(set) var renewedKey = false
    /// Length of the data folder before and after, in bytes.
    package internal(set) var bytesBefore = 0
    package internal(set) var bytesAfter = 0

    /// Different texts that stood in removed rows and stand in none that is left.
    package internal(set) var values = 0
    /// How many of them were looked for in every byte of the files. The others are shorter than eight bytes or a part of
    /// a text that is left, so that finding them would say nothing; they were looked up in the tables.
    package internal(set) var valuesSearched = 0
    package internal(set) var filesSearched = 0
    package internal(set) var bytesSearched = 0
    /// Where something of what was removed was found all the same: files, and tables of the database.
    package internal(set) var foundIn: [String] = []
}
