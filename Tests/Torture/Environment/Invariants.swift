import Core
import Foundation
import SystemSupport
import TestSupport

/// Checks the invariants of a data folder. It uses no code of Nexus, but the system's `sqlite3` and the bytes of the
/// files.
struct Invariants {
    let testEnvironment: TestEnvironment

    /// The SQL expression for an event's number. It is the event's duration, or, for an event of `nexus exec`, a part
    /// of the session's name, because `exec` measures the duration itself.
    private static let number = """
        (CASE WHEN session_id GLOB 'exec-*' THEN CAST(substr(session_id, 6) AS INTEGER) ELSE duration_ms END)
        """

    // MARK: Invariants

    /// Checks what must hold at every instant, after any kill and with any pending events. The tables must agree with
    /// each other, and no file may contain a raw name.
    func checkAnyMoment(_ model: Model) throws {
        try checkNames()
        guard try hasTables() else { return }
        try require(try figures(Self.consistency + Self.contents(keys: model.keys)), model)
    }

    /// Stores the pending events, and then checks all invariants.
    func checkStored(_ model: Model) throws {
        try testEnvironment.flush()
        try checkNames()
        guard try hasTables() else {
            // The database is only created if there is an event to store.
            guard model.acknowledged.isEmpty else {
                throw InvariantViolation("events were acknowledged, but there is no database")
            }
            return
        }
        try require(try figures(Self.consistency + Self.contents(keys: model.keys)), model)
        let stored = try storedNumbers()
        let lost = model.acknowledged.subtracting(stored)
        guard lost.isEmpty else {
            throw InvariantViolation("\(lost.count) acknowledged events are lost: \(Self.describe(lost))")
        }
        try checkBooks(stored.count)
    }

    /// Returns how many of the acknowledged events are not in the tables.
    func lostEvents(_ acknowledged: IndexSet) throws -> Int {
        acknowledged.subtracting(try storedNumbers()).count
    }

    private func require(_ found: [String: String], _ model: Model) throws {
        guard found["integrity_check"] == "ok" else {
            throw InvariantViolation("integrity_check returned \(found["integrity_check"] ?? "nothing")")
        }
        for (name, value) in found.sorted(by: { $0.key < $1.key }) where name != "integrity_check" {
            guard value == "0" else { throw InvariantViolation("\(name): \(value)") }
        }
        let stored = try storedNumbers()
        let unknown = stored.subtracting(model.sent)
        guard unknown.isEmpty else {
            throw InvariantViolation("events that were never sent are stored: \(Self.describe(unknown))")
        }
        let back = stored.intersection(model.removed)
        guard back.isEmpty else {
            throw InvariantViolation("events that were purged are stored: \(Self.describe(back))")
        }
    }

    // MARK: Tables

    /// Returns false before the first event is stored. The database may exist without tables if the process that
    /// created it was killed. A rollback journal exists only while the database is created, and a reader cannot roll it
    /// back.
    private func hasTables() throws -> Bool {
        guard testEnvironment.data.hasDatabase, !testEnvironment.data.folder.has("nexus.db-journal") else {
            return false
        }
        return try query("SELECT count(*) FROM sqlite_master WHERE name = 'events'") == "1\n"
    }

    /// Each query after the first query counts violations, so the expected result is 0. If retention removed rows, only
    /// the days with complete rows are recounted.
    private static let consistency = """
        SELECT 'integrity_check', integrity_check FROM pragma_integrity_check;
        CREATE TEMP VIEW complete AS SELECT slot, strftime('%Y-%m-%d %H:%M:%f', slot * 900, 'unixepoch') AS start
            FROM (SELECT coalesce(max(count), 0) AS slot FROM counters WHERE name = 'rows_complete_from_slot');
        CREATE TEMP VIEW recount AS SELECT CAST(strftime('%s', timestamp) AS INTEGER) / 900 AS slot,
            count(*) AS events, total(event_type = 'command') AS commands, total(success = 1) AS succeeded,
            total(success = 0) AS failed FROM events WHERE timestamp >= (SELECT start FROM complete) GROUP BY 1;
        CREATE TEMP VIEW rollup AS SELECT slot, events, commands, succeeded, failed FROM activity_rollup
            WHERE slot >= (SELECT slot FROM complete);
        SELECT '15-minute buckets whose rollup is not a recount of the rows', count(*) FROM (
            SELECT * FROM (SELECT * FROM recount EXCEPT SELECT * FROM rollup)
            UNION ALL SELECT * FROM (SELECT * FROM rollup WHERE events <> 0 EXCEPT SELECT * FROM recount));
        SELECT 'sessions that are not a recount of their events', count(*) FROM (
            SELECT session_id, count(*), total(event_type = 'command') AS commands, total(success = 0) AS failed,
                min(timestamp) AS first, strftime('%Y-%m-%d %H:%M:%f', max(CAST(round((julianday(timestamp) - 2440587.5)
                * 86400000) AS INTEGER) + coalesce(duration_ms, 0)) / 1000.0, 'unixepoch') AS last FROM events GROUP BY 1) AS r
            LEFT JOIN sessions AS s USING (session_id)
            WHERE coalesce(s.started_at, r.first) >= (SELECT start FROM complete)
                AND (s.id IS NULL OR s.commands_executed <> r.commands OR s.errors_encountered <> r.failed
                    OR s.started_at <> r.first OR (s.ended_at IS NOT NULL AND s.ended_at <> r.last));
        SELECT 'sessions without events', count(*) FROM sessions
            WHERE started_at >= (SELECT start FROM complete) AND session_id NOT IN (SELECT session_id FROM events);
        SELECT 'sessions of negative length', count(*) FROM sessions WHERE duration_ms < 0;
        SELECT 'events of negative length', count(*) FROM events WHERE duration_ms < 0;
        SELECT 'rows that the counters do not know', abs((SELECT count(*) FROM events)
            - (SELECT total(count) FROM counters WHERE name IN ('stored', 'imported'))
            + (SELECT total(count) FROM counters WHERE name IN ('purged', 'expired'))) + 0;
        SELECT 'damaged records', CAST(total(count) AS INTEGER) FROM counters WHERE name = 'damaged_records';

        """

