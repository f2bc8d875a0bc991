/// Columns of a query that groups the rows of `events` by session: the session's span and counts. The state machine that the
/// writer steps (`SessionState`) gives the same.
enum SessionColumns {
    /// `first`: the earliest start. `last`: the latest end, which is a start and the duration where one is known.
    /// Both have the database's form, whose texts sort like the instants they mean.
    static let recount = """
        min(timestamp) AS first,
        strftime('%Y-%m-%d %H:%M:%f', min(253402300799999, max(
            CAST(round((julianday(timestamp) - 2440587.5) * 86400000) AS INTEGER) + max(0, coalesce(duration_ms, 0))
        )) / 1000.0, 'unixepoch') AS last,
        CAST(total(event_type IN ('command', 'command_line')) AS INTEGER) AS commands,
        CAST(total(event_type = 'workspace_created') AS INTEGER) AS workspaces,
        CAST(total(event_type = 'task_completed') AS INTEGER) AS tasks,
        CAST(total(success = 0) AS INTEGER) AS errors
        """
}
