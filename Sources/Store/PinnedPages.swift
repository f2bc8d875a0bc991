import GRDB
import GRDBSQLite

/// The pages of a database as they are at one moment, read past SQLite and without a copy, while others go on writing.
///
/// A read transaction holds the moment for as long as the value lives. Nobody then brings later pages into the database's
/// file, and nobody begins its log anew as long as pages of that moment stand only there
/// (https://www.sqlite.org/walformat.html). So a page is what the log's last frame for it says, up to the frame that
/// counted at that moment, and where there is none what the file says. Both are read through SQLite's own handles:
/// closing one of ours would take away the locks that this rests on.
final class PinnedPages {
    /// How often the moment is looked for again when a commit falls into it: each look takes microseconds.
    private static let attempts = 1000

    private let queue: DatabaseQueue
    let pageBytes: Int
    let pageCount: Int
    /// The pages that stand in the log, and where.
    private let logged: [Int: Int]

    /// Pins the database of `queue`, a connection for reading that may leave a transaction open; nil when its pages
    /// cannot be read like this, and have to be copied.
    init?(_ queue: DatabaseQueue) throws {
        self.queue = queue
        let moment = try queue.inDatabase { database -> Moment? in
            // It opens the log.
            _ = try Int.fetchOne(database, sql: "PRAGMA schema_version")
            for _ in 0..<Self.attempts {
                if let moment = try Moment(database) { return moment }
            }
            return nil
        }
        guard let moment else { return nil }
        (pageBytes, pageCount, logged) = (moment.pageBytes, moment.pageCount, moment.logged)
    }

    deinit { try? queue.inDatabase { try $0.execute(sql: "ROLLBACK") } }

    /// Reads with SQLite what stands in the database at the moment.
    func look<Value>(_ body: (Database) throws -> Value) throws -> Value { try queue.inDatabase(body) }

    /// The pages with these numbers, the first of which is 1, one behind the other.
    func read(_ numbers: ClosedRange<Int>) throws -> [UInt8] {
        let start = (numbers.lowerBound - 1) * pageBytes
        return try queue.inDatabase { database in
            var bytes = try DatabaseFile(database, .database).read(numbers.count * pageBytes, at: start)
            for number in numbers where logged[number] != nil || number == lockPage {
                let place = (number - numbers.lowerBound) * pageBytes
                let page =
                    try logged[number].map { try DatabaseFile(database, .log).read(pageBytes, at: $0) }
                    ?? [UInt8](repeating: 0, count: pageBytes)
                bytes.replaceSubrange(place..<place + pageBytes, with: page)
            }
            return bytes
        }
    }

    /// The page whose bytes SQLite locks and never uses.
    private var lockPage: Int { 0x4000_0000 / pageBytes + 1 }
}

/// A moment that a transaction holds.
private struct Moment {
    let pageBytes: Int
    let pageCount: Int
    let logged: [Int: Int]

    /// Begins a transaction; nil, and no transaction, when somebody committed meanwhile, so that it cannot be said which
    /// commit it sees.
    init?(_ database: Database) throws {
        pageBytes = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        let isLogged = try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal"
        let before = isLogged ? try DatabaseFile(database, .database).logIndex() : nil
        try database.execute(sql: "BEGIN")
        pageCount = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let after = isLogged ? try DatabaseFile(database, .database).logIndex() : nil
        guard !isLogged || after != nil, before?.header == after?.header else {
            try database.execute(sql: "ROLLBACK")
            return nil
        }
        // What is in the file already, up to the last frame, is not needed from the log, which others may then begin
        // anew. What is not stays where it is.
        guard let after, after.frames > after.framesInFile else {
            logged = [:]
            return
        }
        guard let places = try DatabaseFile(database, .log).pages(of: after, pageBytes: pageBytes) else {
            try database.execute(sql: "ROLLBACK")
            return nil
        }
        logged = places
    }
}
