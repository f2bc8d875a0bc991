package import Core
package import Database
import SystemSupport

/// A list of sessions, latest first.
package struct SessionsReport: Sendable {
    private let sessions: [StoreReader.Session]
    private let window: ReportWindow

    /// Makes a list of sessions that started in a window.
    package init(_ sessions: [StoreReader.Session], _ window: ReportWindow = .allTime) {
        self.sessions = sessions
        self.window = window
    }

    /// Reads the latest sessions of a data folder that started in a window, at most `limit`.
    package init(_ window: ReportWindow, limit: Int, in data: DataFolder) throws(StoreError) {
        self.init(try StoreReader(data: data)?.sessions(startedIn: window.range, limit: limit) ?? [], window)
    }

    /// Returns a line for each session, with local times.
    package func text(_ style: TerminalStyle) -> String {
        guard !sessions.isEmpty else {
            return window == .allTime ? "No sessions yet.\n" : "No session began in this window.\n"
        }
        let isPart = window != .allTime
        let heading = isPart ? TextBlock.wrapped(window.heading(zone: LocalCalendar.zoneName), style) + [""] : []
        return (heading + Self.table(sessions).lines(style)).joined(separator: "\n") + "\n"
    }

    /// Returns a table with a row for each session.
    static func table(_ sessions: [StoreReader.Session]) -> TextTable {
        TextTable(
            columns: [
                .name("SESSION"), .text("STARTED", rank: 0), .text("LENGTH", rank: 1), .number("COMMANDS", rank: 2),
                .number("TASKS", rank: 4), .number("ERRORS", rank: 3),
            ],
            rows: sessions.map { session in
                [
                    .init(session.id), .init(SessionText.moment(session.startedAt)),
                    .init(session.durationMS.map(NumberText.duration) ?? "open"),
                    .init(NumberText.grouped(session.commands)), .init(NumberText.grouped(session.tasks)),
                    .init(NumberText.grouped(session.errors), session.errors > 0 ? .bad : .plain),
                ]
            })
    }

    /// The list as JSON. The keys are stable and listed in `Fixtures/sessions.schema.json`. `version` is incremented
    /// when a key changes its meaning or is removed.
    package var json: JSONValue {
        ["version": .integer(1), "sessions": .array(sessions.map(SessionText.json))]
    }
}

/// The texts and values of a session.
enum SessionText {
    /// Returns the milliseconds since 1970 of a time in the database's form; nil for a text in another form. Only
    /// another program can have written such a text.
    static func milliseconds(_ databaseText: String) -> Int64? {
        Timestamp.parse(Array((databaseText + "Z").utf8).span)
    }

    /// Returns the local day and time. A text in another form is returned unchanged.
    static func moment(_ databaseText: String) -> String {
        guard let time = milliseconds(databaseText) else { return databaseText }
        return LocalCalendar.day(of: time).text + " " + LocalCalendar.timeOfDay(of: time)
    }

    static func json(_ session: StoreReader.Session) -> JSONValue {
        [
            "session_id": .string(session.id), "started_at": .string(rfc3339(session.startedAt)),
            "ended_at": .string(session.endedAt.flatMap(rfc3339)),
            "duration_ms": .integer(session.durationMS), "commands_executed": .integer(session.commands),
            "workspaces_created": .integer(session.workspaces),
            "tasks_completed": .integer(session.tasks), "errors_encountered": .integer(session.errors),
        ]
    }

    private static func rfc3339(_ databaseText: String) -> String? {
        milliseconds(databaseText).map(Timestamp.rfc3339)
    }
}
