import Core
import Foundation
import GRDB
import WriteAheadBuffer

/// The offset up to which each segment is stored: the table `buffer_positions`. It is written in the transaction that
/// stores the rows.
///
/// The position of a removed segment moves to the table `stored_segments`, under the segment's id. The user may later
/// restore the segment from a backup of `buffer/` that is older than the database. The position then keeps the
/// segment's events from being stored twice.
struct BufferPositions {
    /// A row of `buffer_positions`: how much of a segment is stored.
    struct Position: Equatable {
        /// The segment's own id. A file of the same name with another id is another segment.
        var id: [UInt8]
        /// Everything before this offset is stored.
        var offset: Int
        var isDamaged: Bool
    }

    private var positions: [WriteAheadBuffer.SegmentNumber: Position]
    /// Positions of segments whose file was removed and exists again, by the segment's id.
    private var recalled: [[UInt8]: Position] = [:]

    /// Creates the positions of a buffer from which nothing was read yet.
    init() {
        positions = [:]
    }

    init(from database: Database) throws {
        positions = [:]
        for row in try Row.fetchAll(database, sql: "SELECT segment, id, position, is_damaged FROM buffer_positions") {
            let segment: Int64 = row[0]
            let id: [UInt8] = Array(row[1] as Data)
            positions[.init(UInt64(bitPattern: segment))] = Position(id: id, offset: row[2], isDamaged: row[3])
        }
    }

    /// Returns the position from which to read a segment. If the segment's header is damaged, the position is found by
    /// the segment's number alone.
    func position(in segment: SegmentReader) -> Position {
        let known = positions[segment.number]
        switch segment.header {
        case .valid(let header):
            if let known, known.id == header.id { return known }
            if let known = recalled[header.id] { return known }
            return Position(id: header.id, offset: SegmentFormat.headerLength, isDamaged: false)
        case .damaged, .incomplete, .newer:
            return known ?? Position(id: [], offset: SegmentFormat.headerLength, isDamaged: true)
        }
    }

    /// Looks up the position of a segment that was stored and removed, and whose file exists again. Must be called
    /// before `position(in:)`.
    mutating func recall(_ segment: SegmentReader, in database: Database) throws {
        guard case .valid(let header) = segment.header, positions[segment.number]?.id != header.id,
            recalled[header.id] == nil
        else { return }
        let statement = try database.cachedStatement(sql: "SELECT position FROM stored_segments WHERE id = ?")
        guard let offset = try Int.fetchOne(statement, arguments: [Data(header.id)]) else { return }
        recalled[header.id] = Position(id: header.id, offset: offset, isDamaged: false)
    }

    mutating func set(_ position: Position, of segment: WriteAheadBuffer.SegmentNumber, in database: Database) throws {
        // After a restore, or after the clock was set back, another segment may have had the same number. Its position
        // moves to `stored_segments`.
        if let other = positions[segment], other.id != position.id { try Self.remember(other, in: database) }
        positions[segment] = position
        recalled[position.id] = nil
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO buffer_positions VALUES (?, ?, ?, ?)")
            .execute(arguments: [
                Int64(bitPattern: segment.value), Data(position.id), position.offset, position.isDamaged,
            ])
    }

    /// Returns whether there are positions of segments that are not among `segments`.
    func hasOthers(than segments: [WriteAheadBuffer.SegmentNumber]) -> Bool {
        positions.keys.contains { !segments.contains($0) }
    }

    /// Moves the positions of removed segments to `stored_segments`, by id, inside the caller's transaction.
    mutating func keepOnly(_ segments: [WriteAheadBuffer.SegmentNumber], in database: Database) throws {
        recalled.removeAll()
        for (segment, position) in positions where !segments.contains(segment) {
            try Self.remember(position, in: database)
            positions[segment] = nil
            try database.execute(
                sql: "DELETE FROM buffer_positions WHERE segment = ?", arguments: [Int64(bitPattern: segment.value)])
        }
    }

    /// Stores the position of a removed segment. A segment whose header is damaged has no id and is skipped.
    private static func remember(_ position: Position, in database: Database) throws {
        guard !position.id.isEmpty else { return }
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO stored_segments (id, position) VALUES (?, ?)")
            .execute(arguments: [Data(position.id), position.offset])
        try database.cachedStatement(sql: "DELETE FROM stored_segments WHERE number <= ?")
            .execute(arguments: [database.lastInsertedRowID - Int64(Limits.storedSegments)])
    }
}
