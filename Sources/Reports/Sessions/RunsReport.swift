package import Core
package import Database
import SystemSupport

/// Single events, for `nexus runs`.
package struct RunsReport: Sendable {
    /// The order of the events.
    package enum Order: Sendable {
        /// The events that were stored last, ordered from the latest time to the earliest time.
        case latest
        /// The events with the longest durations.
        case slowest
    }

    private let window: ReportWindow
    private let filter: ReportFilter
    private let events: [StoredEvent]
    /// Names of workspaces by their hash.
    private let names: [String: String]

    /// Reads at most `limit` events of a window. The latest events are found without reading older events. The slowest
    /// events are searched for in the whole window, with at most twice `limit` events in memory.
    package init(
        _ window: ReportWindow, filter: ReportFilter, order: Order, limit: Int, from reader: StoreReader?,
        names: [String: String] = [:]
    ) throws(StoreError) {
        self.window = window
        self.filter = filter
        self.names = names
        var events: [StoredEvent] = []
        try reader?.latestEvents(in: window.range, filter.stored) { event in
            guard event.isRun else { return true }
            guard order == .slowest else {
                events.append(event)
                return events.count < limit
            }
            guard event.numbers.durationMS != nil else { return true }
            events.append(event)
            // Up to twice `limit` events are kept in memory, so that they are sorted only once for each `limit` further
            // events.
            if events.count >= 2 * limit { events = Self.slowest(limit, of: events) }
            return true
        }
        self.events =
            order == .slowest
            ? Self.slowest(limit, of: events)
            : events.sorted { ($1.numbers.timestamp, $1.row) < ($0.numbers.timestamp, $0.row) }
    }

    /// Reads the database of a data folder.
    package init(
        _ window: ReportWindow, filter: ReportFilter, order: Order, limit: Int, in data: DataFolder,
        names: [String: String]
    ) throws(StoreError) {
        try self.init(window, filter: filter, order: order, limit: limit, from: StoreReader(data: data), names: names)
    }

    private static func slowest(_ limit: Int, of events: [StoredEvent]) -> [StoredEvent] {
        let ordered = events.sorted {
            ($1.numbers.durationMS ?? 0, $0.row) < ($0.numbers.durationMS ?? 0, $1.row)
        }
        return Array(ordered.prefix(limit))
    }

    /// Returns a line for each event, with local times.
    package func text(_ style: TerminalStyle) -> String {
        let only = filter.text.isEmpty ? "" : "; \(filter.text)"
        var lines = TextBlock.wrapped(
            "Runs, " + window.heading(zone: LocalCalendar.zoneName) + only, style)
        if events.isEmpty {
            lines += ["", "  Nothing recorded in this window."]
        } else {
            lines += [""] + table.lines(style)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var table: TextTable {
        TextTable(
            events,
            columns: [
                (
                    .text("TIME", rank: 0),
                    {
                        let time = $0.numbers.timestamp
                        return .init(LocalCalendar.day(of: time).text + " " + LocalCalendar.timeOfDay(of: time))
                    }
                ),
                (.name("COMMAND"), { $0.command.isEmpty ? .init(UsageReport.unnamedTitle) : EventCells.name($0) }),
                (.number("DURATION", rank: 0), EventCells.duration),
                (.text("OUTCOME", rank: 1), EventCells.outcome),
                (
                    .text("WORKSPACE", rank: 3),
                    {
                        $0.workspaceHash.isEmpty
                            ? nil : .init(names[$0.workspaceHash] ?? KnownNames.short($0.workspaceHash))
                    }
                ),
            ])
    }

    /// Returns the events as JSON. The keys are stable and listed in `Fixtures/runs.schema.json`.
    ///
    /// - Parameter names: whether known names of workspaces are added.
    package func json(names isWithNames: Bool = false) -> JSONValue {
        let runs = events.map { event -> JSONValue in
            guard isWithNames, case .object(let members) = event.json else { return event.json }
            return .object(members + [.init("workspace_name", .string(names[event.workspaceHash]))])
        }
        return [
            "version": .integer(2), "window": UsageJSON.window(window, zone: LocalCalendar.zoneName),
            "filter": filter.json, "runs": .array(runs),
        ]
    }

    package var isEmpty: Bool { events.isEmpty }

    /// Returns the events as CSV: a header, then a line for each event.
    ///
    /// - Parameter names: whether known names of workspaces are added as a column.
    package func csv(names isWithNames: Bool = false) -> String {
        let columns =
            [
                "timestamp", "session_id", "event_type", "command", "duration_ms", "success", "error_category",
                "workspace_hash",
            ] + (isWithNames ? ["workspace_name"] : [])
        var text = Array((columns.joined(separator: ",") + CSVText.lineBreak).utf8)
        for event in events {
            let fields =
                [
                    Timestamp.rfc3339(event.numbers.timestamp), event.session, event.type, event.command,
                    event.numbers.durationMS.map { String($0) } ?? "",
                    event.numbers.success.map { $0 ? "true" : "false" } ?? "",
                    event.errorCategory, event.workspaceHash,
                ] + (isWithNames ? [names[event.workspaceHash] ?? ""] : [])
            for (index, field) in fields.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                if !field.isEmpty { CSVText.append(Array(field.escapedForDisplay.utf8).span, to: &text) }
            }
            text += CSVText.lineBreak.utf8
        }
        return text.text
    }
}

/// The cells shared by lists of single events. A cell is nil if the event has no value for it.
enum EventCells {
    static func name(_ event: StoredEvent) -> TextTable.Cell? {
        guard !event.command.isEmpty else { return .init(event.type) }
        return .init(event.command + (event.type == EventType.commandLine.rawValue ? EventType.lineSuffix : ""))
    }

    static func duration(_ event: StoredEvent) -> TextTable.Cell? {
        event.numbers.durationMS.map { .init(NumberText.latency(Double($0))) }
    }

    static func outcome(_ event: StoredEvent) -> TextTable.Cell? {
        switch event.numbers.success {
        case nil: nil
        case true?: "ok"
        case false?: .init(event.errorCategory.isEmpty ? "failed" : event.errorCategory, .bad)
        }
    }
}

extension StoredEvent {
    /// Whether the event is a run of a command: the event names a command or has a type for commands.
    fileprivate var isRun: Bool {
        !command.isEmpty || EventType(rawValue: type)?.isCommand == true
    }

    /// The event as a JSON object; missing values are null.
    var json: JSONValue {
        func text(_ text: String) -> JSONValue { .string(text.isEmpty ? nil : text) }
        return [
            "timestamp": .string(Timestamp.rfc3339(numbers.timestamp)), "event_type": .string(type),
            "command": text(command), "duration_ms": .integer(numbers.durationMS), "success": .bool(numbers.success),
            "error_category": text(errorCategory), "workspace_hash": text(workspaceHash), "task_hash": text(taskHash),
            "template_used": text(template), "services_count": .integer(numbers.servicesCount),
            "ports_used": .integer(numbers.portsUsed),
        ]
    }
}
