import Core
import Database
import GRDB
import Rollups

/// The transaction of a purge. Rows, sessions, rollups and counters change together: if the process is killed, either
/// all of these changes are stored or none of them.
struct PurgeTransaction {
    let selection: PurgeSelection
    let renewsKey: Bool
    let now: Int64

    /// The maximum number of rows that one statement reads. SQLite keeps in memory the previous version of
    /// each page that a statement changes, so a limit on rows also limits the memory.
    private static let rowsAtOnce = 50_000
    /// The finished shares of the purge after two steps: the removal of rows, and the recount of the remaining rows.
    static let (shareOfRows, shareOfCounts) = (0.2, 0.8)

    /// Removes the selected events. Returns the texts that were in the removed events and are in no remaining row.
    /// `progress` is called with the finished share of the purge, 0 to 1.
    func run(
        in database: Database, receipt: inout PurgeReceipt, progress: (Double) -> Void
    ) throws -> Set<String> {
        let gone = try textsThatGo(in: database)
        let namesBefore = try Self.names(in: database)
        try RowIDs.noteHighest(in: database)
        try database.execute(sql: "INSERT OR REPLACE INTO purges VALUES (1, ?)", arguments: [renewsKey])
        if selection.isEverything {
            try removeEverything(in: database, receipt: &receipt)
        } else {
            try removeRows(in: database, receipt: &receipt)
            try removeFromRollups(gone, in: database)
            progress(Self.shareOfRows)
            let rows = max(1, try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0)
            try RollupTables.rebuild(in: database) { read in
                progress(Self.shareOfRows + (Self.shareOfCounts - Self.shareOfRows) * Double(read) / Double(rows))
            }
        }
        // If retention removed the row of an event earlier, only the rollups had the names in that event. Therefore the
        // names that the rollups have lost are added.
        return gone.union(namesBefore.subtracting(try Self.names(in: database)))
    }

    private static func names(in database: Database) throws -> Set<String> {
        try String.fetchSet(database, sql: "SELECT name FROM rollup_names").subtracting(
            EventType.allCases.map(\.rawValue))
    }

    // MARK: Texts

    private static let textColumns = [
        "session_id", "event_type", "workspace_hash", "task_hash", "command", "error_category", "template_used",
    ]

    private func textsThatGo(in database: Database) throws -> Set<String> {
        let (condition, arguments) = selection.condition
        var texts: Set<String> = []
        for column in Self.textColumns {
            let rows = try String.fetchCursor(
                database,
                sql: """
                    SELECT \(column) FROM events WHERE \(column) IS NOT NULL AND \(condition)
                    EXCEPT SELECT \(column) FROM events WHERE NOT (\(condition))
                    """, arguments: arguments + arguments)
            while let text = try rows.next() { texts.insert(text) }
        }
        // The names of event types are the same for every user and reveal nothing.
        return texts.subtracting(EventType.allCases.map(\.rawValue))
    }

    // MARK: Rows

    private func removeEverything(in database: Database, receipt: inout PurgeReceipt) throws {
        receipt.events += try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0
        receipt.sessions += try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions") ?? 0
        for table in [
            "events", "sessions", "open_sessions", "counters", "origins", "histories", "history_marks",
        ] {
            try database.execute(sql: "DELETE FROM \(table)")
        }
        try RollupTables.removeAll(from: database)
        // The installation gets a new id, so that later events cannot be linked to the removed events.
        try database.execute(sql: "UPDATE installation SET id = lower(hex(randomblob(16)))")
        try RowIDs.restartExhausted(in: database)
    }

    private func removeRows(in database: Database, receipt: inout PurgeReceipt) throws {
        let (condition, arguments) = selection.condition
        try database.execute(
            sql: "CREATE TEMP TABLE purged_sessions AS SELECT DISTINCT session_id FROM events WHERE \(condition)",
            arguments: arguments)
        defer {
            try? database.execute(sql: "DROP TABLE IF EXISTS purged_sessions; DROP TABLE IF EXISTS left_of_sessions")
        }
        receipt.events = try removeEvents(where: condition, arguments, in: database)
        try database.execute(
            sql: "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count",
            arguments: [Counter.purged.name, receipt.events])
        try recountSessions(in: database)
        try removeSessions(in: database)
        receipt.sessions = database.changesCount
        try HistoryTables.removeWithoutRows(in: database)
        try database.execute(sql: "DELETE FROM open_sessions WHERE session NOT IN (SELECT id FROM sessions)")
    }

