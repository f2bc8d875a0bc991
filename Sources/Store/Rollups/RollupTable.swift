import GRDB

/// The rows of `usage_rollup`.
enum RollupTable {
    /// A cell that is added to a block.
    typealias Change = (block: RollupBlockID, change: RollupChange)

    /// Changes on their way to the table, by their blocks.
    struct Part: Sendable {
        fileprivate struct Block {
            let id: RollupBlockID
            let kind: RollupKind
            let changes: Range<Int>
            /// Its bytes where the table has no such block; nil: not put together yet, or no cell is left.
            let fresh: [UInt8]?
        }

        fileprivate let changes: [Change]
        fileprivate let buckets: [BucketCount]
        fileprivate let blocks: [Block]

        /// `changes` are in order of their blocks and keys, and their buckets stand in `buckets`. With `areNew` the table is
        /// not expected to have most of the blocks: their bytes are put together here, where no database is needed.
        init(_ changes: [Change], _ buckets: [BucketCount], areNew: Bool) {
            var blocks: [Block] = []
            var start = 0
            while start < changes.count {
                let id = changes[start].block
                var end = start + 1
                while end < changes.count, changes[end].block == id { end += 1 }
                guard let kind = id.kind else { preconditionFailure("only known kinds are counted") }
                let fresh = areNew ? RollupMerge.block(of: changes[start..<end], buckets, kind) : nil
                blocks.append(Block(id: id, kind: kind, changes: start..<end, fresh: fresh))
                start = end
            }
            self.changes = changes
            self.buckets = buckets
            self.blocks = blocks
        }
    }

    /// Adds the changes.
    static func add(_ part: Part, in database: Database) throws {
        let old = try DirectStatement("SELECT cells FROM usage_rollup WHERE id = ?", in: database)
        let insert = try DirectStatement("INSERT INTO usage_rollup VALUES (?1, ?2)", in: database)
        let update = try DirectStatement("UPDATE usage_rollup SET cells = ?2 WHERE id = ?1", in: database)
        for block in part.blocks {
            let changes = part.changes[block.changes]
            old.bind(1, block.id.value)
            let known = try old.first { $0.withBytes(0) { merged($0, changes, part.buckets, block.kind) } }
            if let known {
                try write(known, of: block.id, update, in: database)
            } else {
                let bytes = block.fresh ?? RollupMerge.block(of: changes, part.buckets, block.kind)
                try write(bytes, of: block.id, insert, in: database)
            }
        }
    }

    /// Nil: no cell is left.
    private static func write(
        _ bytes: [UInt8]?, of id: RollupBlockID, _ statement: DirectStatement, in database: Database
    ) throws {
        guard let bytes else {
            return try database.execute(sql: "DELETE FROM usage_rollup WHERE id = ?", arguments: [id.value])
        }
        statement.bind(1, id.value)
        try statement.bind(2, blob: bytes.span)
        try statement.run()
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
