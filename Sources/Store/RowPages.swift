import EventModel
import Platform

/// Rows of `events`, laid out in memory byte for byte as SQLite lays them out on disk: a database that holds them and nothing
/// else. What reads it copies whole records and never takes one apart (see `EventInserter`).
///
/// Pages of `Schema.pageBytes`, numbers big-endian (https://www.sqlite.org/fileformat2.html):
///
///     page  what
///        1  the header and the schema, as SQLite itself made them
///        2  the root of the table: its only leaf, or an interior page above its leaves
///        3… leaves, in the order of the ids
///
///     leaf:      offset  size  what
///                     0     1  kind: 13
///                     1     2  first free block: 0, none
///                     3     2  number of cells
///                     5     2  where the first byte of a cell stands
///                     7     1  free bytes between cells: 0
///                     8  2 × n  where each cell stands, by their ids
///                              cells, from the end of the page down
///
///     its cells: varint   bytes of the record
///                varint   id
///                record:  bytes of this header, in one byte; the kind of each of the 13 columns, a varint each; the values
///                         but NULL, 0 and 1, one behind the other
///
///     interior:  offset  size  what
///                     0     1  kind: 5
///                   1…7        as in a leaf
///                     8     4  page of the last leaf
///                    12  2 × n  where each cell stands
///                              cells, from the end of the page down: page of another leaf, 4 bytes; its highest id, a varint
///
/// A varint has seven bits in each byte, the highest first, and the eighth bit set on every byte but the last.
///
/// Sendable: it is never copied, so that whoever has it is the only one who writes to the memory.
@safe struct RowPages: ~Copyable, @unchecked Sendable {
    /// Bytes of the longest cell: its two numbers, the record's header, a time, and the numbers and texts of a payload.
    private static let longestCell =
        2 + longestVarint + (2 + 2 * 12) + TimestampFormatter.length + Limits.recordBytes
    private static let longestVarint = 9
    /// Leaves that a group of rows fills at most: what is left of one is less than a cell and its place take.
    private static let leaves =
        Limits.insertedGroupEvents * (longestCell + 2) / (Schema.pageBytes - 8 - longestCell - 2) + 1

    /// Pages in all, used or not.
    static let pages = 2 + leaves
    static let bytes = pages * Schema.pageBytes

    /// `bytes` bytes, whose owner lets nobody read them while this is written to.
    private let memory: UnsafeMutablePointer<UInt8>

    /// How many rows have been laid out.
    private(set) var count = 0
    private var lastID: Int64 = 0
    private var formatter = TimestampFormatter()

    /// Leaves that are begun, and of the last one how many cells it has and where the first of them stands.
    private var leafCount = 0
    private var cells = 0
    private var cellsStart = 0
    /// Where the first cell of the root stands.
    private var rootCellsStart = Schema.pageBytes

    /// - Parameters:
    ///   - memory: room for `bytes` bytes, there for as long as this.
    ///   - firstPage: the first page of a database of such pages with nothing but the table, whose root is page 2.
    @unsafe init(in memory: UnsafeMutableRawPointer, firstPage: Span<UInt8>) {
        precondition(firstPage.count == Schema.pageBytes)
        unsafe self.memory = memory.assumingMemoryBound(to: UInt8.self)
        for index in firstPage.indices { put(firstPage[index], at: index) }
        // The page count, which SQLite compares with the length.
        put(UInt32(Self.pages), at: 28)
        finish()
    }

    /// Forgets all rows.
    mutating func removeAll() {
        count = 0
        lastID = 0
        leafCount = 0
        rootCellsStart = Schema.pageBytes
    }

    /// Whether there are as many rows as are inserted at once.
    var isFull: Bool { count >= Limits.insertedGroupEvents }

