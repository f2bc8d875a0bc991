import Core
import GRDB
import SystemSupport

/// The rows of `sessions`, updated with the events. Recent sessions are cached. At the end of a transaction, the
/// sessions that it touched are looked up and written. Observing an event needs no database.
struct SessionTable {
    private struct Entry {
        var row: Int64?
        /// The state from the observed events. After the lookup, it includes the state from the table.
        var state = SessionState()
        var isLookedUp = false
        var isDirty = false
        /// The span that `flush` reported last. After the lookup, it is the span from the table until the next report.
        /// Nil if the session has no span yet.
        var reported: SessionSpan?
    }

    private var names = ByteKeyTable()
    private var entries: [Entry] = []
    private var dirty: [Int] = []
    /// The number of sessions that were not looked up yet.
    private var unknown = 0

    /// Observes one event of the session called `name`.
    mutating func observe(
        _ type: EventType?, success: Bool?, at timestamp: Int64, durationMS: Int64?, session name: Span<UInt8>
    ) {
        let (index, isNew) = names.index(of: name)
        if isNew {
            entries.append(Entry())
            unknown += 1
        }
        entries[index].state.observe(type, success: success, at: timestamp, durationMS: durationMS)
        if !entries[index].isDirty {
            entries[index].isDirty = true
            dirty.append(index)
        }
    }

    /// Whether so many sessions were touched that they should be written now.
    var isFull: Bool { dirty.count >= Limits.transactionSessions || unknown >= Limits.transactionNewSessions }

    /// Writes the changed sessions. Sessions that are over at `now` get their end time.
    /// - Parameter report: receives the span of each written session, and the span that was reported for this session
    ///   before; nil if none was reported.
    mutating func flush(
        into database: Database, now: Int64, report: (_ span: SessionSpan, _ old: SessionSpan?) -> Void
    ) throws {
        guard !dirty.isEmpty else { return }
        var rows = try SessionRows(database)
        for index in dirty {
            let name = Array(names.key(at: index))
            if !entries[index].isLookedUp { try lookUp(index, name.span, in: rows) }
            let entry = entries[index]
            entries[index].row = try rows.write(entry.state, name: name.span, row: entry.row, now: now)
            entries[index].isDirty = false
            let span = SessionSpan(startedAt: entry.state.startedAt, durationMS: entry.state.durationMS)
            report(span, entry.reported)
            entries[index].reported = span
        }
        dirty.removeAll(keepingCapacity: true)
        unknown = 0
        if entries.count >= Limits.rememberedSessions { forget() }
    }

    /// Discards the whole cache, including changes that were not written. It is called after a rollback, after rows
    /// were removed, and when the cache is full.
    mutating func forget() {
        names.removeAll()
        entries.removeAll(keepingCapacity: true)
        dirty.removeAll(keepingCapacity: true)
        unknown = 0
    }

    /// Ends sessions that have been idle for too long at `now` or whose shell has exited. Their end is the time of
    /// their last event.
    mutating func closeOrphans(in database: Database, now: Int64) throws {
        let limit = now - Limits.sessionIdleMilliseconds
        // CROSS JOIN keeps SQLite from going through all sessions to find the few that are open.
        let open = try Row.fetchAll(
            database,
            sql: """
                SELECT session, last_event, session_id FROM open_sessions CROSS JOIN sessions ON sessions.id = session
                WHERE last_event <= ? OR session_id GLOB 'shell-*'
                """, arguments: [limit])
        for row in open {
            let lastEvent: Int64 = row[1]
            guard lastEvent <= limit || ShellSession(id: row[2])?.isGone() == true else { continue }
            try close(row[0], at: Timestamp.databaseText(lastEvent), in: database)
        }
    }

    private func close(_ session: Int64, at end: String, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE sessions
                SET ended_at = ?1,
                    duration_ms = CAST(round((julianday(?1) - julianday(started_at)) * 86400000) AS INTEGER)
                WHERE id = ?2
                """, arguments: [end, session])
        try database.execute(sql: "DELETE FROM open_sessions WHERE session = ?", arguments: [session])
    }

    // MARK: One session

    /// Adds the stored state of a session to its cached state.
    private mutating func lookUp(_ index: Int, _ name: Span<UInt8>, in rows: SessionRows) throws {
        entries[index].isLookedUp = true
        guard let (row, stored) = try rows.find(name) else { return }
        entries[index].row = row
        entries[index].reported = SessionSpan(startedAt: stored.startedAt, durationMS: stored.durationMS)
        entries[index].state.add(stored)
    }
}
