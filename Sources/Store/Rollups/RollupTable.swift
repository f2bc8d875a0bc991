import GRDB

/// The rows of `usage_rollup`.
enum RollupTable {
    /// A cell that is added to a block.
    typealias Change = (block: RollupBlockID, change: RollupChange)

    /// Adds changes, in order of their blocks and keys, whose buckets stand in `buckets`.
    static func add(_ changes: [Change], _ buckets: [BucketCount], in database: Database) throws {
        let old = try DirectStatement("SELECT cells FROM usage_rollup WHERE id = ?", in: database)
        let write = try DirectStatement("INSERT OR REPLACE INTO usage_rollup VALUES (?, ?)", in: database)
        var start = 0
        while start < changes.count {
            let id = changes[start].block
            var end = start + 1
            while end < changes.count, changes[end].block == id { end += 1 }
            guard let kind = id.kind else { preconditionFailure("only known kinds are counted") }
            let changed = changes[start..<end]
            old.bind(1, id.value)
            let block =
                try old.first { $0.withBytes(0) { merged($0, changed, buckets, kind) } }
                ?? RollupMerge.block(of: changed, buckets, kind)
            if let block {
                write.bind(1, id.value)
                try write.bind(2, blob: block.span)
                try write.run()
            } else {
                try database.execute(sql: "DELETE FROM usage_rollup WHERE id = ?", arguments: [id.value])
            }
            start = end
        }
    }

    private static func merged(
        _ bytes: Span<UInt8>, _ changes: ArraySlice<Change>, _ buckets: [BucketCount], _ kind: RollupKind
    ) -> [UInt8]? {
        do {
            return try RollupMerge.adding(changes, buckets, to: bytes, of: kind)
        } catch {
            // Somebody changed it. Events must go in all the same: it starts afresh, and the recount shows that.
            return RollupMerge.block(of: changes, buckets, kind)
        }
    }
}
