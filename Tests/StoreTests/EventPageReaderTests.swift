import EventModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

struct EventPageReaderTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/rows.db" }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A file in memory.
    private final class Content: RandomAccessBytes {
        let content: [UInt8]
        var count: Int { content.count }

        init(_ content: [UInt8]) { self.content = content }

        func read(_ range: Range<Int>, into bytes: inout [UInt8]) { bytes = Array(content[range]) }
    }

    private func content() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    private func pages(_ content: [UInt8]) throws -> DatabasePages {
        try #require(try DatabasePages(Content(content), path: "rows"))
    }

    /// The rows as the reader finds them, a line each.
    private func rows(_ content: [UInt8]) throws -> [String] {
        var reader = try #require(try EventPageReader(try pages(content)))
        var lines: [String] = []
        while try reader.next({ row in
            let values = EventRow.Column.all.map { column in
                switch row[column] {
                case .null: "null"
                case .integer(let number): "\(number)"
                case .text(let place): "'" + String(decoding: row.bytes[place], as: UTF8.self) + "'"
                case .other: "other"
                }
            }
            lines.append("\(row.id) " + values.joined(separator: " "))
        }) {}
        return lines
    }

    /// The same as SQLite tells them; rows that do not fit a page have nothing but an id.
    private func expected(longest: Int) throws -> [String] {
        try DatabaseQueue(path: path).read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM events ORDER BY id").map { row in
                let values = row.databaseValues.dropFirst().map { value in
                    switch value.storage {
                    case .null: "null"
                    case .int64(let number): "\(number)"
                    case .string(let text): "'" + text + "'"
                    case .double, .blob: "other"
                    }
                }
                let isLong = row.databaseValues.contains {
                    String.fromDatabaseValue($0).map { $0.count > longest } ?? false
                }
                return "\(row[0] as Int64) " + (isLong ? values.map { _ in "other" } : values).joined(separator: " ")
            }
        }
    }

    private func make(pageBytes: Int, _ fill: (Database) throws -> Void) throws {
        try? FileManager.default.removeItem(atPath: path)
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA page_size = \(pageBytes); \(Schema.eventsTable)")
            try database.inTransaction {
                try fill(database)
                return .commit
            }
        }
        try queue.close()
    }

    private func insert(_ id: Int64, _ values: [DatabaseValue], into database: Database) throws {
        try database.execute(
            sql: "INSERT INTO events VALUES (\(Array(repeating: "?", count: 13).joined(separator: ", ")))",
            arguments: StatementArguments([id.databaseValue] + values))
    }

    /// A database with as many rows as anybody might have.
    private func plainRows(_ count: Int64) throws -> [UInt8] {
        try make(pageBytes: 4096) { database in
            for id in 1...count {
                try insert(
                    id, ["t", "s", "e"].map(\.databaseValue) + Array(repeating: .null, count: 9), into: database)
            }
        }
        return try content()
    }

    /// A value for a column that holds texts or, with `isNumber`, numbers.
    private func value(isNumber: Bool, using random: inout SeededGenerator) -> DatabaseValue {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .null
        case 1: return Data([1, 2, 3]).databaseValue
        case 2 where isNumber: return 0.5.databaseValue
        case _ where isNumber:
            let bits = Int.random(in: 0..<64, using: &random)
            return (Int64(bitPattern: random.next()) >> Int64(bits)).databaseValue
        case 3: return "".databaseValue
        case 4: return String(repeating: "ä", count: Int.random(in: 0..<150, using: &random)).databaseValue
        default: return String(repeating: "x", count: Int.random(in: 1..<40, using: &random)).databaseValue
        }
    }

    @Test("Rows come out as SQLite tells them, whatever stands in them", arguments: [4096, 16384, 65536])
    func anyRows(pageBytes: Int) throws {
        var random = SeededGenerator(seed: UInt64(pageBytes))
        try make(pageBytes: pageBytes) { database in
            var id: Int64 = 0
            for _ in 0..<6000 {
                id += Int64.random(in: 1...(Bool.random(using: &random) ? 3 : 1 << 40), using: &random)
                // Columns that are never empty, and the numbers among them.
                let values = (0..<12).map { column -> DatabaseValue in
                    if column < 3 { return "t\(column)".databaseValue }
                    return value(isNumber: [6, 7, 10, 11].contains(column), using: &random)
                }
                try insert(id, values, into: database)
            }
            try database.execute(sql: "DELETE FROM events WHERE id % 7 < 2")
        }
        let found = try rows(try content())
        #expect(found.count > 3000)
        #expect(try found == expected(longest: .max))
    }

    @Test("A row that does not fit its page has nothing that a column holds")
    func longRow() throws {
        try make(pageBytes: 4096) { database in
            for id in 1...20 as ClosedRange<Int64> {
                let text = String(repeating: "x", count: id % 3 == 0 ? 5000 : 30)
                let values = ["t", "s", "e", nil, nil, text].map { $0?.databaseValue ?? .null }
                try insert(id, values + Array(repeating: .null, count: 6), into: database)
            }
        }
        #expect(try rows(try content()) == expected(longest: 4000))
    }

    @Test("A row from before a column was added ends with nothing")
    func shortRows() throws {
        try make(pageBytes: 16384) { database in
            try database.execute(
                sql: """
                    ALTER TABLE events RENAME TO later;
                    CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp TEXT, session_id TEXT);
                    INSERT INTO events VALUES (1, 't', 's'), (2, 'u', 'v');
                    """)
        }
        #expect(
            try rows(try content()) == [
                "1 't' 's'" + String(repeating: " null", count: 10),
                "2 'u' 'v'" + String(repeating: " null", count: 10),
            ])
    }

    @Test("An empty table has no rows, and a database without one is said to be")
    func empty() throws {
        try make(pageBytes: 16384) { _ in }
        #expect(try rows(try content()) == [])
        try make(pageBytes: 16384) { try $0.execute(sql: "ALTER TABLE events RENAME TO others") }
        #expect(try EventPageReader(try pages(try content())) == nil)
    }

    @Test("What is no plain database as Nexus makes one has no pages")
    func otherFiles() throws {
        try make(pageBytes: 16384) { _ in }
        let sound = try content()
        #expect(try DatabasePages(Content([]), path: "") == nil)
        #expect(try DatabasePages(Content(Array(sound.prefix(99))), path: "") == nil)
        for (place, byte) in [(0, 0), (16, 3), (17, 1), (18, 2), (19, 2), (20, 8), (59, 2)] as [(Int, UInt8)] {
            var other = sound
            other[place] = byte
            #expect(try DatabasePages(Content(other), path: "") == nil, "\(place)")
        }
    }

    @Test("Pages that lead in a circle, to nowhere or to what is no table end the reading with an error")
    func damagedPages() throws {
        let sound = try plainRows(2000)
        let root = try #require(try pages(sound).root(of: "events"))
        let start = (root - 1) * 4096
        #expect(sound[start] == TablePage.inner)
        let numbers = try pages(sound).numbers(of: ["events"])
        #expect(numbers.prefix(2) == [1, root])
        #expect(try pages(sound).rows(of: "events") == 2000)
        let firstLeaf = (try #require(numbers.dropFirst(2).min()) - 1) * 4096
        // The child under which the highest ids stand is itself, is none, or is the schema.
        for child in [UInt8(root), 255, 0, 1] {
            var damaged = sound
            damaged.replaceSubrange(start + 8..<start + 12, with: [0, 0, 0, child])
            #expect(throws: StoreError.notADatabase(path: "rows")) { try rows(damaged) }
        }
        // A leaf of another kind; more rows than fit; a row that begins, or ends, behind the page.
        for (place, bytes) in [(0, [10]), (3, [0xFF, 0xFF]), (8, [0x10, 0x00]), (8, [0x0F, 0xFF])] as [(Int, [UInt8])] {
            var damaged = sound
            damaged.replaceSubrange(firstLeaf + place..<firstLeaf + place + bytes.count, with: bytes)
            #expect(throws: StoreError.notADatabase(path: "rows"), "\(place)") { try rows(damaged) }
        }
    }

    @Test("Whatever bytes stand in the pages, the reading ends, inside them")
    func anyBytes() throws {
        let sound = try plainRows(500)
        var random = SeededGenerator(seed: 9)
        var refused = 0
        for _ in 0..<2000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 4096..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { _ = try rows(bytes) } catch StoreError.notADatabase { refused += 1 }
        }
        #expect(refused > 20)
    }
}
