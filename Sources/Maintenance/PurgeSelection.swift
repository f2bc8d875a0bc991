import Core
package import Database
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

extension StoreReader {
    /// How many rows a purge would find now; what waits in the buffer is not among them.
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

    /// How many events a purge would remove that are only counted any more, as their rows were too old to be kept.
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

    /// The beginning of the oldest quarter of an hour with events, in milliseconds since 1970; nil without any. Counts of
    /// rows that are no longer kept are among it.
    package func firstActivity() throws(StoreError) -> Int64? {
        try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT min(slot) FROM activity_rollup") }
                .map { $0 * TimeBucket.milliseconds }
        }
    }
}
