/// Reads the rows of `events`, by their ids, off the pages of a database that nobody writes, past SQLite: for a fifth of what
/// it costs to ask for every column. Only where the table is as `Schema.contract` makes it, so that its columns stand in its
/// order.
///
/// The pages may be a stranger's: what cannot be makes the reading fail, or is a value that no column holds.
///
/// The cells of a leaf, for which see `TablePage` (https://www.sqlite.org/fileformat2.html#record_format):
///
///     varint   bytes of the record
///     varint   id
///     record:  bytes of its header, a varint; the kind of each column, a varint each; the values, one behind the other
///
/// A varint has seven bits in each byte, the highest first, and the eighth bit set on every byte but the last.
package struct EventPageReader {
    private let path: String
    private var leaves: LeafReader
    /// The row that was read last. Its texts stand in its leaf.
    private var row = EventRow()
    private var cell = 0
    private var cells = 0

    /// Nil when the schema does not say where the rows are.
    package init?(_ pages: DatabasePages) throws {
        guard let root = try pages.root(of: "events") else { return nil }
        path = pages.path
        leaves = LeafReader(pages, root: root)
    }

    /// Hands the next row to `body`; false when there is none. What `body` and the source of the pages throw comes out as it is.
    package mutating func next(_ body: (borrowing EventRow) throws -> Void) throws -> Bool {
        guard try sayingWhichIsDamaged(path, { try readNext() }) else { return false }
        try body(row)
        return true
    }

    private mutating func readNext() throws -> Bool {
        while cell == cells {
            guard try leaves.next(into: &row.bytes) else { return false }
            cell = 0
            cells = TablePage.rows(row.bytes, at: 0)
            guard TablePage.leafHeaderBytes + 2 * cells <= row.bytes.count else { throw TablePage.damaged }
        }
        let start = Int(row.bytes.bigEndian16(at: TablePage.leafHeaderBytes + 2 * cell))
        cell += 1
        var record = RecordReader(place: start)
        // Taken out of the row meanwhile, as its bytes are read.
        var values: [EventRow.Cell] = []
        swap(&values, &row.cells)
        row.id = try record.readCell(of: row.bytes.span, skipping: 1, into: &values)
        swap(&values, &row.cells)
        return true
    }
}

/// Takes one cell of a leaf apart.
struct RecordReader {
    /// Up to where its page is read.
    var place: Int

    /// Reads as many columns as there are `cells`, `skipped` ones in front left out; returns the id.
    mutating func readCell(
        of page: Span<UInt8>, skipping skipped: Int, into cells: inout [EventRow.Cell]
    ) throws -> Int64 {
        let length = try varint(in: page)
        let id = Int64(bitPattern: try varint(in: page))
        // What is longer goes on in another page, and no event is so long.
        guard length <= UInt64(page.count - 35) else {
            for index in cells.indices { cells[index] = .other }
            return id
        }
        let end = place + Int(length)
        let start = place
        let headerBytes = try varint(in: page)
        guard end <= page.count, headerBytes <= length else { throw TablePage.damaged }
        let headerEnd = start + Int(headerBytes)
        var value = headerEnd
        for _ in 0..<skipped where place < headerEnd {
            _ = try Self.value(of: try varint(in: page), in: page, at: &value, end: end)
        }
        var target = cells.mutableSpan
        for index in target.indices {
            // A record that was written before a column was added ends early.
            target[index] =
                place < headerEnd ? try Self.value(of: try varint(in: page), in: page, at: &value, end: end) : .null
        }
        guard place <= headerEnd else { throw TablePage.damaged }
        return id
    }

    /// The value of `kind` at `value`, which moves behind it.
    @inline(__always)
    private static func value(
        of kind: UInt64, in page: Span<UInt8>, at value: inout Int, end: Int
    ) throws -> EventRow.Cell {
        switch kind {
        case 0: return .null
        case 1...6:
            let bytes = kind < 5 ? Int(kind) : kind == 5 ? 6 : 8
            guard bytes <= end - value else { throw TablePage.damaged }
            var number = Int64(Int8(bitPattern: page[value]))
            for index in value + 1..<value + bytes { number = number << 8 | Int64(page[index]) }
            value += bytes
            return .integer(number)
        case 8: return .integer(0)
        case 9: return .integer(1)
        case 7, 10, 11:
            value += kind == 7 ? 8 : 0
            return .other
        default:
            let bytes = (kind - 12) / 2
            guard value <= end, bytes <= UInt64(end - value) else { throw TablePage.damaged }
            let start = value
            value += Int(bytes)
            return kind % 2 == 0 ? .other : .text(start..<value)
        }
    }

    @inline(__always)
    private mutating func varint(in page: Span<UInt8>) throws -> UInt64 {
        guard place < page.count else { throw TablePage.damaged }
        let first = page[place]
        place += 1
        return first < 0x80 ? UInt64(first) : try restOfVarint(UInt64(first & 0x7F), in: page)
    }

    /// The ninth byte counts whole.
    private mutating func restOfVarint(_ first: UInt64, in page: Span<UInt8>) throws -> UInt64 {
        var number = first
        for index in 1...8 {
            guard place < page.count else { throw TablePage.damaged }
            let byte = page[place]
            place += 1
            if index == 8 { return number << 8 | UInt64(byte) }
            number = number << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 { break }
        }
        return number
    }
}
