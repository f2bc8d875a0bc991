package import Core
import GRDB
import SystemSupport

/// The database of a snapshot, made without copying the rows. The pages of the snapshot's tables come from the file of
/// the database (see `StableDatabaseFile`). The remaining pages come from a small copy of the database, in which SQLite
/// has dropped the tables that a snapshot does not have.
///
/// A direct snapshot takes half the time of a copy of the whole database. If a direct snapshot is not possible, the
/// caller copies the whole database.
package final class DirectSnapshot {
    package let installation: InstallationID
    /// Length of the snapshot's database, in bytes.
    package let bytes: Int
    package let counts: SnapshotRows.Counts
    private let source: StableDatabaseFile
    /// A file as long as the database. The pages that `isCopied` marks are read from this file; all other pages in this
    /// file are holes. Leaf pages of the free list are marked but not copied, so the snapshot has none of their old
    /// bytes.
    private let copy: File
    private let isCopied: [Bool]
    private var next = 1

    /// - Parameters:
    ///   - copy: the path at which the small copy is created. No file may exist there.
    ///   - leastBytes: the minimum size of a database that is read directly, in bytes. A smaller database is quickly
    ///     copied as a whole.
    ///   - patience: how long another writer may take to release the writer lock.
    /// - Returns: nil when the whole database has to be copied.
    package static func make(
        of data: DataFolder, copy: String, leastBytes: Int,
        patience: Duration = Limits.directSnapshotPatience
    ) async throws(StoreError) -> DirectSnapshot? {
        guard data.folder.size(of: "nexus.db") ?? 0 >= leastBytes, DatabaseOpening.mayWrite(data) else { return nil }
        return try await asStoreError(data.databasePath) {
            guard let lock = try await WriterLock.acquire(in: data, within: patience),
                let source = try StableDatabaseFile(data, lock)
            else { return nil }
            return try DirectSnapshot(source, copy: copy)
        }
    }

    private init?(_ source: StableDatabaseFile, copy path: String) throws {
        let found = try source.query { database in
            (
                installation: try InstallationID.current(in: database), others: try Self.otherPages(in: database),
                counts: try Self.counts(in: database)
            )
        }
        guard let installation = found.installation, let listed = found.others, listed.count * 2 <= source.pageCount
        else { return nil }
        let free = try FreePages(of: source)
        let others = Set(listed + [1]).union(free.trunks)
        try Self.copy(others, of: source, to: path)
        let pageCount = try SnapshotDatabase.dropOthers(in: path, installation)
        var isCopied = [Bool](repeating: false, count: max(pageCount, source.pageCount))
        for number in others.union(free.leaves) { isCopied[number - 1] = true }
        for index in source.pageCount..<isCopied.count { isCopied[index] = true }
        self.isCopied = isCopied
        self.installation = installation
        counts = found.counts
        bytes = pageCount * source.pageBytes
        copy = try File(opening: path, .read)
        self.source = source
    }

    private static func counts(in database: Database) throws -> SnapshotRows.Counts {
        var counts = SnapshotRows.Counts()
        counts.events = try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0
        counts.sessions = try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions") ?? 0
        counts.ids = try SnapshotRows.ids(in: database)
        counts.times = try SnapshotDatabase.span(of: database) ?? SnapshotRows.times(in: database)
        return counts
    }

    /// Returns the numbers of the used pages that do not belong to a table of the snapshot. Nil when SQLite cannot list
    /// pages (`dbstat` is missing) or moves pages by itself (`auto_vacuum`).
    private static func otherPages(in database: Database) throws -> [Int]? {
        guard
            try Bool.fetchOne(database, sql: "SELECT count(*) > 0 FROM pragma_module_list WHERE name = 'dbstat'")
                == true,
            try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 0
        else { return nil }
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

    /// Copies pages into a new file that is as long as the database. Each page keeps its offset.
    private static func copy(_ pages: Set<Int>, of source: StableDatabaseFile, to path: String) throws {
        let file = try File(opening: path, [.write, .create, .exclusive])
        try file.truncate(to: source.pageCount * source.pageBytes)
        for number in pages {
            var page = try source.read(number...number)
            // These version numbers mark a database without a WAL (https://www.sqlite.org/fileformat2.html).
            if number == 1 { (page[18], page[19]) = (1, 1) }
            try file.write(page.span, at: (number - 1) * source.pageBytes)
        }
    }

    /// Returns the next bytes of the database, at most `limit`; nil at its end.
    package func read(_ limit: Int) throws(StoreError) -> [UInt8]? {
        try asStoreError(copy.path) {
            let pageBytes = source.pageBytes
            let last = min(next + limit / pageBytes - 1, bytes / pageBytes)
            guard last >= next else {
                source.close()
                return nil
            }
            defer { next = last + 1 }
            var chunk: [UInt8] = []
            chunk.reserveCapacity((last - next + 1) * pageBytes)
            var number = next
            while number <= last {
                let isCopy = isCopied[number - 1]
                var end = number
                while end < last, isCopied[end] == isCopy { end += 1 }
                try append(number...end, isCopy: isCopy, to: &chunk)
                number = end + 1
            }
            return chunk
        }
    }

    private func append(_ numbers: ClosedRange<Int>, isCopy: Bool, to chunk: inout [UInt8]) throws {
        guard isCopy else {
            chunk += try source.read(numbers)
            return
        }
        let start = (numbers.lowerBound - 1) * source.pageBytes
        let end = chunk.count + numbers.count * source.pageBytes
        var offset = start
        while chunk.count < end {
            let count = try copy.read(appendingTo: &chunk, at: offset, limit: end - chunk.count)
            guard count > 0 else { throw DatabaseError(resultCode: .SQLITE_IOERR, message: "the copy is too short") }
            offset += count
        }
    }
}

/// The pages that no table uses (https://www.sqlite.org/fileformat2.html#the_freelist).
private struct FreePages {
    /// The numbers of the trunk pages. A trunk page lists other free pages, its leaves, in big-endian integers of 4
    /// bytes: the page number of the next trunk, the count of leaves, and the page number of each leaf.
    private(set) var trunks: Set<Int> = []
    /// The numbers of the leaf pages. SQLite ignores the bytes of these pages. The bytes may be left from removed rows.
    private(set) var leaves: Set<Int> = []

    init(of source: StableDatabaseFile) throws {
        var next = Int(try source.read(1...1).bigEndian32(at: 32))
        while next != 0 {
            guard (1...source.pageCount).contains(next), trunks.insert(next).inserted else { throw Self.damaged }
            let trunk = try source.read(next...next)
            let count = Int(trunk.bigEndian32(at: 4))
            guard count <= source.pageBytes / 4 - 2 else { throw Self.damaged }
            for index in 0..<count { leaves.insert(Int(trunk.bigEndian32(at: 8 + index * 4))) }
            next = Int(trunk.bigEndian32(at: 0))
        }
        guard leaves.allSatisfy({ (1...source.pageCount).contains($0) }) else { throw Self.damaged }
    }

    private static var damaged: DatabaseError { DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its free pages") }
}

extension [UInt8] {
    fileprivate func bigEndian32(at offset: Int) -> UInt32 {
        self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
