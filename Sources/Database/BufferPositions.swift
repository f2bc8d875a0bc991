import Foundation
import GRDB
import WriteAheadBuffer

/// Up to where each segment is stored: the table `buffer_positions`, written in the transaction that stores the rows.
struct BufferPositions {
    /// A segment's line.
    struct Position: Equatable {
        /// The segment's own id. A file of the same name with another id is another segment.
        var id: [UInt8]
        /// Everything before this offset is stored.
        var offset: Int
        var isDamaged: Bool
    }

    private var positions: [WriteAheadBuffer.SegmentNumber: Position]

    /// No segment was ever read.
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

    /// Where to read on in a segment. A segment whose header is damaged goes by its number alone.
    func position(in segment: SegmentReader) -> Position {
        let known = positions[segment.number]
        switch segment.header {
        case .valid(let header):
            if let known, known.id == header.id { return known }
            return Position(id: header.id, offset: SegmentFormat.headerLength, isDamaged: false)
        case .damaged, .incomplete, .newer:
            return known ?? Position(id: [], offset: SegmentFormat.headerLength, isDamaged: true)
        }
    }

    mutating func set(_ position: Position, of segment: WriteAheadBuffer.SegmentNumber, in database: Database) throws {
        positions[segment] = position
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO buffer_positions VALUES (?, ?, ?, ?)")
            .execute(arguments: [
                Int64(bitPattern: segment.value), Data(position.id), position.offset, position.isDamaged,
            ])
    }

    /// Whether it knows segments that are not among `segments`.
    func hasOthers(than segments: [WriteAheadBuffer.SegmentNumber]) -> Bool {
        positions.keys.contains { !segments.contains($0) }
    }

    /// Forgets the segments that are gone for good.
    mutating func keepOnly(_ segments: [WriteAheadBuffer.SegmentNumber], in database: Database) throws {
        for segment in positions.keys where !segments.contains(segment) {
            positions[segment] = nil
            try database.execute(
                sql: "DELETE FROM buffer_positions WHERE segment = ?", arguments: [Int64(bitPattern: segment.value)])
        }
    }
}
