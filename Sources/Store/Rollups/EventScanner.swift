import EventModel
import GRDB
import Platform

/// Reads rows of `events`, in order of their ids, one at a time.
struct EventScanner {
    /// A row. Absent texts are empty.
    struct Event {
        let row: Int64
        let numbers: EventNumbers
        let session: String
        let type: String
        let workspace: String
        let task: String
        let command: String
        let category: String
        let template: String
    }

    private let database: Database

    init(_ database: Database) {
        self.database = database
    }

    /// Calls `take` with every row whose id lies in `rows` and whose time can be read.
    func scan(_ rows: ClosedRange<Int64>, _ take: (Event) throws -> Void) throws {
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT id, timestamp, duration_ms, success, services_count, ports_used, session_id, event_type,
                    workspace_hash, task_hash, command, error_category, template_used
                FROM events WHERE id BETWEEN ? AND ? ORDER BY id
                """, arguments: [rows.lowerBound, rows.upperBound])
        while let row = try cursor.next() {
            guard let text = row[1] as String?, let timestamp = Timestamp.milliseconds(ofDatabaseText: text) else {
                continue
            }
            let numbers = EventNumbers(
                timestamp: timestamp, durationMS: row[2], success: row[3], servicesCount: row[4], portsUsed: row[5])
            try take(
                Event(
                    row: row[0], numbers: numbers, session: row[6] ?? "", type: row[7] ?? "", workspace: row[8] ?? "",
                    task: row[9] ?? "", command: row[10] ?? "", category: row[11] ?? "", template: row[12] ?? ""))
        }
    }
}

extension ActivityRollup {
    mutating func observe(_ event: EventScanner.Event, into database: Database) throws {
        observe(
            EventType(event.type.utf8.span), success: event.numbers.success, at: event.numbers.timestamp, row: event.row
        )
    }
}

extension UsageRollup {
    mutating func observe(_ event: EventScanner.Event, in database: Database) throws {
        try observe(
            event.numbers, type: event.type.utf8.span, workspace: event.workspace.utf8.span, task: event.task.utf8.span,
            command: event.command.utf8.span, category: event.category.utf8.span, template: event.template.utf8.span,
            in: database)
    }
}
