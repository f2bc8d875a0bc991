package import Core
package import GRDB
import SystemSupport
import WriteAheadBuffer

/// Reads the database: activity, sessions, counters and single events. `Rollups` extends it by aggregates.
package struct StoreReader: Sendable {
    package let queue: DatabaseQueue
    package let data: DataFolder
    package var path: String { data.databasePath }

    /// Opens the database of a data folder for reading; nil when there is none yet.
    package init?(data: DataFolder) throws(StoreError) {
        guard let queue = try DatabaseOpening.forReading(data) else { return nil }
        self.init(queue: queue, data: data)
    }

    package init(queue: DatabaseQueue, data: DataFolder) {
        self.queue = queue
        self.data = data
    }

    /// Counts of events in one or several 15-minute buckets.
    package struct Activity: Equatable, Sendable {
        package var events = 0
        package var commands = 0
        package var workspacesCreated = 0
        package var tasksCompleted = 0
        package var succeeded = 0
        package var failed = 0

        package init() {}

        package mutating func add(_ other: Activity) {
            events += other.events
            commands += other.commands
            workspacesCreated += other.workspacesCreated
            tasksCompleted += other.tasksCompleted
            succeeded += other.succeeded
            failed += other.failed
        }
    }

    /// Returns the activity of every non-empty 15-minute bucket that begins in `window` (milliseconds since 1970), in
    /// order of time.
    package func activity(in window: Range<Int64>) throws(StoreError) -> [(bucketStart: Int64, activity: Activity)] {
        try asStoreError(path) {
            try queue.read { database in
                let statement = try RawStatement(
                    "SELECT * FROM activity_rollup WHERE slot >= ? AND slot < ? ORDER BY slot", in: database)
                let slots = Self.slotRange(window)
                statement.bind(1, slots.lowerBound)
                statement.bind(2, slots.upperBound)
                var result: [(bucketStart: Int64, activity: Activity)] = []
                try statement.forEachRow { row in
                    var activity = Activity()
                    activity.events = Int(row.number(1))
                    activity.commands = Int(row.number(2))
                    activity.workspacesCreated = Int(row.number(3))
                    activity.tasksCompleted = Int(row.number(4))
                    activity.succeeded = Int(row.number(5))
                    activity.failed = Int(row.number(6))
                    result.append((row.number(0) * TimeBucket.milliseconds, activity))
                }
                return result
            }
        }
    }

    /// A row of `sessions`. Its times are in the database's text form.
    package struct Session: Equatable, Sendable {
        package let id: String
        package let startedAt: String
        /// Nil while the session is open.
        package let endedAt: String?
        package let durationMS: Int64?
        package let commands: Int
        package let workspaces: Int
        package let tasks: Int
        package let errors: Int

        init(_ row: Row) {
            id = row["session_id"]
            startedAt = row["started_at"]
            endedAt = row["ended_at"]
            durationMS = row["duration_ms"]
            commands = row["commands_executed"]
            workspaces = row["workspaces_created"]
            tasks = row["tasks_completed"]
            errors = row["errors_encountered"]
        }
    }

    /// Returns the `limit` sessions that started last, latest first.
    package func latestSessions(_ limit: Int) throws(StoreError) -> [Session] {
        try asStoreError(path) {
            try queue.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT * FROM sessions ORDER BY started_at DESC LIMIT ?", arguments: [limit]
                )
                .map(Session.init)
            }
        }
    }

    /// Returns the counters, including events that are pending in the buffer. The counters and the buffer positions
    /// come from the same read.
    package func eventCounters() throws(StoreError) -> EventCounters {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        return try asStoreError(path) {
            try queue.read { database in
                var eventCounters = try EventCounters(from: database)
                try eventCounters.addPending(of: buffer, behind: database)
                return eventCounters
            }
        }
    }

    /// Returns the 15-minute buckets that begin in a window.
    package static func slotRange(_ window: Range<Int64>) -> Range<Int64> {
        guard !window.isEmpty else { return 0..<0 }
        let end = min(window.upperBound, Limits.latestTimestamp + 1)
        let first = (max(0, window.lowerBound) + TimeBucket.milliseconds - 1) / TimeBucket.milliseconds
        let last = (end - 1) / TimeBucket.milliseconds
        return first <= last ? first..<last + 1 : 0..<0
    }
}
