import EventModel
import GRDB
import Platform

/// The numbers of names, the table `rollup_names`: rollups hold numbers, so that a name stands in the database once.
/// Numbers count from 1 for each kind, and those seen lately are remembered.
struct RollupNames {
    private struct Kind {
        var names = ByteKeyTable()
        var numbers: [UInt32] = []
        /// The highest number given out; nil: not known yet.
        var highest: UInt32?
    }

    private var kinds = RollupNameKind.allCases.map { _ in Kind() }

    /// The number of a name, which gets one where it has none; 0 for the empty name.
    mutating func number(of kind: RollupNameKind, _ name: Span<UInt8>, in database: Database) throws -> UInt32 {
        if name.isEmpty { return 0 }
        let (index, isNew) = kinds[Int(kind.rawValue)].names.index(of: name)
        if isNew { kinds[Int(kind.rawValue)].numbers.append(try load(kind, index, from: database)) }
        return kinds[Int(kind.rawValue)].numbers[index]
    }

    /// Forgets what it remembers if that has grown to its bound; call it between transactions.
    mutating func forgetIfMany() {
        if kinds.contains(where: { $0.numbers.count >= Limits.rememberedNames }) { forget() }
    }

    /// Forgets what it remembers: a transaction was taken back, or the table was changed by another hand.
    mutating func forget() {
        self = RollupNames()
    }

    private mutating func load(_ kind: RollupNameKind, _ index: Int, from database: Database) throws -> UInt32 {
        let name = String(decoding: kinds[Int(kind.rawValue)].names.key(at: index), as: UTF8.self)
        let known = try database.cachedStatement(sql: "SELECT number FROM rollup_names WHERE kind = ? AND name = ?")
        if let number = try UInt32.fetchOne(known, arguments: [kind.rawValue, name]) { return number }
        let highest =
            try kinds[Int(kind.rawValue)].highest
            ?? UInt32.fetchOne(
                database, sql: "SELECT max(number) FROM rollup_names WHERE kind = ?", arguments: [kind.rawValue]) ?? 0
        let number = highest + 1
        try database.cachedStatement(sql: "INSERT INTO rollup_names (kind, number, name) VALUES (?, ?, ?)")
            .execute(arguments: [kind.rawValue, number, name])
        kinds[Int(kind.rawValue)].highest = number
        return number
    }
}
