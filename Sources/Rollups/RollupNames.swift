import Core
import Database
import Foundation
import GRDB
import SystemSupport

/// The recently seen names of one kind, and their numbers in the table `rollup_names`. Rollups contain these numbers
/// instead of names, so that each name is stored once. Each kind has its own numbers, from 1 on.
struct RollupNames {
    private let kind: RollupNameKind
    private var names = ByteKeyTable()
    /// The number of each name in `names`, except names that were added since the last `findNumbers`.
    private(set) var numbers: [UInt32] = []
    /// The highest assigned number; nil until this cache has inserted a name.
    private var highest: UInt32?

    init(_ kind: RollupNameKind) {
        self.kind = kind
    }

    /// Returns the index of a name among the names seen.
    @inline(__always)
    mutating func place(of name: Span<UInt8>) -> Int { names.index(of: name).index }

    /// Finds the numbers of all names seen; a new name gets the next number.
    mutating func findNumbers(in database: Database) throws {
        guard numbers.count < names.count else { return }
        let known = try RawStatement("SELECT number FROM rollup_names WHERE kind = ? AND name = ?", in: database)
        let insert = try RawStatement(
            "INSERT INTO rollup_names (kind, number, name) VALUES (?, ?, ?)", in: database)
        for place in numbers.count..<names.count {
            known.bind(1, Int64(kind.rawValue))
            try known.bind(2, text: names.key(at: place).span)
            if let number = try known.first({ $0.number(0) }) {
                numbers.append(try Self.number(number))
            } else {
                let number = try Self.number(Int64(highestNumber(in: database)) + 1)
                insert.bind(1, Int64(kind.rawValue))
                insert.bind(2, Int64(number))
                try insert.bind(3, text: names.key(at: place).span)
                try insert.run()
                highest = number
                numbers.append(number)
            }
        }
    }

    /// Removes the names and combinations that no block before the 15-minute bucket `slot` refers to. The caller then
    /// recomputes the later blocks from the rows. The recount adds the names and combinations of these blocks again.
    static func removeUnused(before slot: Int64, in database: Database) throws {
        var used: Set<NumberedName> = []
        var usedCombinations: Set<UInt32> = []
        let blocks = try Row.fetchCursor(database, sql: "SELECT id, cells FROM usage_rollup")
        while let row = try blocks.next() {
            let block = RollupBlockID(row[0])
            guard block.firstBucket < slot, let kind = block.kind else { continue }
            let bytes = [UInt8](row[1] as Data)
            guard var cursor = try? RollupBlock.Cursor(kind, bytes.span) else { continue }
            while let cell = try? cursor.next(in: bytes.span) {
                if RollupKind.filtered.contains(kind) { usedCombinations.insert(cell.key.first) }
                for (name, number) in zip(kind.names, [cell.key.first, cell.key.second]) {
                    if let name { used.insert(NumberedName(kind: name, number: number)) }
                }
            }
        }
        var unused: [UInt32] = []
        try CombinationNumbers.forEach(in: database) { number, combination in
            guard usedCombinations.contains(number) else { return unused.append(number) }
            for (name, number) in combination.names { used.insert(NumberedName(kind: name, number: number)) }
        }
        for number in unused {
            try database.execute(sql: "DELETE FROM rollup_combinations WHERE number = ?", arguments: [number])
        }
        for row in try Row.fetchAll(database, sql: "SELECT kind, number FROM rollup_names") {
            guard let kind = RollupNameKind(rawValue: row[0]) else { continue }
            let number: UInt32 = row[1]
            guard !used.contains(NumberedName(kind: kind, number: number)) else { continue }
            try database.execute(
                sql: "DELETE FROM rollup_names WHERE kind = ? AND number = ?", arguments: [kind.rawValue, number])
        }
    }

    private struct NumberedName: Hashable {
        let kind: RollupNameKind
        let number: UInt32
    }

    /// Clears the cache. This is necessary after a rollback or a change of the table, and if the cache is full
    /// (`isFull`).
    mutating func forget() {
        self = RollupNames(kind)
    }

    var isFull: Bool { names.count >= Limits.rememberedNames }

    /// Returns a number as `UInt32`. Throws if it is out of range, because another program may have written an invalid
    /// number.
    private static func number(_ number: Int64) throws -> UInt32 {
        guard let number = UInt32(exactly: number) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a name's number is out of range")
        }
        return number
    }

    private func highestNumber(in database: Database) throws -> UInt32 {
        if let highest { return highest }
        let sql = "SELECT max(number) FROM rollup_names WHERE kind = ?"
        return try UInt32.fetchOne(database, sql: sql, arguments: [kind.rawValue]) ?? 0
    }
}