    /// Removes events, one range of ids after the other; returns the number of removed events.
    private func removeEvents(
        where condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> Int {
        var removed = 0
        var next = try Int64.fetchOne(database, sql: "SELECT min(id) FROM events")
        while let first = next {
            let last = try Int64.fetchOne(
                database, sql: "SELECT id FROM events WHERE id >= ? ORDER BY id LIMIT 1 OFFSET \(Self.rowsAtOnce - 1)",
                arguments: [first])
            try database.execute(
                sql: "DELETE FROM events WHERE id BETWEEN ? AND ? AND (\(condition))",
                arguments: [first, last ?? Int64.max] + arguments)
            removed += database.changesCount
            next = last.flatMap { $0 < Int64.max ? $0 + 1 : nil }
        }
        return removed
    }

    /// Recomputes the sessions that have lost some, but not all, of their events.
    private func recountSessions(in database: Database) throws {
        try database.execute(
            sql: """
                CREATE TEMP TABLE left_of_sessions AS
                SELECT session_id, \(SessionRecount.columns)
                FROM events WHERE session_id IN (SELECT session_id FROM purged_sessions) GROUP BY session_id
                """)
        try database.execute(
            sql: """
                UPDATE sessions SET
                    started_at = first, ended_at = iif(ended_at IS NULL, NULL, last),
                    duration_ms = iif(ended_at IS NULL, NULL,
                        CAST(round((julianday(last) - julianday(first)) * 86400000) AS INTEGER)),
                    commands_executed = CAST(commands AS INTEGER), workspaces_created = CAST(workspaces AS INTEGER),
                    tasks_completed = CAST(tasks AS INTEGER), errors_encountered = CAST(errors AS INTEGER)
                FROM left_of_sessions WHERE left_of_sessions.session_id = sessions.session_id
                """)
        try database.execute(
            sql: """
                UPDATE open_sessions SET last_event =
                    CAST(round((julianday(last) - 2440587.5) * 86400000) AS INTEGER)
                FROM sessions JOIN left_of_sessions USING (session_id) WHERE sessions.id = open_sessions.session
                """)
    }

    /// Removes the sessions that have lost all of their events in this purge, and the selected sessions whose rows
    /// retention removed earlier.
    private func removeSessions(in database: Database) throws {
        var conditions = [
            """
            (session_id IN (SELECT session_id FROM purged_sessions)
                AND session_id NOT IN (SELECT session_id FROM left_of_sessions))
            """
        ]
        var arguments: [any DatabaseValueConvertible] = []
        if let session = selection.session, selection.before == nil, selection.command == nil {
            conditions.append("session_id = ?")
            arguments.append(session)
        }
        if let before = selection.before, selection.session == nil, selection.command == nil {
            conditions.append("ended_at < ?")
            arguments.append(Timestamp.databaseText(before))
        }
        try database.execute(
            sql: "DELETE FROM sessions WHERE " + conditions.joined(separator: " OR "),
            arguments: StatementArguments(arguments))
    }

    // MARK: Rollups

    /// Prepares the aggregates for a recount. The caller then starts the recount, which reads the remaining rows. If
    /// retention removed no rows, all aggregates and names are removed, because the recount recomputes them.
    ///
    /// If retention removed the rows of a day, the aggregates of that day cannot be recomputed. If the selection has
    /// only a date, the aggregates of such days before the date are removed. In the aggregates that stay, each removed
    /// name is replaced by a number. The sums stay, but no reader can tell the name that they belong to.
    private func removeFromRollups(_ gone: Set<String>, in database: Database) throws {
        let complete = try CompleteRows.firstBucket(in: database)
        guard complete > 0 else { return try RollupTables.removeAll(from: database) }
        if let day = selection.firstDayThatStays {
            try RollupTables.forget(beforeDay: min(day, complete / TimeBucket.perDay), in: database)
            // Days without rows may remain, and the names in their aggregates are kept. The recount adds the names that
            // occur in rows.
            try RollupTables.removeUnusedNames(before: complete, in: database)
        }
        try RollupTables.hideNames(gone, command: selection.command, in: database)
    }
}
