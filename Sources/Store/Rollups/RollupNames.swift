import EventModel
import GRDB
import Platform

/// The names of one kind that were seen lately, and their numbers in the table `rollup_names`: rollups hold numbers, so
/// that a name stands in the database once. Numbers count from 1 for each kind.
struct RollupNames {
    private let kind: RollupNameKind
    private var names = ByteKeyTable()
    /// The number of each name in `names`, but for those that came since `findNumbers`.
    private(set) var numbers: [UInt32] = []
    /// The highest number given out; nil: not known yet.
    private var highest: UInt32?

    init(_ kind: RollupNameKind) {
        self.kind = kind
    }

    /// The place of a name among those seen.
    @inline(__always)
    mutating func place(of name: Span<UInt8>) -> Int { names.index(of: name).index }

    /// Finds the numbers of all names seen; a name gets one where it has none.
    mutating func findNumbers(in database: Database) throws {
        for place in numbers.count..<names.count { numbers.append(try load(place, from: database)) }
    }

    /// Forgets what it remembers: it has grown to its bound, or a transaction was taken back, or the table was changed by
    /// another hand.
    mutating func forget() {
        self = RollupNames(kind)
    }

    var isFull: Bool { names.count >= Limits.rememberedNames }

    private mutating func load(_ place: Int, from database: Database) throws -> UInt32 {
        let name = String(decoding: names.key(at: place), as: UTF8.self)
        let known = try database.cachedStatement(sql: "SELECT number FROM rollup_names WHERE kind = ? AND name = ?")
        if let number = try UInt32.fetchOne(known, arguments: [kind.rawValue, name]) { return number }
        let number = try highestNumber(in: database) + 1
        try database.cachedStatement(sql: "INSERT INTO rollup_names (kind, number, name) VALUES (?, ?, ?)")
            .execute(arguments: [kind.rawValue, number, name])
        highest = number
        return number
    }

    private func highestNumber(in database: Database) throws -> UInt32 {
        if let highest { return highest }
        let sql = "SELECT max(number) FROM rollup_names WHERE kind = ?"
        return try UInt32.fetchOne(database, sql: sql, arguments: [kind.rawValue]) ?? 0
    }
}
