import EventModel
import GRDB
import Platform

/// The rows of `sessions`, kept in step with the events: recent ones are remembered, those that a transaction touched
/// are looked up and written at its end. Taking an event needs no database.
struct SessionTable {
    private struct Entry {
        var row: Int64?
        /// What is known of it: what the events say that were taken, and what the table says once it was asked.
        var state = SessionState()
        var isLookedUp = false
        var isDirty = false
        /// What the rollup holds of it; nil: nothing yet.
        var rolledUp: (startedAt: Int64, durationMS: Int64)?
    }

    private var names = ByteKeyTable()
    private var entries: [Entry] = []
    private var dirty: [Int] = []
    /// How many were not looked up yet.
    private var unknown = 0
    private var lengths = SessionLengths()
    private let keepsLengths: Bool

    init(keepsLengths: Bool = true) {
        self.keepsLengths = keepsLengths
    }

    /// Takes one event of the session called `name`.
    mutating func observe(_ type: EventType?, success: Bool?, at timestamp: Int64, session name: Span<UInt8>) {
        let (index, isNew) = names.index(of: name)
        if isNew {
            entries.append(Entry())
            unknown += 1
        }
        entries[index].state.observe(type, success: success, at: timestamp)
        if !entries[index].isDirty {
            entries[index].isDirty = true
            dirty.append(index)
        }
    }

    /// Whether so many sessions were touched that they should be written now.
    var isFull: Bool { dirty.count >= Limits.transactionSessions || unknown >= Limits.transactionNewSessions }

    /// Writes what changed. Sessions that are over at `now` get their end.
    mutating func flush(into database: Database, now: Int64) throws {
        for index in dirty {
            if !entries[index].isLookedUp { try lookUp(index, in: database) }
            try Self.write(&entries[index], name: names.key(at: index), into: database, now: now)
            if keepsLengths { rollUp(index) }
        }
        try lengths.flush(into: database)
        dirty.removeAll(keepingCapacity: true)
        unknown = 0
        if entries.count >= Limits.rememberedSessions { forget() }
    }

    /// Forgets everything, written or not: after a transaction that was taken back.
    mutating func forget() {
        names.removeAll()
        entries.removeAll(keepingCapacity: true)
        dirty.removeAll(keepingCapacity: true)
        unknown = 0
        lengths = SessionLengths()
    }

    /// Gives sessions their end, at their last event, that have been idle for too long at `now` or whose shell is gone.
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

    /// Adds what the table says of a session.
    private mutating func lookUp(_ index: Int, in database: Database) throws {
        entries[index].isLookedUp = true
        let name = names.key(at: index).withUTF8Text
        let statement = try database.cachedStatement(
            sql: """
                SELECT sessions.id, started_at, ended_at, last_event,
                    commands_executed, workspaces_created, tasks_completed, errors_encountered
                FROM sessions LEFT JOIN open_sessions ON session = sessions.id
                WHERE session_id = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [name]) else { return }
        let startedAt = Self.milliseconds(row["started_at"])
        let endedAt: String? = row["ended_at"]
        let lastEventAt: Int64 = endedAt.map { Self.milliseconds($0) } ?? row["last_event"] ?? startedAt
        let stored = SessionState(
            startedAt: startedAt, lastEventAt: lastEventAt, isEnded: endedAt != nil,
            commandsExecuted: row["commands_executed"], workspacesCreated: row["workspaces_created"],
            tasksCompleted: row["tasks_completed"], errorsEncountered: row["errors_encountered"])
        entries[index].row = row["id"]
        entries[index].rolledUp = (startedAt, stored.durationMS)
        entries[index].state.add(stored)
    }

    private static func milliseconds(_ text: String) -> Int64 { Timestamp.milliseconds(ofDatabaseText: text) ?? 0 }

    private static func write(
        _ entry: inout Entry, name: ArraySlice<UInt8>, into database: Database, now: Int64
    ) throws {
        let state = entry.state
        let isOver = state.isOver(at: now)
        let startedAt = Timestamp.databaseText(state.startedAt)
        let endedAt = isOver ? Timestamp.databaseText(state.lastEventAt) : nil
        let durationMS = isOver ? state.durationMS : nil
        let row: Int64
        if let known = entry.row {
            row = known
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE sessions SET started_at = ?, ended_at = ?, duration_ms = ?, commands_executed = ?,
                        workspaces_created = ?, tasks_completed = ?, errors_encountered = ?
                    WHERE id = ?
                    """)
            try statement.execute(arguments: [
                startedAt, endedAt, durationMS, state.commandsExecuted, state.workspacesCreated, state.tasksCompleted,
                state.errorsEncountered, row,
            ])
        } else {
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO sessions (started_at, ended_at, duration_ms, commands_executed, workspaces_created,
                        tasks_completed, errors_encountered, session_id)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            try statement.execute(arguments: [
                startedAt, endedAt, durationMS, state.commandsExecuted, state.workspacesCreated, state.tasksCompleted,
                state.errorsEncountered, name.withUTF8Text,
            ])
            row = database.lastInsertedRowID
            entry.row = row
        }
        if isOver {
            try database.cachedStatement(sql: "DELETE FROM open_sessions WHERE session = ?").execute(arguments: [row])
        } else {
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO open_sessions VALUES (?, ?)")
                .execute(arguments: [row, state.lastEventAt])
        }
        entry.isDirty = false
    }

    private mutating func rollUp(_ index: Int) {
        let state = entries[index].state
        if let old = entries[index].rolledUp {
            lengths.count(startedAt: old.startedAt, durationMS: old.durationMS, times: -1)
        }
        lengths.count(startedAt: state.startedAt, durationMS: state.durationMS)
        entries[index].rolledUp = (state.startedAt, state.durationMS)
    }
}

extension ArraySlice<UInt8> {
    /// The bytes as text; session ids are ASCII.
    fileprivate var withUTF8Text: String { String(decoding: self, as: UTF8.self) }
}
