import EventModel
import Platform
package import Store

/// One session and its events, one after the other.
package struct SessionTimeline: Sendable {
    private let session: StoreReader.Session
    private let events: [StoreReader.SessionEvent]

    /// `events` in the order of time; they may be the latest only.
    package init(_ session: StoreReader.Session, events: [StoreReader.SessionEvent]) {
        self.session = session
        self.events = events
    }

    /// A head with what the session came to, then a line for each event, with times of the reader's zone.
    package func text(_ looks: Looks) -> String {
        let length = session.durationMS.map(NumberText.duration) ?? "open"
        let head =
            "\(session.id.escapedForDisplay): \(SessionText.moment(session.startedAt)) "
            + "(\(LocalCalendar.zoneName.escapedForDisplay)), \(length), "
            + "\(NumberText.counted(session.commands, "command")), \(NumberText.counted(session.tasks, "task")), "
            + NumberText.counted(session.errors, "error")
        var lines = TextBlock.wrapped(head, looks) + [""]
        lines += table.lines(looks)
        return lines.joined(separator: "\n") + "\n"
    }

    private var table: TextTable {
        TextTable(
            columns: [
                .text("TIME", rank: 0), .name("WHAT"), .number("TOOK", rank: 1), .text("OUTCOME", rank: 2),
                .text("TEMPLATE", rank: 5), .number("SERVICES", rank: 6), .number("PORTS", rank: 7),
            ],
            rows: events.map { event in
                [
                    .init(LocalCalendar.timeOfDay(of: event.timestamp)), .init(event.command ?? event.eventType),
                    .init(event.durationMS.map { NumberText.latency(Double($0)) } ?? "-"), outcome(event),
                    .init(event.template ?? "-"), .init(event.services.map(String.init) ?? "-"),
                    .init(event.ports.map(String.init) ?? "-"),
                ]
            })
    }

    private func outcome(_ event: StoreReader.SessionEvent) -> TextTable.Cell {
        switch event.success {
        case nil: "-"
        case true?: "ok"
        case false?: .init(event.errorCategory ?? "failed", .bad)
        }
    }

    /// The same as values. The keys are a contract, written down in `Fixtures/sessions.schema.json`: `version` goes up
    /// when one changes its meaning or goes away.
    package var json: JSONValue {
        .object([
            .init("version", .integer(1)), .init("session", SessionText.json(session)),
            .init(
                "events",
                .array(
                    events.map { event in
                        .object([
                            .init("timestamp", .string(Timestamp.rfc3339(event.timestamp))),
                            .init("event_type", .string(event.eventType)), .init("command", .string(event.command)),
                            .init("duration_ms", .integer(event.durationMS)),
                            .init("success", event.success.map { .bool($0) } ?? .null),
                            .init("error_category", .string(event.errorCategory)),
                            .init("workspace_hash", .string(event.workspaceHash)),
                            .init("task_hash", .string(event.taskHash)),
                            .init("template_used", .string(event.template)),
                            .init("services_count", .integer(event.services)),
                            .init("ports_used", .integer(event.ports)),
                        ])
                    })),
        ])
    }
}
