import Core
package import Database
import GRDB

/// The events that a purge removes: all that meet every given condition.
package struct PurgeSelection: Equatable, Sendable {
    /// Events before this instant, in milliseconds since 1970.
    package var before: Int64?
    /// Events of this session.
    package var session: String?
    /// Events of this command: this text, or it and further words.
    package var command: String?

    /// Selects all events; each condition restricts the selection.
    package init() {}

    /// The day (its number since 1970, UTC) before which whole days are removed, including their counts; nil where only some
    /// of their events are selected.
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
            // Compared instead of matched by a pattern, so that no character of the command is special.
            parts.append("(coalesce(command, '') = ? OR substr(coalesce(command, ''), 1, ?) = ?)")
            arguments += [command, command.count + 1, command + " "]
        }
        return (parts.isEmpty ? "true" : parts.joined(separator: " AND "), StatementArguments(arguments))
    }
}

/// The results of a purge and of the search after it.
package struct PurgeReceipt: Equatable, Sendable {
    package init() {}

    /// Rows of `events`.
    package internal(set) var events = 0
    /// Rows of `sessions`.
    package internal(set) var sessions = 0
    /// Files of the buffer that were stored and removed, including damaged ones that were kept.
    package internal(set) var bufferFiles = 0
    /// Snapshots that were in the data folder.
    package internal(set) var snapshots: [String] = []
    package internal(set) var renewedKey = false
    /// Length of the data folder before and after, in bytes.
    package internal(set) var bytesBefore = 0
    package internal(set) var bytesAfter = 0

    /// The number of different texts that were in removed rows and are in none of the remaining ones.
    package internal(set) var values = 0
    /// The number of them that were searched in every byte of the files. The others are shorter than eight bytes or a part of
    /// a remaining text, so that a match would prove nothing; they were looked up in the tables.
    package internal(set) var valuesSearched = 0
    package internal(set) var filesSearched = 0
    package internal(set) var bytesSearched = 0
    /// The files, and tables of the database, that still contain removed texts.
    package internal(set) var foundIn: [String] = []
    /// The user's own lists of names that contain removed texts.
    package internal(set) var listedIn: [String] = []
}

extension StoreReader {
    /// Returns how many rows a purge would find now, without events that wait in the buffer.
    package func count(_ selection: PurgeSelection) throws(StoreError) -> (events: Int, sessions: Int) {
        try asStoreError(path) {
            try queue.read { database in
                let (condition, arguments) = selection.condition
                let row = try Row.fetchOne(
                    database, sql: "SELECT count(*), count(DISTINCT session_id) FROM events WHERE \(condition)",
                    arguments: arguments)
                return (row?[0] ?? 0, row?[1] ?? 0)
            }
        }
    }

    /// Returns how many events a purge would remove that only exist as counts, as retention removed their rows.
    package func countWithoutRows(_ selection: PurgeSelection) throws(StoreError) -> Int {
        guard let day = selection.firstDayThatStays else { return 0 }
        return try asStoreError(path) {
            try queue.read { database in
                let end = min(day * TimeBucket.perDay, try CompleteRows.firstBucket(in: database))
                return try Int.fetchOne(
                    database, sql: "SELECT coalesce(sum(events), 0) FROM activity_rollup WHERE slot < ?",
                    arguments: [end]) ?? 0
            }
        }
    }

    /// Returns the start of the oldest 15-minute bucket with events, in milliseconds since 1970; nil without any. It includes
    /// counts whose rows retention removed.
    package func firstActivity() throws(StoreError) -> Int64? {
        try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT min(slot) FROM activity_rollup") }
                .map { $0 * TimeBucket.milliseconds }
        }
    }
}