    /// Each query counts violations in the rows of the model's events. A missing value is a violation.
    private static func contents(keys: Int) -> String {
        """
        SELECT 'doubled events', count(*) FROM (SELECT 1 FROM events GROUP BY \(number) HAVING count(*) > 1);
        SELECT 'damaged events', count(*) FROM events WHERE (length(workspace_hash) = 32
            AND length(task_hash) = 32 AND CASE WHEN session_id GLOB 'exec-*'
                THEN command IN ('true', 'cat') AND success = 1 AND duration_ms BETWEEN 0 AND 60000
                ELSE command = 'make all' AND services_count = duration_ms % 1000
                    AND success = (duration_ms % 7 <> 0) END) IS NOT TRUE;
        SELECT 'workspaces too many', max(count(DISTINCT workspace_hash), \(keys)) - \(keys) FROM events;

        """
    }

    private func figures(_ sql: String) throws -> [String: String] {
        var figures: [String: String] = [:]
        for line in try query(sql).split(separator: "\n") {
            let bar = line.lastIndex(of: "|") ?? line.endIndex
            let value = String(line[bar...].dropFirst())
            figures[String(line[..<bar])] = value.hasSuffix(".0") ? String(value.dropLast(2)) : value
        }
        return figures
    }

    /// Returns the numbers of all stored events.
    func storedNumbers() throws -> IndexSet {
        try hasTables() ? try numbers(in: testEnvironment.data.databasePath) : IndexSet()
    }

    /// Returns the numbers of all events in the database at `path`.
    func numbers(in path: String) throws -> IndexSet {
        var stored = IndexSet()
        let rows = try query(
            """
            SELECT min(n), max(n) FROM (SELECT n, n - row_number() OVER (ORDER BY n) AS island
            FROM (SELECT DISTINCT \(Self.number) AS n FROM events)) GROUP BY island
            """, of: path)
        for row in rows.split(separator: "\n") {
            let ends = row.split(separator: "|").compactMap { Int($0) }
            if ends.count == 2 { stored.insert(integersIn: ends[0]...ends[1]) }
        }
        return stored
    }

    /// Returns the output of the system's `sqlite3` for a query. The database is opened read-only.
    func query(_ sql: String, of path: String? = nil) throws -> String {
        try testEnvironment.output(
            of: [
                try Programs.find("sqlite3"), "-readonly", "-cmd", ".timeout 20000",
                path ?? testEnvironment.data.databasePath,
            ],
            input: sql + ";\n")
    }

    // MARK: Bytes and counters

    /// Checks that no file of the data folder contains a raw name.
    private func checkNames() throws {
        for (name, bytes) in testEnvironment.files() {
            for raw in [TestEnvironment.workspace, TestEnvironment.task, "--secret"]
            where bytes.range(of: Data(raw.utf8)) != nil {
                throw InvariantViolation("\(name) contains '\(raw)'")
            }
        }
    }

    /// The parts of `nexus telemetry status --json` that are checked.
    private struct Status: Decodable {
        let received, accepted, rejected, stored, pending, imported, purged, expired: Int
        let balance: Bool
    }

    /// Checks that no file of the data folder contains `text`. An occurrence before a digit is ignored, because it is a
    /// part of the name of another session.
    func checkGone(_ text: String) throws {
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: testEnvironment.data.folder.path)) ?? [] {
            guard let bytes = FileManager.default.contents(atPath: testEnvironment.data.folder.path + "/" + name) else {
                continue
            }
            var rest = bytes.startIndex..<bytes.endIndex
            while let place = bytes.range(of: Data(text.utf8), in: rest) {
                let isLonger = place.upperBound < bytes.endIndex && (0x30...0x39).contains(bytes[place.upperBound])
                guard isLonger else { throw InvariantViolation("'\(text)' was purged, but \(name) contains it") }
                rest = place.upperBound..<bytes.endIndex
            }
        }
    }

    private func checkBooks(_ stored: Int) throws {
        let text = try testEnvironment.output(of: [testEnvironment.programs.nexus, "telemetry", "status", "--json"])
        let status = try JSONDecoder().decode(Status.self, from: Data(text.utf8))
        guard status.balance, status.received == status.accepted + status.rejected, status.pending == 0,
            status.accepted == status.stored,
            status.stored + status.imported - status.purged - status.expired == stored
        else { throw InvariantViolation("the counters do not match the \(stored) rows: \(status)") }
    }

    private static func describe(_ numbers: IndexSet) -> String {
        let ranges = numbers.rangeView.prefix(5).map { "\($0.lowerBound)…\($0.upperBound - 1)" }
        return ranges.joined(separator: ", ") + (numbers.rangeView.count > 5 ? ", …" : "")
    }
}
