package import Core
package import Database
import SystemSupport

/// One session and its events, one after the other.
package struct SessionTimeline: Sendable {
    private let session: StoreReader.Session
    private let events: [StoredEvent]
    private let total: Int

    /// The first events of a session in the order of time, of `total` that it has.
    package init(_ session: StoreReader.Session, events: [StoredEvent], total: Int) {
        self.session = session
        self.events = events
        self.total = total
    }

    /// A head with what the session came to, then a line for each event, with times of the reader's zone.
    package func text(_ style: TerminalStyle) -> String {
        let length = session.durationMS.map(NumberText.duration) ?? "open"
        let head =
            "\(session.id.escapedForDisplay): \(SessionText.moment(session.startedAt)) "
            + "(\(LocalCalendar.zoneName.escapedForDisplay)), \(length), "
            + "\(NumberText.counted(session.commands, "command")), \(NumberText.counted(session.tasks, "task")), "
            + NumberText.counted(session.errors, "error")
        var lines = TextBlock.wrapped(head, style) + [""]
        lines += table.lines(style)
        if total > events.count {
            let hidden = "and \(NumberText.grouped(total - events.count)) more (--limit)"
            lines.append("  " + style.styled(hidden, .muted))
        }
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
                    .init(LocalCalendar.timeOfDay(of: event.numbers.timestamp)),
                    .init(event.command.isEmpty ? event.type : event.command),
                    .init(event.numbers.durationMS.map { NumberText.latency(Double($0)) } ?? "-"), outcome(event),
                    .init(event.template.isEmpty ? "-" : event.template),
                    .init(event.numbers.servicesCount.map { String($0) } ?? "-"),
                    .init(event.numbers.portsUsed.map { String($0) } ?? "-"),
                ]
            })
    }

    private func outcome(_ event: StoredEvent) -> TextTable.Cell {
        switch event.numbers.success {
        case nil: "-"
        case true?: "ok"
        case false?: .init(event.errorCategory.isEmpty ? "failed" : event.errorCategory, .bad)
        }
    }

    /// The same as values. The keys are a contract, written down in `Fixtures/sessions.schema.json`: `version` goes up
    /// when one changes its meaning or goes away.
    package var json: JSONValue {
        [
            "version": .integer(1), "session": SessionText.json(session),
            "event_count": .integer(total), "events": .array(events.map(Self.json)),
        ]
    }

    private static func json(_ event: StoredEvent) -> JSONValue {
        func text(_ text: String) -> JSONValue { .string(text.isEmpty ? nil : text) }
        let numbers = event.numbers
        return [
            "timestamp": .string(Timestamp.rfc3339(numbers.timestamp)),
            "event_type": .string(event.type), "command": text(event.command),
            "duration_ms": .integer(numbers.durationMS),
            "success": .bool(numbers.success),
            "error_category": text(event.errorCategory),
            "workspace_hash": text(event.workspaceHash), "task_hash": text(event.taskHash),
            "template_used": text(event.template),
            "services_count": .integer(numbers.servicesCount),
            "ports_used": .integer(numbers.portsUsed),
        ]
    }
}
