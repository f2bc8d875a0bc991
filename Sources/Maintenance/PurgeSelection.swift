import Core
package import Database
import GRDB

/// Selects the events that a purge removes. An event is selected if it meets every given condition.
package struct PurgeSelection: Equatable, Sendable {
    /// Events before this instant, in milliseconds since 1970.
    package var before: Int64?
    /// Events of this session.
    package var session: String?
    /// Events whose command is this text, or begins with this text and a space.
    package var command: String?

    /// Selects all events; each condition restricts the selection.
    package init() {}

    /// The first day that a purge keeps if retention removed the day's rows, as the number of days since 1970 in UTC.
    /// Earlier days without rows are removed as a whole, including their counts. If `before` is in the middle of a day,
    /// that day is removed too. Nil if `before` is nil, or if a session or command restricts the selection to some
    /// events of a day.
    var firstDayThatStays: Int64? {
        guard let before, session == nil, command == nil else { return nil }
        return (TimeBucket.containing(max(0, before)) + TimeBucket.perDay - 1) / TimeBucket.perDay
    }

    /// Whether there is no condition.
    package var isEverything: Bool { before == nil && session == nil && command == nil }

    /// The SQL condition that selects rows of `events`, and the arguments for its `?` marks. Its value is true or false
    /// and never NULL, so that `NOT` selects all other rows.
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
            // The condition compares texts. A pattern would give some characters of the command a special meaning.
            parts.append("(coalesce(command, '') = ? OR substr(coalesce(command, ''), 1, ?) = ?)")
            arguments += [command, command.count + 1, command + " "]
        }
        return (parts.isEmpty ? "true" : parts.joined(separator: " AND "), StatementArguments(arguments))
    }
}

/// The results of a purge and of the search after it.
package struct PurgeReceipt: Equatable, Sendable {
    package init() {}

    /// The number of removed rows of `events`.
    package internal(set) var events = 0
    /// The number of removed rows of `sessions`.
    package internal(set) var sessions = 0
    /// The number of removed files of the buffer. They include damaged segments that were kept aside, and the plain
    /// file at the path of the service's pipe.
    package internal(set) var bufferFiles = 0
    /// The names of the removed snapshots, which were in the data folder.
    package internal(set) var snapshots: [String] = []
    package internal(set) var renewedKey = false
    /// The size of the data folder before the purge, in bytes.
    package internal(set) var bytesBefore = 0
    /// The size of the data folder after the purge, in bytes.
    package internal(set) var bytesAfter = 0

    /// The number of different texts that were in removed rows and are in no remaining row.
    package internal(set) var values = 0
    /// The number of texts, among those that `values` counts, for which every byte of the files was searched. The other
    /// texts are shorter than eight bytes, or part of a remaining text. A match of such a text would prove nothing, so
    /// these texts were only looked up in the tables.
    package internal(set) var valuesSearched = 0
    package internal(set) var filesSearched = 0
    package internal(set) var bytesSearched = 0
    /// The paths of the files that still contain removed texts. `nexus.db` without a path means that a table of the
    /// database contains such a text.
    package internal(set) var foundIn: [String] = []
    /// The paths of the user's own lists that contain removed texts (see `PurgeSearch`).
    package internal(set) var listedIn: [String] = []
}

extension StoreReader {
    /// Returns how many events a purge would select now, and in how many sessions. Pending events in the buffer are not
    /// counted.
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

    /// Returns how many events without rows a purge would remove. Retention removed the rows of these events and kept
    /// their counts.
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

    /// Returns the start of the oldest 15-minute bucket with events, in milliseconds since 1970; nil if there are no
    /// events. Events whose rows retention removed are included.
    package func firstActivity() throws(StoreError) -> Int64? {
        try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT min(slot) FROM activity_rollup") }
                .map { $0 * TimeBucket.milliseconds }
        }
    }
}
