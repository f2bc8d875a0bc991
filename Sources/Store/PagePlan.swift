import GRDB
import Platform

/// Which pages of a database a snapshot takes as they are, and which it does not.
struct PagePlan {
    /// Pages of anything but the contract's tables: the schema, tables and indexes of Nexus's and the person's own, and
    /// what is free; ascending.
    let others: [Int]
    /// Those among them whose bytes mean nothing.
    private let free: Set<Int>
    /// The pages in which the rows of `events` stand.
    let eventLeaves: [Int]

    /// Nil when the pages cannot be told apart: SQLite may have been built without the means, and where it moves pages
    /// about by itself what is put away is not all that changes.
    init?(_ pages: PinnedPages) throws {
        let found = try pages.look { database -> (others: [Int], root: Int)? in
            let canTell = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM pragma_module_list WHERE name = 'dbstat')")
            guard canTell == true, try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 0,
                let root = try Int.fetchOne(
                    database, sql: "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'events'")
            else { return nil }
            return (try Self.pagesOfOthers(in: database), root)
        }
        guard let found else { return nil }
        let free = try FreePages(pages)
        self.free = free.leaves
        others = Set(found.others + [1]).union(free.trunks).union(free.leaves).sorted()
        eventLeaves = try TablePage.leaves(under: found.root, of: pages)
    }

    private static func pagesOfOthers(in database: Database) throws -> [Int] {
        let names = try String.fetchAll(
            database,
            sql: """
                SELECT name FROM sqlite_schema WHERE rootpage > 0
                    AND NOT (tbl_name IN ('events', 'sessions', 'origins') AND (type = 'table' OR sql IS NULL))
                """)
        return try (["sqlite_schema"] + names).flatMap { name in
            try Int.fetchAll(database, sql: "SELECT pageno FROM dbstat WHERE name = ?", arguments: [name])
        }
    }

    /// Copies the other pages to where they stand in a new file at `path`, as long as the database.
    func copyOthers(of pages: PinnedPages, to path: String) throws {
        let file = try File(opening: path, [.write, .create, .exclusive])
        try file.truncate(to: pages.pageCount * pages.pageBytes)
        for number in others where !free.contains(number) {
            var page = try pages.read(number...number)
            if number == 1 {
                // Read and written without a log, which does not come along.
                page[18] = 1
                page[19] = 1
            }
            try file.write(page.span, at: (number - 1) * pages.pageBytes)
        }
    }
}

/// Pages that no table uses (https://www.sqlite.org/fileformat2.html#the_freelist).
private struct FreePages {
    private(set) var trunks: Set<Int> = []
    private(set) var leaves: Set<Int> = []

    init(_ pages: PinnedPages) throws {
        var next = Int(try pages.read(1...1).bigEndian32(at: 32))
        while next != 0 {
            guard (1...pages.pageCount).contains(next), trunks.insert(next).inserted else { throw Self.damaged }
            let trunk = try pages.read(next...next)
            let count = Int(trunk.bigEndian32(at: 4))
            guard count <= pages.pageBytes / 4 - 2 else { throw Self.damaged }
            for index in 0..<count { leaves.insert(Int(trunk.bigEndian32(at: 8 + index * 4))) }
            next = Int(trunk.bigEndian32(at: 0))
        }
        guard leaves.allSatisfy({ (1...pages.pageCount).contains($0) }) else { throw Self.damaged }
    }

    private static var damaged: DatabaseError { DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its free pages") }
}

/// What a page of a table says of itself (https://www.sqlite.org/fileformat2.html#b_tree_pages).
enum TablePage {
    private static let inner: UInt8 = 5
    private static let leaf: UInt8 = 13
    /// More levels than any table has.
    private static let mostLevels = 20

    /// How many rows stand in the leaf at `place` of `bytes`.
    static func rows(_ bytes: [UInt8], at place: Int) -> Int { Int(bytes.bigEndian16(at: place + 3)) }

    /// The leaves under the page `root`, all of which are equally deep.
    static func leaves(under root: Int, of pages: PinnedPages) throws -> [Int] {
        var level = [root]
        for _ in 0..<mostLevels {
            var below: [Int] = []
            for number in level {
                let page = try pages.read(number...number)
                if page[0] == leaf, number == level.first { return level }
                guard page[0] == inner else { throw damaged }
                below += children(page)
            }
            guard below.count <= pages.pageCount, below.allSatisfy({ (2...pages.pageCount).contains($0) }) else {
                throw damaged
            }
            level = below
        }
        throw damaged
    }

    private static var damaged: DatabaseError { DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its events") }

    private static func children(_ page: [UInt8]) -> [Int] {
        let count = min(Int(page.bigEndian16(at: 3)), (page.count - 12) / 2)
        let cells = (0..<count).map { Int(page.bigEndian16(at: 12 + $0 * 2)) }
        return cells.filter { $0 <= page.count - 4 }.map { Int(page.bigEndian32(at: $0)) }
            + [Int(page.bigEndian32(at: 8))]
    }
}

extension [UInt8] {
    /// The four bytes at `offset` as SQLite writes numbers.
    func bigEndian32(at offset: Int) -> UInt32 { span.uint32(at: offset).byteSwapped }

    /// The two bytes at `offset` as SQLite writes numbers.
    func bigEndian16(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }
}
