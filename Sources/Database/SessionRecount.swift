import Core
package import GRDB

/// Recomputes the sessions from the rows of `events`. Sessions that began before the first day with complete rows stay
/// as they are (see `CompleteRows`).
package enum SessionRecount {
    /// Columns of a query that groups the rows of `events` by session: the session's span and counts. The state machine
    /// of the writer (`SessionState`) gives the same values.
    ///
    /// `first`: the earliest start of an event. `last`: the latest end of an event. The end is the start plus the
    /// duration, if the duration is known. Both have the database's text form, which sorts in order of time.
    package static let columns = """
        min(timestamp) AS first,
        strftime('%Y-%m-%d %H:%M:%f', min(253402300799999, max(
            CAST(round((julianday(timestamp) - 2440587.5) * 86400000) AS INTEGER) + max(0, coalesce(duration_ms, 0))
        )) / 1000.0, 'unixepoch') AS last,
        CAST(total(event_type IN ('command', 'command_line')) AS INTEGER) AS commands,
        CAST(total(event_type = 'workspace_created') AS INTEGER) AS workspaces,
        CAST(total(event_type = 'task_completed') AS INTEGER) AS tasks,
        CAST(total(success = 0) AS INTEGER) AS errors
        """

    /// The span and the counts of each session, from its rows.
    private static let recount = """
        recount AS (
            SELECT session_id, \(columns) FROM events
            WHERE session_id NOT GLOB '\(HistorySession.prefix)*' GROUP BY session_id
        )
        """

    /// Returns how many sessions differ from their rows in `events`. The query groups the rows by session, looks up
    /// each session by its id, and adds the number of sessions without rows. A full outer join would read the whole
    /// recount for each session.
    package static func differing(in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                WITH \(recount)
                SELECT count(*) FILTER (WHERE coalesce(started_at, first) >= :start AND (
                    started_at IS NULL OR started_at <> first
                    OR (ended_at IS NOT NULL AND ended_at <> last)
                    OR commands_executed <> commands OR workspaces_created <> workspaces
                    OR tasks_completed <> tasks OR errors_encountered <> errors))
                    + (SELECT count(*) FROM sessions WHERE started_at >= :start)
                    - count(*) FILTER (WHERE started_at >= :start)
                FROM recount LEFT JOIN sessions USING (session_id)
                """, arguments: ["start": try start(in: database)]) ?? 0
    }

    /// Recomputes every session from its rows, inside the caller's transaction. Open sessions stay open.
    package static func rebuild(in database: Database) throws {
        let start = try start(in: database)
        try database.execute(
            sql: """
                CREATE TEMP TABLE recounted (
                    session_id TEXT PRIMARY KEY, first TEXT, last TEXT, commands INTEGER, workspaces INTEGER,
                    tasks INTEGER, errors INTEGER
                ) WITHOUT ROWID
                """)
        try database.execute(
            sql: "INSERT INTO recounted WITH \(recount) SELECT * FROM recount WHERE first >= ?", arguments: [start])
        defer { try? database.execute(sql: "DROP TABLE IF EXISTS recounted") }
        try database.execute(
            sql: """
                INSERT INTO sessions (id, session_id, started_at, ended_at)
                    SELECT ? + row_number() OVER (ORDER BY first) - 1, session_id, first, last FROM recounted
                    WHERE session_id NOT IN (SELECT session_id FROM sessions);
                UPDATE sessions SET
                    started_at = first, ended_at = iif(ended_at IS NULL, NULL, last),
                    duration_ms = iif(ended_at IS NULL, NULL,
                        CAST(round((julianday(last) - julianday(first)) * 86400000) AS INTEGER)),
                    commands_executed = commands, workspaces_created = workspaces, tasks_completed = tasks,
                    errors_encountered = errors
                    FROM recounted WHERE recounted.session_id = sessions.session_id;
                UPDATE open_sessions SET last_event = CAST(round((julianday(last) - 2440587.5) * 86400000) AS INTEGER)
                    FROM sessions JOIN recounted USING (session_id) WHERE sessions.id = open_sessions.session;
                """, arguments: [try RowIDs.next(of: .sessions, in: database)])
        try RowIDs.noteHighest(in: database)
        try database.execute(
            sql: """
                DELETE FROM sessions
                    WHERE started_at >= ? AND session_id NOT IN (SELECT session_id FROM recounted)
                """, arguments: [start])
        try database.execute(sql: "DELETE FROM open_sessions WHERE session NOT IN (SELECT id FROM sessions)")
    }

    /// Returns the start of the first day with complete rows, in the database's text form.
    private static func start(in database: Database) throws -> String {
        Timestamp.databaseText(try CompleteRows.firstBucket(in: database) * TimeBucket.milliseconds)
    }
}
