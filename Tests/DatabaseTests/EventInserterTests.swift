import Core
import GRDB
import SystemSupport
import TestSupport
import Testing

@testable import Database

struct EventInserterTests {
    private let queue: DatabaseQueue

    init() throws {
        queue = try DatabaseQueue()
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA page_size = \(Schema.pageBytes); \(Schema.eventsTable)")
        }
    }

    /// An event to insert, and the values that its columns must then have.
    private struct Sample {
        var numbers = EventNumbers(timestamp: 1_795_000_000_000)
        var texts: [EventField: String] = [.sessionID: "s", .eventType: "t"]

        func payload() -> [UInt8] {
            var encoder = EventEncoder()
            encoder.begin(numbers)
            func text(_ field: EventField) -> [UInt8]? { texts[field].map { Array($0.utf8) } }
            if let hash = text(.workspaceHash) { encoder.appendWorkspace(hash: hash.span) }
            if let hash = text(.taskHash) { encoder.appendTask(hash: hash.span) }
            if let session = text(.sessionID) { encoder.appendSession(session.span) }
            if let type = text(.eventType) { encoder.appendType(type.span) }
            if let command = text(.command) { encoder.appendCommand(command.span) }
            if let category = text(.errorCategory) { encoder.appendErrorCategory(category.span) }
            if let template = text(.templateUsed) { encoder.appendTemplate(template.span) }
            encoder.finish()
            return encoder.payload
        }

        func row(_ id: Int64) -> String {
            let values: [any DatabaseValueConvertible] = [
                id, Timestamp.databaseText(numbers.timestamp), texts[.sessionID] ?? DatabaseValue.null,
                texts[.eventType] ?? DatabaseValue.null, texts[.workspaceHash] ?? DatabaseValue.null,
                texts[.taskHash] ?? DatabaseValue.null, texts[.command] ?? DatabaseValue.null,
                numbers.durationMS ?? DatabaseValue.null, numbers.success ?? DatabaseValue.null,
                texts[.errorCategory] ?? DatabaseValue.null, texts[.templateUsed] ?? DatabaseValue.null,
                numbers.servicesCount ?? DatabaseValue.null, numbers.portsUsed ?? DatabaseValue.null,
            ]
            return values.map { "\($0.databaseValue)" }.joined(separator: "|")
        }
    }

    /// Inserts samples under their ids, in groups.
    private func insert(_ samples: [(id: Int64, sample: Sample)], atOnce: Int = Limits.snapshotRows) throws {
        try queue.write { database in
            var inserter = try EventInserter(database)
            for start in stride(from: 0, to: samples.count, by: atOnce) {
                let group = samples[start..<min(start + atOnce, samples.count)]
                #expect(try Self.insert(group, with: &inserter) == group.count)
            }
        }
    }

    private static func insert(
        _ samples: ArraySlice<(id: Int64, sample: Sample)>, with inserter: inout EventInserter
    ) throws -> Int {
        var payloads: [UInt8] = []
        var rows: [EventInserter.Row] = []
        for (id, sample) in samples {
            let payload = sample.payload()
            if let record = EventRecord(payload.span) {
                rows.append(EventInserter.Row(id: id, start: payloads.count, record: record))
            }
            payloads += payload
        }
        return try inserter.insert(rows, payloads: payloads.span)
    }

    private func expectStored(_ samples: [(id: Int64, sample: Sample)]) throws {
        let rows = try queue.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM events ORDER BY id").map { row in
                row.databaseValues.map { "\($0)" }.joined(separator: "|")
            }
        }
        #expect(rows == samples.map { $0.sample.row($0.id) })
        #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    @Test("Inserted numbers are read back unchanged, at every boundary between two sizes")
    func numbers() throws {
        let borders: [Int64] = [0, 1, 0x7F, 0x7FFF, 0x7F_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF_FFFF, .max]
        let durations = borders.flatMap { [$0, $0 &+ 1, -$0, -$0 - 1, $0 - 1] } + [.min]
        var samples: [(id: Int64, sample: Sample)] = []
        for (index, duration) in durations.enumerated() {
            var sample = Sample()
            sample.numbers.durationMS = duration
            sample.numbers.success = index % 3 == 0 ? nil : index % 3 == 1
            sample.numbers.servicesCount = UInt32(truncatingIfNeeded: duration)
            sample.numbers.portsUsed = index % 2 == 0 ? nil : UInt32.max - UInt32(index)
            samples.append((Int64(index + 1), sample))
        }
        try insert(samples)
        try expectStored(samples)
    }

    @Test("Inserted texts of every length are read back unchanged, and an absent text is NULL")
    func texts() throws {
        var samples: [(id: Int64, sample: Sample)] = []
        for length in 1...255 {
            var sample = Sample()
            sample.texts[.sessionID] = String(repeating: "s", count: length)
            sample.texts[.eventType] = String(repeating: "t", count: 256 - length)
            if length % 2 == 0 { sample.texts[.workspaceHash] = String(repeating: "a", count: 32) }
            if length % 3 == 0 { sample.texts[.taskHash] = String(repeating: "b", count: 32) }
            if length % 4 != 0 { sample.texts[.command] = String(repeating: "c", count: length) }
            if length % 5 != 0 { sample.texts[.errorCategory] = String(repeating: "e", count: length) }
            if length % 7 != 0, length < 160 { sample.texts[.templateUsed] = String(repeating: "m", count: length) }
            samples.append((Int64(length), sample))
        }
        try insert(samples)
        try expectStored(samples)
    }

    @Test("Rows keep their ids, of every size and with gaps")
    func ids() throws {
        let powers = (1..<53).map { Int64(1) << Int64($0) }
        let ids = [Int64(1)] + powers.flatMap { [$0, $0 + 1] } + [RowProvenance.largestID]
        let samples = ids.map { (id: $0, sample: Sample()) }
        try insert(samples)
        try expectStored(samples)
    }

    @Test("The longest rows are inserted whole", arguments: [1, 2, 16, 2048])
    func longestRows(count: Int) throws {
        var longest = Sample()
        longest.numbers.durationMS = .max
        longest.numbers.success = false
        longest.numbers.servicesCount = .max
        longest.numbers.portsUsed = .max
        for field in [EventField.sessionID, .eventType, .command] {
            longest.texts[field] = String(repeating: "x", count: 255)
        }
        longest.texts[.errorCategory] = String(repeating: "x", count: Limits.recordBytes - 32 - 64 - 3 * 255 - 64)
        longest.texts[.templateUsed] = String(repeating: "x", count: 64)
        longest.texts[.workspaceHash] = String(repeating: "a", count: 32)
        longest.texts[.taskHash] = String(repeating: "b", count: 32)
        let samples = (0..<count).map { (id: RowProvenance.largestID - Int64(count - $0), sample: longest) }
        #expect(longest.payload().count == Limits.recordBytes)
        try insert(samples)
        try expectStored(samples)
    }

    @Test("Groups of any size are inserted in one transaction", arguments: [1, 2, 49, 50, 51, 100, 2048])
    func groups(atOnce: Int) throws {
        var random = SeededGenerator(seed: 11)
        let samples = (1...5000).map { id in
            var sample = Sample()
            sample.numbers.timestamp += Int64(id) * 977
            sample.numbers.durationMS = Int64.random(in: 0...5_000_000, using: &random)
            sample.texts[.command] = String(repeating: "c", count: Int.random(in: 1...131, using: &random))
            return (id: Int64(id), sample: sample)
        }
        try insert(samples, atOnce: atOnce)
        try expectStored(samples)
    }

    @Test("Rows are inserted by column name into a table that the user has altered, also between two inserts")
    func alteredTable() throws {
        var sample = Sample()
        sample.numbers.servicesCount = 11
        sample.numbers.portsUsed = 22
        var inserter = try queue.write { try EventInserter($0) }
        func insert(_ id: Int64) throws {
            let added = try queue.write { _ in try Self.insert([(id, sample)], with: &inserter) }
            #expect(added == 1)
        }
        try insert(1)
        try queue.write {
            try $0.execute(
                sql: """
                    ALTER TABLE events DROP COLUMN services_count; ALTER TABLE events ADD COLUMN services_count INTEGER;
                    UPDATE events SET services_count = 11
                    """)
        }
        try insert(2)
        try queue.write { try $0.execute(sql: "ALTER TABLE events ADD COLUMN note TEXT") }
        try insert(3)
        let rows = try queue.read {
            try String.fetchAll(
                $0, sql: "SELECT id || ' ' || services_count || ' ' || ports_used FROM events ORDER BY id")
        }
        #expect(rows == ["1 11 22", "2 11 22", "3 11 22"])
    }

    @Test("Inserts maintain the user's index, obey the user's trigger, and count the rows that it leaves")
    func indexAndTrigger() throws {
        try queue.write {
            try $0.execute(
                sql: """
                    CREATE INDEX by_time ON events (timestamp);
                    CREATE TRIGGER leave_out BEFORE INSERT ON events WHEN new.id % 2 = 0 BEGIN SELECT RAISE(IGNORE); END
                    """)
        }
        let samples = (1...501).map { (id: Int64($0), sample: Sample()) }
        let inserted = try queue.write { database in
            var inserter = try EventInserter(database)
            return try Self.insert(samples[...], with: &inserter)
        }
        #expect(inserted == 251)
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM events") } == 251)
        #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }
}