    /// Adds a row. Ids ascend, from 1 on.
    mutating func append(_ record: EventRecord, _ payload: Span<UInt8>, id: Int64) {
        precondition(id > lastID && id < 1 << 56 && !isFull && payload.count <= Limits.recordBytes)
        let row = RowLayout(record)
        let length = Self.cellBytes(row, id: id)
        if leafCount == 0 { beginLeaf() }
        if cellsStart - length < 8 + 2 * (cells + 1) {
            endLeaf()
            addToRoot()
            beginLeaf()
        }
        let page = (1 + leafCount) * Schema.pageBytes
        cellsStart -= length
        put(UInt16(cellsStart), at: page + 8 + 2 * cells)
        cells += 1
        write(record, payload, id: id, row, at: page + cellsStart)
        count += 1
        lastID = id
    }

    /// Completes the pages: from now on they may be read.
    mutating func finish() {
        // Without rows the root is a leaf without cells, so that none is read that stood there before.
        guard count > 0 else { return writeHeader(of: Schema.pageBytes, kind: 13, cells: 0, from: Schema.pageBytes) }
        endLeaf()
        if leafCount == 1 {
            // Both pages lie inside the memory, and are not the same.
            unsafe (memory + Schema.pageBytes).update(from: memory + 2 * Schema.pageBytes, count: Schema.pageBytes)
        } else {
            writeHeader(of: Schema.pageBytes, kind: 5, cells: leafCount - 1, from: rootCellsStart)
            put(UInt32(2 + leafCount), at: Schema.pageBytes + 8)
        }
    }

    // MARK: Pages

    private mutating func beginLeaf() {
        leafCount += 1
        cells = 0
        cellsStart = Schema.pageBytes
    }

    private func endLeaf() {
        writeHeader(of: (1 + leafCount) * Schema.pageBytes, kind: 13, cells: cells, from: cellsStart)
    }

    private func writeHeader(of page: Int, kind: UInt8, cells: Int, from start: Int) {
        put(kind, at: page)
        put(UInt16(0), at: page + 1)
        put(UInt16(cells), at: page + 3)
        put(UInt16(start), at: page + 5)
        put(UInt8(0), at: page + 7)
    }

    /// Adds the last leaf, which another one follows.
    private mutating func addToRoot() {
        rootCellsStart -= 4 + Self.length(ofVarint: UInt64(bitPattern: lastID))
        let root = Schema.pageBytes
        put(UInt16(rootCellsStart), at: root + 12 + 2 * (leafCount - 1))
        put(UInt32(2 + leafCount), at: root + rootCellsStart)
        _ = put(varint: UInt64(bitPattern: lastID), at: root + rootCellsStart + 4)
    }

    // MARK: A row

    private mutating func write(
        _ record: EventRecord, _ payload: Span<UInt8>, id: Int64, _ row: RowLayout, at start: Int
    ) {
        var end = put(varint: UInt64(row.bytes), at: start)
        end = put(varint: UInt64(bitPattern: id), at: end)
        end = row.isNarrow ? putNarrowHeader(record, row, at: end) : putHeader(record, row, at: end)
        var time = unsafe MutableSpan(_unsafeStart: memory + end, count: TimestampFormatter.length)
        formatter.write(record.timestamp, into: &time)
        end += TimestampFormatter.length
        // Texts that stand beside each other in both are copied at once.
        end = put(payload.extracting(record.sessionID.lowerBound..<record.eventType.upperBound), at: end)
        end = put(payload.extracting(record.workspaceHash.lowerBound..<record.taskHash.upperBound), at: end)
        end = put(payload.extracting(record.command), at: end)
        end = put(row.duration, at: end)
        end = put(payload.extracting(record.errorCategory.lowerBound..<record.templateUsed.upperBound), at: end)
        end = put(row.services, at: end)
        end = put(row.ports, at: end)
        assert(end == start + Self.cellBytes(row, id: id))
    }

