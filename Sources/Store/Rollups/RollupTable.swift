import Foundation
import GRDB

/// The rows of `usage_rollup`.
enum RollupTable {
    /// A cell that is added to a block.
    typealias Change = (block: RollupBlockID, change: RollupChange)

    /// Adds changes, in order of their blocks and keys, whose buckets stand in `buckets`.
    static func add(_ changes: [Change], _ buckets: [BucketCount], in database: Database) throws {
        let old = try database.cachedStatement(sql: "SELECT cells FROM usage_rollup WHERE id = ?")
        let write = try database.cachedStatement(sql: "INSERT OR REPLACE INTO usage_rollup VALUES (?, ?)")
        var start = 0
        while start < changes.count {
            let block = changes[start].block
            var end = start + 1
            while end < changes.count, changes[end].block == block { end += 1 }
            let bytes = try Data.fetchOne(old, arguments: [block.value]) ?? Data()
            if let merged = try merged(bytes, changes[start..<end], buckets, block) {
                try write.execute(arguments: [block.value, Data(merged)])
            } else {
                try database.execute(sql: "DELETE FROM usage_rollup WHERE id = ?", arguments: [block.value])
            }
            start = end
        }
    }

    private static func merged(
        _ bytes: Data, _ changes: ArraySlice<Change>, _ buckets: [BucketCount], _ block: RollupBlockID
    ) throws -> [UInt8]? {
        guard let kind = block.kind else { preconditionFailure("only known kinds are counted") }
        do {
            return try RollupMerge.adding(changes, buckets, to: bytes.span, of: kind)
        } catch {
            // Somebody changed it. Events must go in all the same: it starts afresh, and the recount shows that.
            let nothing: [UInt8] = []
            return try RollupMerge.adding(changes, buckets, to: nothing.span, of: kind)
        }
    }
}
