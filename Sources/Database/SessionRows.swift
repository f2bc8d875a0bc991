import Core
import GRDB
import SystemSupport

/// Looks up, inserts and updates sessions in the tables `sessions` and `open_sessions`, one session at a time.
struct SessionRows {
    private let find: RawStatement
    private let insert: RawStatement
    private let update: RawStatement
    private let open: RawStatement
    private let close: RawStatement
    /// The id for the next new session.
    private var nextID: Int64
    private var formatter = TimestampFormatter()
    private var startedAt = [UInt8](repeating: 0, count: TimestampFormatter.length)
    private var endedAt = [UInt8](repeating: 0, count: TimestampFormatter.length)

    init(_ database: Database) throws {
        nextID = try RowIDs.next(of: .sessions, in: database)
        find = try RawStatement(
            """
            SELECT sessions.id, started_at, ended_at, last_event,
                commands_executed, workspaces_created, tasks_completed, errors_encountered
            FROM sessions LEFT JOIN open_sessions ON session = sessions.id
            WHERE session_id = ?
            """, in: database)
        insert = try RawStatement(
            """
            INSERT INTO sessions (started_at, ended_at, duration_ms, commands_executed, workspaces_created,
                tasks_completed, errors_encountered, session_id, id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, in: database)
        update = try RawStatement(
            """
            UPDATE sessions SET started_at = ?, ended_at = ?, duration_ms = ?, commands_executed = ?,
                workspaces_created = ?, tasks_completed = ?, errors_encountered = ?
            WHERE id = ?
            """, in: database)
        open = try RawStatement("INSERT OR REPLACE INTO open_sessions VALUES (?, ?)", in: database)
        close = try RawStatement("DELETE FROM open_sessions WHERE session = ?", in: database)
    }

    /// Returns the row id and the state of the session called `name`; nil when there is none.
    func find(_ name: Span<UInt8>) throws -> (row: Int64, state: SessionState)? {
        try find.bind(1, text: name)
        return try find.first { columns in
            let startedAt = columns.withBytes(1) { Timestamp.parse(databaseText: $0) } ?? 0
            let isEnded = !columns.isNull(2)
            let lastEventAt =
                isEnded
                ? columns.withBytes(2) { Timestamp.parse(databaseText: $0) } ?? 0
                : columns.isNull(3) ? startedAt : columns.number(3)
            let state = SessionState(
                startedAt: startedAt, lastEventAt: lastEventAt, isEnded: isEnded,
                commandsExecuted: Int(columns.number(4)), workspacesCreated: Int(columns.number(5)),
                tasksCompleted: Int(columns.number(6)), errorsEncountered: Int(columns.number(7)))
            return (columns.number(0), state)
        }
    }

    /// Writes the state of the session called `name`, and returns the id of its row. `known` is the id of its existing
    /// row; nil for a new session. A session that is over at `now` gets its end time.
    mutating func write(_ state: SessionState, name: Span<UInt8>, row known: Int64?, now: Int64) throws -> Int64 {
        let isOver = state.isOver(at: now)
        let statement = known == nil ? insert : update
        try bind(state, isOver: isOver, to: statement)
        let row = known ?? nextID
        if known == nil {
            try statement.bind(8, text: name)
            statement.bind(9, row)
            nextID += 1
        } else {
            statement.bind(8, row)
        }
        try statement.run()
        if isOver {
            close.bind(1, row)
            try close.run()
        } else {
            open.bind(1, row)
            open.bind(2, state.lastEventAt)
            try open.run()
        }
        return row
    }

    /// Binds the first seven parameters of `insert` or `update`.
    private mutating func bind(_ state: SessionState, isOver: Bool, to statement: RawStatement) throws {
        Self.write(state.startedAt, into: &startedAt, &formatter)
        try statement.bind(1, text: startedAt.span)
        if isOver {
            Self.write(state.lastEventAt, into: &endedAt, &formatter)
            try statement.bind(2, text: endedAt.span)
        } else {
            statement.bind(2, nil)
        }
        statement.bind(3, isOver ? state.durationMS : nil)
        statement.bind(4, Int64(state.commandsExecuted))
        statement.bind(5, Int64(state.workspacesCreated))
        statement.bind(6, Int64(state.tasksCompleted))
        statement.bind(7, Int64(state.errorsEncountered))
    }

    private static func write(_ time: Int64, into text: inout [UInt8], _ formatter: inout TimestampFormatter) {
        var span = text.mutableSpan
        formatter.write(time, into: &span)
    }
}
