package import Core
package import Database
import Foundation
package import GRDB
import Rollups
import SystemSupport

/// Looks into a data folder's database as a user's SQLite tool would, and counts again what Nexus has counted.
package struct Tables {
    private let queue: DatabaseQueue

    package init(_ data: DataFolder) throws {
        queue = try DatabaseQueue(path: data.databasePath)
    }

    package func rows(_ sql: String) throws -> [Row] { try queue.read { try Row.fetchAll($0, sql: sql) } }

    package func number(_ sql: String) throws -> Int { try queue.read { try Int.fetchOne($0, sql: sql) } ?? 0 }

    package func text(_ sql: String) throws -> String? { try queue.read { try String.fetchOne($0, sql: sql) } }

    package func execute(_ sql: String) throws { try queue.write { try $0.execute(sql: sql) } }

    package func write(_ work: (Database) throws -> Void) throws { try queue.write(work) }

    /// All rollups, a line for each row.
    package func rollups() throws -> [String] {
        try rows("SELECT 'usage', id, hex(cells) FROM usage_rollup ORDER BY id").map(\.description)
            + rows("SELECT * FROM activity_rollup ORDER BY slot").map(\.description)
    }

    package var integrity: String? { get throws { try text("PRAGMA integrity_check") } }

    /// Rows of the activity rollup that a recount of the events does not give, and the other way round.
    package func activityDifferences() throws -> [Row] {
        let recount = """
            SELECT CAST(strftime('%s', timestamp) AS INTEGER) / 900, count(*), total(event_type = 'command'),
                total(event_type = 'workspace_created'), total(event_type = 'task_completed'), total(success = 1),
                total(success = 0), min(id), max(id)
            FROM events GROUP BY 1
            """
        return try rows("SELECT * FROM (\(recount) EXCEPT SELECT * FROM activity_rollup)")
            + rows("SELECT * FROM (SELECT * FROM activity_rollup EXCEPT \(recount))")
    }

    /// Sessions whose counters a recount of the events does not give.
    package func sessionDifferences() throws -> [Row] {
        let recount = """
            SELECT session_id, min(timestamp), total(event_type IN ('command', 'command_line')), total(event_type = 'workspace_created'),
                total(event_type = 'task_completed'), total(success = 0)
            FROM events GROUP BY session_id
            """
        let kept = """
            SELECT session_id, started_at, commands_executed, workspaces_created, tasks_completed, errors_encountered
            FROM sessions
            """
        return try rows("SELECT * FROM (\(recount) EXCEPT \(kept))") + rows("SELECT * FROM (\(kept) EXCEPT \(recount))")
    }

    /// Quarters of an hour whose lengths of sessions in the rollup a recount of the events does not give.
    package func sessionLengthDifferences(_ reader: StoreReader) throws -> [Int64] {
        let recount = try rows(
            """
            SELECT CAST(strftime('%s', started) AS INTEGER) / 900,
                CAST(round((ended - julianday(started)) * 86400000) AS INTEGER)
            FROM (SELECT min(timestamp) AS started,
                max(julianday(timestamp) + coalesce(duration_ms, 0) / 86400000.0) AS ended
                FROM events GROUP BY session_id)
            """)
        var lengths: [Int64: LatencyHistogram] = [:]
        for row in recount { lengths[row[0], default: LatencyHistogram()].record(row[1]) }
        let everything = try reader.sessionLengths(in: 0..<Int64.max)
        return try lengths.filter { slot, expected in
            try reader.sessionLengths(in: slot * 900_000..<(slot + 1) * 900_000) != expected
        }.map(\.key) + (everything.count == recount.count ? [] : [-1])
    }
}

/// Another process holds the writer lock, though none should.
package struct AnotherWriter: Error {
    /// The writer lock. A process that another test is just starting has it for a moment, until it becomes that program.
    package static func waitedFor(in data: DataFolder) throws -> WriterLock {
        for _ in 0..<5000 {
            if let lock = try WriterLock.acquire(in: data) { return lock }
            usleep(1000)
        }
        throw AnotherWriter()
    }
}
