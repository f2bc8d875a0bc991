import EventModel
import Platform
package import Store

/// A list of sessions, latest first.
package struct SessionsReport: Sendable {
    private let sessions: [StoreReader.Session]

    package init(_ sessions: [StoreReader.Session]) {
        self.sessions = sessions
    }

    package var text: String {
        guard !sessions.isEmpty else { return "No sessions yet.\n" }
        let rows = sessions.map { session in
            [
                session.id.escapedForDisplay, String(session.startedAt.prefix(19)),
                session.durationMS.map(DashboardRenderer.duration) ?? "open", String(session.commands),
                String(session.tasks), String(session.errors),
            ]
        }
        let header = ["SESSION", "STARTED (UTC)", "LENGTH", "COMMANDS", "TASKS", "ERRORS"]
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { line($0, widths) }.joined()
    }

    /// The same as values for JSON.
    package var json: some Encodable {
        Values(
            sessions: sessions.map { session in
                Values.Session(
                    sessionId: session.id, startedAt: Self.rfc3339(session.startedAt),
                    endedAt: session.endedAt.map(Self.rfc3339), durationMs: session.durationMS,
                    commandsExecuted: session.commands, workspacesCreated: session.workspaces,
                    tasksCompleted: session.tasks, errorsEncountered: session.errors)
            })
    }

    private struct Values: Encodable {
        struct Session: Encodable {
            let sessionId: String
            let startedAt: String
            let endedAt: String?
            let durationMs: Int64?
            let commandsExecuted: Int
            let workspacesCreated: Int
            let tasksCompleted: Int
            let errorsEncountered: Int
        }

        let schema = 1
        let sessions: [Session]
    }

    /// Texts to the left, numbers to the right.
    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.enumerated().map { column, cell in
            let blanks = String(repeating: " ", count: widths[column] - cell.count)
            return column < 3 ? cell + blanks : blanks + cell
        }
        return padded.joined(separator: "  ") + "\n"
    }

    private static func rfc3339(_ databaseText: String) -> String { databaseText.replacing(" ", with: "T") + "Z" }
}
