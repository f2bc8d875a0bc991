/// Bytes that can be read wherever one looks, and that nobody writes.
package protocol RandomAccessBytes: AnyObject {
    /// How many there are.
    var count: Int { get }
    /// Reads those of `range`, which lies inside, in place of what `bytes` holds.
    func read(_ range: Range<Int>, into bytes: inout [UInt8]) throws
}

/// The pages of a database, read past SQLite (https://www.sqlite.org/fileformat2.html#the_database_header):
///
///     offset  size  what, in big-endian numbers
///          0    16  "SQLite format 3\0"
///         16     2  bytes of a page; 1 stands for 65536
///         18     2  versions of the format to read and to write: 1 is a plain database, 2 one with a log beside it
///         20     1  bytes at the end of each page that are left free
///         56     4  how texts are written: 1, UTF-8
///        100        the first page goes on, as the root of the schema
package struct DatabasePages {
    static let headerBytes = 100

    /// For messages.
    let path: String
    private let source: any RandomAccessBytes
    package let pageBytes: Int
    /// How many there are.
    package let count: Int

    /// Looks at the header; nil when it is not that of a plain database as Nexus makes it.
    package init?(_ source: any RandomAccessBytes, path: String) throws {
        guard source.count >= Self.headerBytes else { return nil }
        var header: [UInt8] = []
        try source.read(0..<Self.headerBytes, into: &header)
        let stated = Int(header.bigEndian16(at: 16))
        let pageBytes = stated == 1 ? 65536 : stated
        guard header.starts(with: Array("SQLite format 3\0".utf8)), header[18] == 1, header[19] == 1, header[20] == 0,
            header.bigEndian32(at: 56) == 1, pageBytes >= 512, pageBytes & (pageBytes - 1) == 0
        else { return nil }
        self.path = path
        self.source = source
        self.pageBytes = pageBytes
        count = source.count / pageBytes
    }

    /// Reads a page, the first of which is 1, in place of what `page` holds.
    package func read(_ number: Int, into page: inout [UInt8]) throws {
        guard number >= 1, number <= count else { throw TablePage.damaged }
        try source.read((number - 1) * pageBytes..<number * pageBytes, into: &page)
    }

    /// How many rows a table has; nil when the schema does not have it.
    package func rows(of table: String) throws -> Int? {
        guard let root = try root(of: table) else { return nil }
        return try sayingWhichIsDamaged(path) {
            var leaves = LeafReader(self, root: root)
            var page: [UInt8] = []
            var rows = 0
            while try leaves.next(into: &page) { rows += TablePage.rows(page, at: 0) }
            return rows
        }
    }

    /// The numbers of all pages of these tables, and that of the schema's: what SQLite looks at that is asked about no other. Pages
    /// on which long values go on are not among them.
    package func numbers(of tables: [String]) throws -> [Int] {
        var numbers = [1]
        for table in tables {
            var next = try root(of: table).map { [$0] } ?? []
            try sayingWhichIsDamaged(path) {
                var page: [UInt8] = []
                while let number = next.popLast() {
                    // In sound ones no page stands twice, so that all that are known now are no more than there are.
                    guard number >= 2, numbers.count + next.count < count else { throw TablePage.damaged }
                    numbers.append(number)
                    try read(number, into: &page)
                    if page[0] == TablePage.inner || page[0] == TablePage.innerOfIndex {
                        next += TablePage.children(page)
                    }
                }
            }
        }
        return numbers
    }

    /// The page that a table begins with, as the schema has it, which in Nexus's databases fits the first page; nil when it does
    /// not say.
    func root(of table: String) throws -> Int? {
        try sayingWhichIsDamaged(path) { () throws -> Int? in
            var page: [UInt8] = []
            try read(1, into: &page)
            guard page[Self.headerBytes] == TablePage.leaf else { return nil }
            // type, name, tbl_name, rootpage, sql
            var entry = [EventRow.Cell](repeating: .null, count: 5)
            for index in 0..<TablePage.rows(page, at: Self.headerBytes) {
                let place = Self.headerBytes + TablePage.leafHeaderBytes + 2 * index
                guard place + 2 <= page.count else { throw TablePage.damaged }
                var record = RecordReader(place: Int(page.bigEndian16(at: place)))
                _ = try record.readCell(of: page.span, skipping: 0, into: &entry)
                guard case .text(let type) = entry[0], case .text(let name) = entry[1],
                    case .integer(let root) = entry[3], page[type].elementsEqual("table".utf8),
                    page[name].elementsEqual(table.utf8)
                else { continue }
                return Int(exactly: root)
            }
            return nil
        }
    }
}

/// Runs work on the pages of the file at `path`; errors but that one is damaged come out as they are.
func sayingWhichIsDamaged<Value>(_ path: String, _ work: () throws -> Value) throws -> Value {
    do { return try work() } catch is DamagedPage { throw StoreError.notADatabase(path: path) }
}
