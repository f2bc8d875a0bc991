import Platform

/// What a page of a table says of itself: whether it holds rows or leads to those that do
/// (https://www.sqlite.org/fileformat2.html#b_tree_pages).
///
///     offset  size  what, in big-endian numbers
///          0     1  kind: 5, inner; 13, leaf
///          1     2  first free block
///          3     2  number of cells
///          5     2  where the first byte of a cell stands
///          7     1  free bytes between cells
///          8     4  inner only: the page under which the highest ids stand
///       8/12  2 × n  where each cell stands, by their ids
///                   cells; in an inner page: another page, 4 bytes; the highest id under it, a varint
enum TablePage {
    static let inner: UInt8 = 5
    static let leaf: UInt8 = 13
    /// The kind of an inner page of an index, or of a table without row ids.
    static let innerOfIndex: UInt8 = 2
    /// More levels than any table has.
    static let mostLevels = 20
    /// Where the places of a leaf's cells begin.
    static let leafHeaderBytes = 8

    /// How many rows stand in the leaf at `place` of `bytes`.
    static func rows(_ bytes: [UInt8], at place: Int) -> Int { Int(bytes.bigEndian16(at: place + 3)) }

    static let damaged = DamagedPage()

    /// The pages to which an inner one leads, by their ids.
    static func children(_ page: [UInt8]) -> [Int] {
        let count = min(Int(page.bigEndian16(at: 3)), (page.count - 12) / 2)
        let cells = (0..<count).map { Int(page.bigEndian16(at: 12 + $0 * 2)) }
        return cells.filter { $0 <= page.count - 4 }.map { Int(page.bigEndian32(at: $0)) }
            + [Int(page.bigEndian32(at: 8))]
    }
}

/// A page of a database that cannot be what it should be.
struct DamagedPage: Error {}

/// Reads the leaves of a table, by their ids, in pages that nobody writes. What they say leads neither out of the database nor on
/// without an end.
struct LeafReader {
    private let pages: DatabasePages
    /// The pages that each inner one on the way down still leads to, the next one last.
    private var levels: [[Int]]
    /// How many more pages may be read: in a table none stands twice.
    private var pagesLeft: Int

    /// `root` is the page that the table begins with.
    init(_ pages: DatabasePages, root: Int) {
        self.pages = pages
        levels = [[root]]
        pagesLeft = pages.count
    }

    /// Reads the next leaf in place of what `page` holds; false when there is none.
    mutating func next(into page: inout [UInt8]) throws -> Bool {
        while let number = takeNext() {
            guard pagesLeft > 0 else { throw TablePage.damaged }
            pagesLeft -= 1
            try pages.read(number, into: &page)
            if page[0] == TablePage.leaf { return true }
            guard page[0] == TablePage.inner, levels.count < TablePage.mostLevels else { throw TablePage.damaged }
            levels.append(TablePage.children(page).reversed())
        }
        return false
    }

    private mutating func takeNext() -> Int? {
        while !levels.isEmpty {
            if let number = levels[levels.count - 1].popLast() { return number }
            levels.removeLast()
        }
        return nil
    }
}

extension [UInt8] {
    /// The four bytes at `offset` as SQLite writes numbers.
    func bigEndian32(at offset: Int) -> UInt32 { span.uint32(at: offset).byteSwapped }

    /// The two bytes at `offset` as SQLite writes numbers.
    func bigEndian16(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }
}
