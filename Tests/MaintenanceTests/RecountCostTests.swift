import Application
import Core
import DatabaseTesting
import Foundation
import GRDB
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Database
@testable import Maintenance

/// What is counted again over many rows.
struct RecountCostTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func writer(now: Int64 = 1_800_000_000_000) throws -> SQLiteWriter {
        try SQLiteWriter(data: data, lock: try AnotherWriter.waitedFor(in: data), clock: ManualWallClock(now))
    }

    /// The processor time of this thread: other tests run at the same time.
    private static var threadTime: Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// A database with sessions of one event each, two seconds apart.
    private func database(sessions: Int) throws -> DatabaseQueue {
        let queue = try DatabaseQueue()
        try queue.write { database in
            try database.execute(sql: Schema.contract)
            try database.execute(
                sql: """
                    CREATE TABLE counters (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
                    INSERT INTO events (timestamp, session_id, event_type, success)
                        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(sessions))
                        SELECT strftime('%Y-%m-%d %H:%M:%f', 1790000000 + n * 2, 'unixepoch'),
                            hex(n * 7919 % 999983), 'command', n % 3 <> 0 FROM numbers;
                    INSERT INTO sessions (session_id, started_at, commands_executed, workspaces_created, tasks_completed,
                        errors_encountered) SELECT session_id, timestamp, 1, 0, 0, NOT success FROM events;
                    """)
        }
        return queue
    }

    @Test("Sessions that differ, are missing, or have no events are each found once")
    func differing() throws {
        let queue = try database(sessions: 1000)
        let found = try queue.write { database in
            #expect(try SessionRecount.differing(in: database) == 0)
            try database.execute(
                sql: """
                    DELETE FROM sessions WHERE id IN (3, 500, 1000);
                    UPDATE sessions SET errors_encountered = 7 WHERE id IN (4, 5);
                    UPDATE sessions SET started_at = NULL WHERE id = 6;
                    UPDATE sessions SET ended_at = started_at || '1' WHERE id = 7;
                    INSERT INTO sessions (session_id, started_at) VALUES ('none', '2027-01-01 00:00:00.000');
                    """)
            return try SessionRecount.differing(in: database)
        }
        #expect(found == 8)
    }

    @Test("Comparing sessions with their events costs in proportion to the sessions")
    func linear() throws {
        func cost(_ sessions: Int) throws -> Duration {
            let queue = try database(sessions: sessions)
            let (found, time) = try queue.read { database in
                let start = Self.threadTime
                return (try SessionRecount.differing(in: database), Self.threadTime - start)
            }
            #expect(found == 0)
            return time
        }
        let (few, many) = (try cost(2000), try cost(20_000))
        // A comparison of each session with each recount takes a hundred times as long.
        #expect(many < few * 40, "\(few) for 2,000 and \(many) for 20,000")
    }

    @Test("Searching for removed texts that begin alike costs in proportion to their number")
    func search() throws {
        func cost(_ count: Int) throws -> Duration {
            let folder = try TemporaryFolder()
            try folder.data.folder.prepare()
            let kept = (0..<count).map { "session-kept-\($0)" }
            try kept.joined(separator: " ").write(
                toFile: folder.data.folder.path(of: "file"), atomically: false, encoding: .utf8)
            let removed = Set((0..<count).map { "session-gone-\($0)" })
            let start = Self.threadTime
            var receipt = PurgeReceipt()
            try PurgeSearch(removed, in: folder.data, remaining: kept).run(&receipt)
            #expect(receipt.foundIn.isEmpty)
            return Self.threadTime - start
        }
        let (few, many) = (try cost(500), try cost(5000))
        #expect(many < few * 40, "\(few) for 500 and \(many) for 5,000")
    }

    @Test("A removed text is found in every file, and is not searched if it may be part of another text")
    func searchFinds() throws {
        try data.folder.prepare()
        let path = data.folder.path(of: "file")
        func run(
            _ content: String, _ texts: Set<String>, remaining: [String] = []
        ) throws -> (found: Bool, searched: Int) {
            try content.write(toFile: path, atomically: false, encoding: .utf8)
            var receipt = PurgeReceipt()
            let search = PurgeSearch(texts, in: data, remaining: remaining)
            try search.run(&receipt)
            return (!receipt.foundIn.isEmpty, search.textsSearched)
        }
        let texts: Set<String> = ["session-1", "session-12", "session-123", "short"]
        #expect(try run("xsession-1", texts) == (true, 3))
        #expect(try run("session-", texts) == (false, 3))
        #expect(try run(String(repeating: "x", count: Limits.drainChunkBytes - 4) + "session-123", texts) == (true, 3))
        // Those that are a part of 'session-12' may be there.
        #expect(try run("session-12", texts, remaining: ["a", "session-12"]) == (false, 1))
        #expect(try run("session-123", texts, remaining: ["a", "session-12"]) == (true, 1))
    }

    @Test("Old rows between others are removed in several transactions, and the recount reports its progress")
    func retention() async throws {
        let day: Int64 = 86_400_000
        let now: Int64 = 1_800_000_000_000
        try data.folder.prepare()
        var first: SQLiteWriter? = try writer(now: now)
        await first?.close()
        first = nil
        let (old, young) = (Timestamp.databaseText(now - 20 * day), Timestamp.databaseText(now - day))
        try Tables(data).execute(
            """
            INSERT INTO events (timestamp, session_id, event_type)
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 120000)
                SELECT iif(n % 10 = 0, '\(young)', '\(old)'), 's' || n % 10, 'command' FROM numbers;
            INSERT INTO counters VALUES ('accepted', 120000), ('stored', 120000);
            """)
        let writer = try writer(now: now)
        let shares = Mutex<[Double]>([])
        try await writer.rebuildCounts { share in shares.withLock { $0.append(share) } }
        let reported = shares.withLock { $0 }
        #expect(reported.count >= 2 && reported == reported.sorted() && reported.allSatisfy { 0...1 ~= $0 })
        try SettingsFile(data).update { $0.set(retentionDays: 5) }
        try await writer.endDrain()
        let tables = try Tables(data)
        #expect(try tables.number("SELECT count(*) FROM events") == 12_000)
        #expect(try tables.number("SELECT count(*) FROM events WHERE timestamp < '\(young)'") == 0)
        #expect(try StoreReader(data: data)?.eventCounters().expired == 108_000)
    }
}
