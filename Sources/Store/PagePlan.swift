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
        eventLeaves = try Self.leaves(under: found.root, of: pages)
    }

    /// The leaves under the page `root`, all of which are equally deep: only the first is looked at.
    private static func leaves(under root: Int, of pages: PinnedPages) throws -> [Int] {
        var level = [root]
        for _ in 0..<TablePage.mostLevels {
            var below: [Int] = []
            for number in level {
                let page = try pages.read(number...number)
                if page[0] == TablePage.leaf, number == level.first { return level }
                guard page[0] == TablePage.inner else { throw TablePage.damaged }
                below += TablePage.children(page)
            }
            guard below.count <= pages.pageCount, below.allSatisfy({ (2...pages.pageCount).contains($0) }) else {
                throw TablePage.damaged
            }
            level = below
        }
        throw TablePage.damaged
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