    /// The header of a record without a long text, as most are: all of its bytes at once.
    @inline(__always)
    private func putNarrowHeader(_ record: EventRecord, _ row: RowLayout, at place: Int) -> Int {
        @inline(__always) func kind(_ text: Range<Int>) -> UInt64 { UInt64(RowLayout.kind(ofText: text.count)) }
        let time = UInt64(RowLayout.kind(ofText: TimestampFormatter.length))
        let first =
            UInt64(row.headerBytes) | time << 16 | kind(record.sessionID) << 24 | kind(record.eventType) << 32
            | kind(record.workspaceHash) << 40 | kind(record.taskHash) << 48 | kind(record.command) << 56
        let rest =
            UInt64(row.duration.kind) | UInt64(row.success.kind) << 8 | kind(record.errorCategory) << 16
            | kind(record.templateUsed) << 24 | UInt64(row.services.kind) << 32 | UInt64(row.ports.kind) << 40
        put(first.byteSwapped, at: place)
        // Two bytes too many, over which the time is written next.
        put(rest.byteSwapped, at: place + 8)
        return place + row.headerBytes
    }

    private func putHeader(_ record: EventRecord, _ row: RowLayout, at place: Int) -> Int {
        put(UInt8(row.headerBytes), at: place)
        put(UInt8(0), at: place + 1)
        var end = put(kindOfText: TimestampFormatter.length, at: place + 2)
        end = put(kindOfText: record.sessionID.count, at: end)
        end = put(kindOfText: record.eventType.count, at: end)
        end = put(kindOfText: record.workspaceHash.count, at: end)
        end = put(kindOfText: record.taskHash.count, at: end)
        end = put(kindOfText: record.command.count, at: end)
        put(row.duration.kind, at: end)
        put(row.success.kind, at: end + 1)
        end = put(kindOfText: record.errorCategory.count, at: end + 2)
        end = put(kindOfText: record.templateUsed.count, at: end)
        put(row.services.kind, at: end)
        put(row.ports.kind, at: end + 1)
        return end + 2
    }

    @inline(__always)
    private static func cellBytes(_ row: RowLayout, id: Int64) -> Int {
        length(ofVarint: UInt64(row.bytes)) + length(ofVarint: UInt64(bitPattern: id)) + row.bytes
    }

    // MARK: Bytes
    //
    // Every place is below `bytes`: a leaf's cells stand between its places and its end, by the test in `append`; leaves are
    // as many as the longest rows need, by `leaves`; and the root has room for fifteen bytes for each of them.

    @inline(__always)
    private func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at place: Int) {
        unsafe UnsafeMutableRawPointer(memory + place).storeBytes(of: number.bigEndian, as: Number.self)
    }

    @inline(__always)
    private func put(_ texts: Span<UInt8>, at place: Int) -> Int {
        unsafe texts.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe copyShort(from: start, to: UnsafeMutableRawPointer(memory + place), count: source.count)
            }
        }
        return place + texts.count
    }

    @inline(__always)
    private func put(_ number: RowLayout.Number, at place: Int) -> Int {
        var shift = number.bytes * 8
        var place = place
        while shift > 0 {
            shift -= 8
            put(UInt8(truncatingIfNeeded: number.value >> shift), at: place)
            place += 1
        }
        return place
    }

    @inline(__always)
    private func put(kindOfText bytes: Int, at place: Int) -> Int {
        let kind = RowLayout.kind(ofText: bytes)
        guard kind >= 0x80 else {
            put(UInt8(kind), at: place)
            return place + 1
        }
        put(UInt8(kind >> 7 | 0x80), at: place)
        put(UInt8(kind & 0x7F), at: place + 1)
        return place + 2
    }

    /// Writes a number below 2^56.
    @inline(__always)
    private func put(varint number: UInt64, at place: Int) -> Int {
        if number < 0x4000 {
            guard number >= 0x80 else {
                put(UInt8(number), at: place)
                return place + 1
            }
            put(UInt16((number >> 7 | 0x80) << 8 | number & 0x7F), at: place)
            return place + 2
        }
        let length = Self.length(ofVarint: number)
        var rest = number
        var index = length - 1
        while index >= 0 {
            put(UInt8(truncatingIfNeeded: rest & 0x7F) | (index == length - 1 ? 0 : 0x80), at: place + index)
            rest >>= 7
            index -= 1
        }
        return place + length
    }

    private static func length(ofVarint number: UInt64) -> Int {
        max(1, (64 - number.leadingZeroBitCount + 6) / 7)
    }
}
