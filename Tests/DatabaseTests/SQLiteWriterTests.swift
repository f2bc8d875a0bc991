import Application
import Core
import DatabaseTesting
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Database

struct SQLiteWriterTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func writer(now: Int64 = 1_800_000_000_000) throws -> SQLiteWriter {
        let lock = try AnotherWriter.waitedFor(in: data)
        return try SQLiteWriter(data: data, lock: lock, clock: ManualWallClock(now))
    }

    /// Drains everything with a writer of its own, as a command does.
    @discardableResult
    private func drain(now: Int64 = 1_800_000_000_000) async throws -> Int {
        let writer = try writer(now: now)
        let events = try await writer.drain()
        try await writer.finish()
        return events
    }

    @Test("Every column of an event is stored as it was sent")
    func columns() async throws {
        var filler = BufferFiller(data)
        try filler.append([
            """
            {"timestamp":"2026-11-23T10:00:00.250+01:00","session_id":"s1","event_type":"deploy","workspace":"shop",\
            "task_hash":"00112233445566778899aabbccddeeff","command":"kubectl apply -f secret.yaml","duration_ms":1234,\
            "success":false,"error_category":"timeout","template_used":"web.v2","services_count":3,"ports_used":8}
            """
        ])
        try await drain()
        let row = try #require(try Tables(data).rows("SELECT * FROM events").first)
        #expect(row["id"] == 1)
        #expect(row["timestamp"] == "2026-11-23 09:00:00.250")
        #expect(row["session_id"] == "s1")
        #expect(row["event_type"] == "deploy")
        #expect((row["workspace_hash"] as String?)?.count == 32)
        #expect(row["task_hash"] == "00112233445566778899aabbccddeeff")
        #expect(row["command"] == "kubectl apply")
        #expect(row["duration_ms"] == 1234)
        #expect(row["success"] == 0)
        #expect(row["error_category"] == "timeout")
        #expect(row["template_used"] == "web.v2")
        #expect(row["services_count"] == 3)
        #expect(row["ports_used"] == 8)
    }

    @Test(
        "A writer whose lock or database was removed stores nothing more", arguments: ["writer.lock", "nexus.db"])
    func losesItsFiles(name: String) async throws {
        var filler = BufferFiller(data)
        try filler.append(Array(repeating: #"{"command":"make"}"#, count: 10))
        var first: SQLiteWriter? = try writer()
        #expect(try await first?.drain() == 10)
        try filler.append(Array(repeating: #"{"command":"make"}"#, count: 10))
        try data.folder.remove(name)
        if name == "nexus.db" {
            try data.folder.remove("nexus.db-wal")
            try data.folder.remove("nexus.db-shm")
        }
        do {
            let first = first
            await #expect(throws: StoreError.self) { try await first?.drain() }
        }
        // Whose lock is there keeps it until it goes.
        first = nil
        try await drain()
        #expect(try Tables(data).number("SELECT count(*) FROM events") == 20)
    }

    @Test("A forged record stops no writer", arguments: [Int64.min, -1, 0, Limits.latestTimestamp + 1, .max])
    func outOfLimits(timestamp: Int64) async throws {
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"make"}"#])
        var encoder = EventEncoder()
        encoder.begin(EventNumbers(timestamp: timestamp))
        encoder.appendSession(Array("s".utf8).span)
        encoder.appendType(Array("t".utf8).span)
        encoder.finish()
        var batch = RecordBatch()
        batch.append(encoder.payload.span)
        var rejections = RejectionCounters()
        rejections.count(.droppedField, times: .max)
        for _ in 0..<2 { batch.append(rejections.encoded().span) }
        _ = try SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder)).append(batch.bytes.span)
        #expect(try await drain() == 1)
        #expect(try await drain() == 0)
        let eventCounters = try #require(try StoreReader(data: data)?.eventCounters())
        #expect(eventCounters.damagedRecords == 1 && eventCounters.stored == 1 && eventCounters.balance)
    }

    @Test("A field that an event lacks is NULL, also after an event that had it")
    func absentColumns() async throws {
        var filler = BufferFiller(data)
        let full = #"{"command":"a","workspace":"w","task":"t","duration_ms":1,"success":true,"error_category":"e"}"#
        // More than a statement's rows, so that a statement with old values bound is used again.
        try filler.append(Array(repeating: full, count: 60) + Array(repeating: #"{"event_type":"x"}"#, count: 60))
        try await drain()
        let tables = try Tables(data)
        #expect(try tables.number("SELECT count(*) FROM events WHERE event_type = 'x'") == 60)
        let filled = "coalesce(workspace_hash, task_hash, command, duration_ms, success, error_category)"
        #expect(try tables.number("SELECT count(*) FROM events WHERE event_type = 'x' AND \(filled) IS NOT NULL") == 0)
    }

    @Test("The two tables of the contract have exactly their columns")
    func contract() async throws {
        try await drain()
        let tables = try Tables(data)
        func columns(_ table: String) throws -> [String] {
            try tables.rows("PRAGMA table_info(\(table))").map { "\($0["name"] as String) \($0["type"] as String)" }
        }
        #expect(
            try columns("events") == [
                "id INTEGER", "timestamp DATETIME", "session_id TEXT", "event_type TEXT", "workspace_hash TEXT",
                "task_hash TEXT", "command TEXT", "duration_ms INTEGER", "success BOOLEAN", "error_category TEXT",
                "template_used TEXT", "services_count INTEGER", "ports_used INTEGER",
            ])
        #expect(
            try columns("sessions") == [
                "id INTEGER", "session_id TEXT", "started_at DATETIME", "ended_at DATETIME", "duration_ms INTEGER",
                "commands_executed INTEGER", "workspaces_created INTEGER", "tasks_completed INTEGER",
                "errors_encountered INTEGER",
            ])
        #expect(try tables.text("PRAGMA journal_mode") == "wal")
        #expect(try tables.number("PRAGMA page_size") == 16384)
    }

    @Test(
        "Rows, sessions, rollups and counters agree after random drains by one writer after another", arguments: 1...8)
    func recount(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var filler = BufferFiller(data)
        var sent = 0
        for _ in 0..<Int.random(in: 3...10, using: &random) {
            let lines = (0..<Int.random(in: 0...400, using: &random)).map { _ in randomLine(using: &random) }
            sent += lines.count
            try filler.append(lines)
            if Bool.random(using: &random) { try await drain() }
        }
        try await drain()

        let tables = try Tables(data)
        let eventCounters = try #require(try StoreReader(data: data)).eventCounters()
        #expect(try tables.number("SELECT count(*) FROM events") == eventCounters.stored)
        #expect(eventCounters.received == sent)
        #expect(eventCounters.pending == 0 && eventCounters.balance)
        #expect(try tables.activityDifferences().isEmpty)
        #expect(try tables.sessionDifferences().isEmpty)
        #expect(try tables.sessionLengthDifferences(try #require(try StoreReader(data: data))).isEmpty)
        #expect(try tables.integrity == "ok")
    }

    private func randomLine(using random: inout SeededGenerator) -> String {
        let types = ["command", "workspace_created", "task_completed", "session_started", "session_ended", "other", ""]
        let type = types.randomElement(using: &random) ?? ""
        let outcomes = [#","success":true"#, #","success":false"#, ""]
        // Over ten days in any order; an empty type without a command is rejected.
        let time = 1_790_000_000_000 + Int.random(in: 0..<864_000_000, using: &random)
        return """
            {"timestamp":\(time),"session_id":"s\(Int.random(in: 0..<20, using: &random))","event_type":"\(type)"\
            \(outcomes.randomElement(using: &random) ?? "")}
            """
    }

    @Test("Events stored by one writer are not stored again by the next, though the segment stays")
    func positionIsRemembered() async throws {
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"one"}"#])
        // Without `finish` nothing is removed.
        #expect(try await writer().drain() == 1)
        try filler.append([#"{"command":"two"}"#])
        #expect(try await drain() == 1)
        #expect(try Tables(data).rows("SELECT command FROM events").map { $0[0] as String } == ["one", "two"])
    }

    @Test("A new segment under a name that was used before is read from its beginning")
    func sameNameOtherSegment() async throws {
        var first = BufferFiller(data)
        try first.append([#"{"command":"one"}"#, #"{"command":"two"}"#])
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        let number = try #require(try buffer.segments().first)
        #expect(try await writer().drain() == 2)

        // Another program removes the folder; a new segment happens to get the same number.
        try FileManager.default.removeItem(atPath: data.bufferFolder.path)
        var second = BufferFiller(data)
        try second.append([#"{"command":"three"}"#])
        let next = try #require(try buffer.segments().first)
        try data.bufferFolder.rename(next.fileName, to: number.fileName)

        #expect(try await drain() == 1)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == 3)
    }

    @Test("A finished drain leaves no segment, and later events are stored")
    func segmentsGo() async throws {
        var filler = BufferFiller(data)
        for round in 1...3 {
            try filler.append([#"{"command":"again"}"#])
            try await drain()
            #expect(try WriteAheadBuffer(folder: data.bufferFolder).segments().isEmpty)
            #expect(try Tables(data).number("SELECT count(*) FROM events") == round)
        }
        #expect(try Tables(data).number("SELECT count(*) FROM buffer_positions") == 0)
    }

    @Test("A damaged record is skipped and counted, and its segment is set aside")
    func damage() async throws {
        var filler = BufferFiller(data)
        try filler.append((1...9).map { #"{"command":"number \#($0)"}"# })
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        let path = buffer.folder.path(of: try #require(try buffer.segments().first).fileName)
        var bytes = try Data(contentsOf: URL(filePath: path))
        let place = try #require(bytes.range(of: Data("number 5".utf8)))
        bytes[place.lowerBound] ^= 1
        try bytes.write(to: URL(filePath: path))

        #expect(try await drain() == 8)
        let eventCounters = try #require(try StoreReader(data: data)).eventCounters()
        #expect(eventCounters.damagedRecords == 1)
        #expect(try buffer.damagedSegments().count == 1)
        #expect(try buffer.segments().isEmpty)
    }

    @Test("A writer yields the lock to a process that requests it, however often it tries")
    func turn() throws {
        let turn = try WriterRequest(in: data)
        let waits = turn != nil
        #expect(waits)
        for _ in 0..<3 {
            let refused = try WriterLock.acquireToStore(in: data) == nil
            #expect(refused)
        }
        let itsOwn = try turn?.tryAcquire() != nil
        #expect(itsOwn)
        _ = consume turn
        let stores = try WriterLock.acquireToStore(in: data) != nil
        #expect(stores)
    }

    /// 4,000 events that are as long as most of them may be.
    private func longEvents() -> RecordBatch {
        var filler = BufferFiller(data)
        let long = String(repeating: "a-long-name.", count: 5)
        return filler.batch(
            of: (0..<4000).map { number in
                """
                {"timestamp":\(1_795_000_000_000 + number),"command":"four words it has","session_id":"\(long)",\
                "event_type":"\(long)","template_used":"\(long)","error_category":"\(long)","workspace":"w","task":"t"}
                """
            })
    }

    @Test("A transaction of long events ends before it exceeds its limit of the WAL")
    func longEventsInTransaction() async throws {
        let batch = longEvents()
        let appender = SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder))
        for _ in 0..<20 { _ = try appender.append(batch.bytes.span) }
        let writer = try SQLiteWriter(data: data, lock: try AnotherWriter.waitedFor(in: data))
        let before = data.folder.size(of: "nexus.db-wal") ?? 0
        let stored = try #require(try await writer.drainOnce())
        #expect(stored < Limits.transactionEvents)
        #expect(try #require(data.folder.size(of: "nexus.db-wal")) - before <= Limits.transactionWALBytes)
        #expect(try await writer.drain() == 20 * 4000 - stored)
    }

    @Test("Events of a failed transaction are stored once by the next")
    func failedTransaction() async throws {
        var filler = BufferFiller(data)
        try filler.append((0..<6000).map { #"{"command":"make","session_id":"s\#($0 % 7)","duration_ms":\#($0)}"# })
        let writer = try writer()
        try Tables(data).execute(
            "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.duration_ms = 5000 BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        await #expect(throws: StoreError.self) { try await writer.drain() }
        let tables = try Tables(data)
        #expect(try tables.number("SELECT count(*) FROM events") == 0)
        try tables.execute("DROP TRIGGER full")
        #expect(try await writer.drain() == 6000)
        try await writer.finish()
        #expect(try tables.number("SELECT count(DISTINCT duration_ms) FROM events") == 6000)
        #expect(try tables.activityDifferences().isEmpty && tables.sessionDifferences().isEmpty)
        #expect(try #require(try StoreReader(data: data)).eventCounters().stored == 6000)
    }

    @Test(
        "Nothing is stored while a row has the last id, and nothing is lost once it is removed",
        arguments: [
            ("events", "(id, session_id, event_type) VALUES (9223372036854775807, 's', 't')"),
            ("events", "(id, session_id, event_type) VALUES (1152921504606846976, 's', 't')"),
            ("sessions", "(id, session_id) VALUES (9223372036854775807, 's')"),
        ])
    func highestID(table: String, row: String) async throws {
        try await drain()
        let tables = try Tables(data)
        try tables.execute("INSERT INTO \(table) \(row)")
        var filler = BufferFiller(data)
        try filler.append(Array(repeating: #"{"command":"make","session_id":"other"}"#, count: 300))
        await #expect(throws: StoreError.self) { try await drain() }
        try tables.execute("DELETE FROM \(table) WHERE id > 1000")
        #expect(try await drain() == 300)
        #expect(try tables.number("SELECT max(id) FROM events") == 300)
    }

    @Test("Rows that are twice in one import are recognized the second time")
    func importedTwice() async throws {
        let installation = try #require(InstallationID(String(repeating: "ab", count: 16)))
        var encoder = EventEncoder()
        encoder.begin(EventNumbers(timestamp: 1_795_000_000_000))
        encoder.appendSession(Array("s".utf8).span)
        encoder.appendType(Array("t".utf8).span)
        encoder.finish()
        var rows = ImportedRows(of: installation)
        for id in 1...3000 as ClosedRange<Int64> { rows.append(id, encoder.payload.span) }
        let source = BoundedQueue<ImportedRows>(capacity: 2)
        let isPut = (source.put(rows), source.put(rows))
        #expect(isPut == (true, true))
        source.end()
        let outcome = try await writer().importRows(from: source)
        #expect(outcome.imported == 3000 && outcome.known == 3000)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == 3000)
    }

    @Test("Only one process at a time may write")
    func oneWriter() throws {
        let lock = try WriterLock.acquire(in: data)
        let isFirst = lock != nil
        #expect(isFirst)
        let second = try WriterLock.acquire(in: data)
        let isFree = second != nil
        #expect(!isFree)
    }

    @Test("A file that is no database is refused and not touched")
    func notADatabase() throws {
        try data.folder.prepare()
        let garbage = Data(repeating: 0x42, count: 5000)
        try garbage.write(to: URL(filePath: data.databasePath))
        #expect(throws: StoreError.notADatabase(path: data.databasePath)) { try writer() }
        #expect(throws: StoreError.notADatabase(path: data.databasePath)) { try StoreReader(data: data) }
        #expect(try Data(contentsOf: URL(filePath: data.databasePath)) == garbage)
    }

    @Test("A database of a newer version is refused")
    func newerVersion() async throws {
        try await drain()
        try Tables(data).execute("INSERT INTO grdb_migrations VALUES ('99: from the future')")
        #expect(throws: StoreError.newerVersion(path: data.databasePath)) { try writer() }
        #expect(throws: StoreError.newerVersion(path: data.databasePath)) { try StoreReader(data: data) }
    }
}
