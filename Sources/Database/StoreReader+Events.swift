import Core
import GRDB

extension StoreReader {
    /// Calls `take` with the events of a window (milliseconds since 1970), in reverse order of storage, until `take`
    /// returns false. The function reads each row, so `take` should return false after a bounded number of events.
    ///
    /// - Parameter rows: the maximum number of rows that are read, including rows that do not pass the filter.
    /// - Returns: false if the limit `rows` ended the search. Rows that were stored earlier were then not read, so
    ///   events of the window may be missing.
    @discardableResult
    package func latestEvents(
        in window: Range<Int64>, _ filter: UsageFilter = UsageFilter(), among rows: Int64 = .max,
        _ take: (StoredEvent) -> Bool
    ) throws(StoreError) -> Bool {
        try asStoreError(path) {
            try queue.read { database in
                let slots = Self.touchedSlots(window)
                var left = rows
                for rows in try RowRanges.covering(slots: slots, in: database).reversed() {
                    guard left > 0 else { return false }
                    let (others, overflows) = rows.upperBound.subtractingReportingOverflow(rows.lowerBound)
                    let isCut = overflows || others >= left
                    let latest = isCut ? rows.upperBound - left + 1...rows.upperBound : rows
                    var goesOn = true
                    try EventScanner(database).scan(latest, filter, backwards: true) { event in
                        goesOn = !window.contains(event.numbers.timestamp) || take(event)
                        return goesOn
                    }
                    if !goesOn { break }
                    if isCut { return false }
                    left -= others + 1
                }
                return true
            }
        }
    }

    /// Returns a session by its id; nil when there is none.
    package func session(_ id: String) throws(StoreError) -> Session? {
        try asStoreError(path) {
            try queue.read { database in
                try Row.fetchOne(database, sql: "SELECT * FROM sessions WHERE session_id = ?", arguments: [id])
                    .map(Session.init)
            }
        }
    }

    /// Returns the session whose id is `name`; if there is none, returns the sessions whose ids begin with `name`.
    /// `name` may end with an ellipsis, because lists shorten ids.
    package func sessions(named name: String, atMost limit: Int) throws(StoreError) -> [Session] {
        if let session = try session(name) { return [session] }
        let start = name.hasSuffix("…") ? String(name.dropLast()) : name
        return try asStoreError(path) {
            try queue.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT * FROM sessions WHERE session_id > ? AND substr(session_id, 1, length(?)) = ?
                        ORDER BY session_id LIMIT ?
                        """,
                    arguments: [start, start, start, limit]
                ).map(Session.init)
            }
        }
    }

    /// Returns the first `limit` events of a session in order of time, and the number of all its events.
    package func events(
        ofSession id: String, limit: Int
    ) throws(StoreError) -> (events: [StoredEvent], total: Int) {
        try asStoreError(path) {
            try queue.read { database in
                guard let span = try Self.span(ofSession: id, in: database) else { return ([], 0) }
                var events: [StoredEvent] = []
                var total = 0
                let slots = TimeBucket.containing(span.lowerBound)..<TimeBucket.containing(span.upperBound) + 1
                for rows in try RowRanges.covering(slots: slots, in: database) {
                    try EventScanner(database).scan(rows, UsageFilter(session: id)) { event in
                        total += 1
                        events.append(event)
                        // Rows are not in order of time, so every row is read. The list is cut to the earliest `limit`
                        // events when it reaches twice that number.
                        if events.count >= 2 * max(limit, 1) { events = Self.earliest(limit, of: events) }
                        return true
                    }
                }
                return (Self.earliest(limit, of: events), total)
            }
        }
    }

    /// The order of a list of sessions: latest first, by name, or by commands, errors or duration, highest first.
    package enum SessionOrder: Sendable {
        case latest, name, commands, errors, duration

        fileprivate var sql: String {
            switch self {
            case .latest: "started_at DESC"
            case .name: "session_id"
            case .commands: "commands_executed DESC, session_id"
            case .errors: "errors_encountered DESC, session_id"
            case .duration: "duration_ms DESC, session_id"
            }
        }
    }

    /// Returns at most `limit` sessions that started in a window (milliseconds since 1970) and have at least `commands`
    /// commands.
    package func sessions(
        startedIn window: Range<Int64>, atLeast commands: Int = 0, by order: SessionOrder = .latest, limit: Int
    ) throws(StoreError) -> [Session] {
        let (condition, arguments) = Self.condition(window, commands)
        return try asStoreError(path) {
            try queue.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT * FROM sessions WHERE \(condition) ORDER BY \(order.sql) LIMIT ?",
                    arguments: arguments + [limit]
                ).map(Session.init)
            }
        }
    }

    /// Returns how many sessions started in a window and have at least `commands` commands.
    package func sessionCount(
        startedIn window: Range<Int64>, atLeast commands: Int = 0
    ) throws(StoreError) -> Int {
        let (condition, arguments) = Self.condition(window, commands)
        return try asStoreError(path) {
            try queue.read { database in
                try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM sessions WHERE \(condition)", arguments: arguments) ?? 0
            }
        }
    }

    private static func condition(_ window: Range<Int64>, _ commands: Int) -> (sql: String, StatementArguments) {
        let first = Timestamp.databaseText(max(0, window.lowerBound))
        let end = Timestamp.databaseText(min(window.upperBound, Limits.latestTimestamp))
        // Without a condition on commands, the index on `started_at` is sufficient to answer a count.
        let least = commands > 0 ? " AND commands_executed >= \(commands)" : ""
        return ("started_at >= ? AND started_at < ?" + least, [first, end])
    }

    private static func earliest(_ limit: Int, of events: [StoredEvent]) -> [StoredEvent] {
        let ordered = events.sorted { ($0.numbers.timestamp, $0.row) < ($1.numbers.timestamp, $1.row) }
        return Array(ordered.prefix(limit))
    }

    /// Returns the times of a session's first and last event, in milliseconds since 1970; nil if there is no such
    /// session.
    private static func span(ofSession id: String, in database: Database) throws -> ClosedRange<Int64>? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT started_at, ended_at, last_event FROM sessions LEFT JOIN open_sessions ON session = sessions.id
                WHERE session_id = ?
                """, arguments: [id])
        guard let row, let start = (row[0] as String?).flatMap(Timestamp.milliseconds(ofDatabaseText:)) else {
            return nil
        }
        let end = (row[1] as String?).flatMap(Timestamp.milliseconds(ofDatabaseText:)) ?? row[2] ?? start
        return start...max(start, end)
    }

    /// Returns the 15-minute buckets that overlap a window.
    private static func touchedSlots(_ window: Range<Int64>) -> Range<Int64> {
        guard !window.isEmpty else { return 0..<0 }
        let last = min(window.upperBound - 1, Limits.latestTimestamp)
        let first = TimeBucket.containing(max(0, window.lowerBound))
        return first..<max(first, TimeBucket.containing(last) + 1)
    }
}
