package import Core
package import GRDB
import SystemSupport

/// The properties of the events that a query selects. A property that is nil or false restricts nothing.
package struct UsageFilter: Equatable, Sendable {
    /// The first words of a command: `git` also finds `git status`.
    package var command: String?
    /// The keyed hash of a workspace, in hexadecimal.
    package var workspaceHash: String?
    package var session: String?
    /// Whether the query selects only events whose `success` is false.
    package var failed: Bool

    package init(
        command: String? = nil, workspaceHash: String? = nil, session: String? = nil, failed: Bool = false
    ) {
        self.command = command
        self.workspaceHash = workspaceHash
        self.session = session
        self.failed = failed
    }

    /// Whether every event passes.
    package var isEmpty: Bool { self == UsageFilter() }

    /// Returns whether a command, as named in reports, begins with the given words. A line of several commands counts
    /// as its first command.
    package static func isCommand(_ name: String, beginning words: String) -> Bool {
        let (name, words) = (name.utf8, words.utf8)
        guard name.starts(with: words) else { return false }
        let rest = name.dropFirst(words.count)
        return rest.isEmpty || rest.first == UInt8(ascii: " ") || rest.elementsEqual(EventType.lineSuffix.utf8)
    }

    /// The filter as an SQL condition that begins with AND; empty without restrictions.
    package var sql: (text: String, arguments: StatementArguments) {
        var text = failed ? " AND success = 0" : ""
        var arguments: StatementArguments = []
        if let command {
            // The text is compared, not matched by a pattern, so that no character is special.
            text += " AND (command = ? OR substr(command, 1, ?) = ?)"
            arguments += [command, command.count + 1, command + " "]
        }
        for (column, value) in [("workspace_hash", workspaceHash), ("session_id", session)] {
            guard let value else { continue }
            text += " AND \(column) = ?"
            arguments += [value]
        }
        return (text, arguments)
    }
}

/// A row of `events`. Texts that the row does not have are empty.
package struct StoredEvent: Equatable, Sendable {
    package let row: Int64
    package let numbers: EventNumbers
    package let session: String
    package let type: String
    package let workspaceHash: String
    package let taskHash: String
    package let command: String
    package let errorCategory: String
    package let template: String
}

/// Reads rows of `events`, one at a time.
struct EventScanner {
    private let database: Database

    init(_ database: Database) {
        self.database = database
    }

    /// Calls `take` with every row that passes `filter`, whose id is in `rows` and whose time is valid. The ids ascend;
    /// if `backwards` is true, they descend. `take` returns false to end the scan.
    func scan(
        _ rows: ClosedRange<Int64>, _ filter: UsageFilter = UsageFilter(), backwards: Bool = false,
        _ take: (StoredEvent) throws -> Bool
    ) throws {
        let condition = filter.sql
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT id, timestamp, duration_ms, success, services_count, ports_used, session_id, event_type,
                    workspace_hash, task_hash, command, error_category, template_used
                FROM events WHERE id BETWEEN ? AND ?\(condition.text) ORDER BY id \(backwards ? "DESC" : "")
                """, arguments: [rows.lowerBound, rows.upperBound] + condition.arguments)
        while let row = try cursor.next() {
            guard let timestamp = Self.text(row, 1).flatMap(Timestamp.milliseconds(ofDatabaseText:)) else { continue }
            let numbers = EventNumbers(
                timestamp: timestamp, durationMS: Self.integer(row, 2), success: Self.integer(row, 3).map { $0 != 0 },
                servicesCount: Self.integer(row, 4).map { UInt32(clamping: $0) },
                portsUsed: Self.integer(row, 5).map { UInt32(clamping: $0) })
            let event = StoredEvent(
                row: row[0], numbers: numbers, session: Self.text(row, 6) ?? "", type: Self.text(row, 7) ?? "",
                workspaceHash: Self.text(row, 8) ?? "", taskHash: Self.text(row, 9) ?? "",
                command: Self.text(row, 10) ?? "", errorCategory: Self.text(row, 11) ?? "",
                template: Self.text(row, 12) ?? "")
            guard try take(event) else { return }
        }
    }

    // A value of the wrong type counts as absent. The user may have written such a value with another program.

    private static func text(_ row: Row, _ column: Int) -> String? {
        String.fromDatabaseValue(row[column] as DatabaseValue)
    }

    private static func integer(_ row: Row, _ column: Int) -> Int64? {
        Int64.fromDatabaseValue(row[column] as DatabaseValue)
    }
}
