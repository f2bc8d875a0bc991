import Database
import GRDB

/// The rows of `usage_rollup`.
enum RollupTable {
    /// An aggregate, and the block that it is added to.
    typealias Change = (block: RollupBlockID, change: RollupChange)

    /// Changes to write to the table, grouped by block.
    struct Part: Sendable {
        fileprivate struct Block {
            let id: RollupBlockID
            let kind: RollupKind
            let changes: Range<Int>
            /// The bytes to insert if the table does not have this block. Nil if the block was not encoded in advance,
            /// or if it would contain no aggregate.
            let fresh: [UInt8]?
        }

        fileprivate let changes: [Change]
        fileprivate let buckets: [BucketCount]
        fileprivate let blocks: [Block]

        /// Groups changes by block. `changes` are in the order of their blocks and keys, and refer to ranges of
        /// `buckets`. If `areNew` is true, the bytes of the blocks are encoded in advance, without the database. This
        /// saves time if the table lacks most of the blocks.
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

    /// Adds the changes to the table.
    static func add(_ part: Part, in database: Database) throws {
        let table = try Statements(database)
        for block in part.blocks {
            if let fresh = block.fresh, try table.insert(fresh, as: block.id) { continue }
            let changes = part.changes[block.changes]
            if let known = try table.read(block.id, { merged($0, changes, part.buckets, block.kind) }) {
                try table.replace(block.id, with: known)
            } else if let bytes = block.fresh ?? RollupMerge.block(of: changes, part.buckets, block.kind) {
                try table.insert(bytes, as: block.id)
            }
        }
    }

    private struct Statements {
        private let old: RawStatement
        private let insert: RawStatement
        private let update: RawStatement
        private let delete: RawStatement

        init(_ database: Database) throws {
            old = try RawStatement("SELECT cells FROM usage_rollup WHERE id = ?", in: database)
            // The statement leaves an existing row unchanged. Most blocks that are encoded in advance do not exist yet.
            // A query before each insert would double the cost of these blocks.
            insert = try RawStatement(
                "INSERT INTO usage_rollup VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING", in: database)
            update = try RawStatement("UPDATE usage_rollup SET cells = ?2 WHERE id = ?1", in: database)
            delete = try RawStatement("DELETE FROM usage_rollup WHERE id = ?", in: database)
        }

        func read<Result>(_ id: RollupBlockID, _ use: (Span<UInt8>) -> Result) throws -> Result? {
            old.bind(1, id.value)
            return try old.first { $0.withBytes(0, use) }
        }

        /// Inserts a block. Returns false when the table already has the block.
        @discardableResult
        func insert(_ bytes: [UInt8], as id: RollupBlockID) throws -> Bool {
            insert.bind(1, id.value)
            try insert.bind(2, blob: bytes.span)
            return try insert.run() > 0
        }

        /// Replaces the bytes of a block, or deletes the block if `bytes` is nil because no aggregate is left.
        func replace(_ id: RollupBlockID, with bytes: [UInt8]?) throws {
            let statement = bytes == nil ? delete : update
            statement.bind(1, id.value)
            if let bytes { try statement.bind(2, blob: bytes.span) }
            try statement.run()
        }
    }

    private static func merged(
        _ bytes: Span<UInt8>, _ changes: ArraySlice<Change>, _ buckets: [BucketCount], _ kind: RollupKind
    ) -> [UInt8]? {
        do {
            return try RollupMerge.adding(changes, buckets, to: bytes, of: kind)
        } catch {
            // Another program corrupted the block. Events must still be stored, so the block is reset to the new
            // counts. The recount of `nexus doctor` reports the difference.
            return RollupMerge.block(of: changes, buckets, kind)
        }
    }
}
