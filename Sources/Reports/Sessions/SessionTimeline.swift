package import Core
package import Database
import SystemSupport

/// One session and its events in order of time.
package struct SessionTimeline: Sendable {
    private let session: StoreReader.Session
    private let events: [StoredEvent]
    private let total: Int

    /// Makes a timeline of the first events of a session, in order of time. `total` is the number of all events of the
    /// session.
    package init(_ session: StoreReader.Session, events: [StoredEvent], total: Int) {
        self.session = session
        self.events = events
        self.total = total
    }

    /// The result of a search for a session by its id or a prefix of it.
    package enum Search: Sendable {
        case found(SessionTimeline)
        case ambiguous
        case none
    }

    /// Searches a data folder for a session by its id or a prefix of it, and reads its first `limit` events.
    package static func search(_ id: String, limit: Int, in data: DataFolder) throws(StoreError) -> Search {
        guard let reader = try StoreReader(data: data) else { return .none }
        let found = try reader.sessions(named: id, atMost: 2)
        guard let session = found.first else { return .none }
        guard found.count == 1 else { return .ambiguous }
        let (events, total) = try reader.events(ofSession: session.id, limit: limit)
        return .found(SessionTimeline(session, events: events, total: total))
    }

    /// Returns a heading with the session's totals, then a line for each event, with local times.
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
            events,
            columns: [
                (.text("TIME", rank: 0), { .init(LocalCalendar.timeOfDay(of: $0.numbers.timestamp)) }),
                (.name("WHAT"), EventCells.name), (.number("TOOK", rank: 1), EventCells.duration),
                (.text("OUTCOME", rank: 2), EventCells.outcome),
                (.text("TEMPLATE", rank: 5), { $0.template.isEmpty ? nil : .init($0.template) }),
                (.number("SERVICES", rank: 6), { event in event.numbers.servicesCount.map { .init(String($0)) } }),
                (.number("PORTS", rank: 7), { event in event.numbers.portsUsed.map { .init(String($0)) } }),
            ])
    }

    /// The session as JSON. The keys are stable and listed in `Fixtures/sessions.schema.json`. `version` is incremented
    /// when a key changes its meaning or is removed.
    package var json: JSONValue {
        [
            "version": .integer(1), "session": SessionText.json(session),
            "event_count": .integer(total), "events": .array(events.map(\.json)),
        ]
    }
}
