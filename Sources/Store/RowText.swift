import EventModel
package import Foundation
import GRDB
package import Platform

/// Reads rows of `events` in the order of their ids as lines of text, many in one value: SQLite puts the lines together,
/// which takes a fraction of the time that handing out each column does.
///
/// A line is ClickHouse's `TabSeparated`: the row's identity (installation and id there, see `RowOrigins`) and then the
/// columns of `events` from `timestamp` on, a tab between two, a line feed at the end. An absent text is empty, as no
/// text of an event is; an absent number is `\N`. A backslash, tab or line feed in a text is escaped with a backslash.
///
/// Each call is a read of its own, so that nothing holds the writer up: rows never change, and no id is given twice.
package struct RowText: Sendable {
    /// Rows one behind the other.
    package struct Batch: Sendable {
        /// Ids here of the first and the last row.
        package let range: ClosedRange<Int64>
        package let rows: Int
        /// The lines, cut between two of them.
        package let pieces: [Data]

        package var bytes: Int { pieces.reduce(0) { $0 + $1.count } }
    }

    /// How much a batch may hold.
    package struct Bounds: Sendable {
        package let rows: Int
        /// A batch ends after the piece that reaches this many bytes …
        package let bytes: Int
        /// … if it has this many rows.
        package let leastRows: Int

        package init(rows: Int, bytes: Int, leastRows: Int) {
            self.rows = rows
            self.bytes = bytes
            self.leastRows = leastRows
        }

        /// As much as there is.
        package static let none = Bounds(rows: .max, bytes: .max, leastRows: .max)
    }

    /// Names of the columns in a line, in their order.
    package static let columns = [
        "installation_id", "id", "timestamp", "session_id", "event_type", "workspace_hash", "task_hash", "command",
        "duration_ms", "success", "error_category", "template_used", "services_count", "ports_used",
    ]

    /// Rows in one piece, half a megabyte.
    private static let pieceRows = 2500

    private let queue: DatabaseQueue
    private let path: String

    /// Opens the database of a data folder for reading; nil when there is none yet.
    package init?(data: DataFolder) throws(StoreError) {
        guard data.hasDatabase else { return nil }
        path = data.databasePath
        queue = try DatabaseOpening.forReading(data)
    }

    /// Which database it is, and under which id its own rows go; nil when no writer has brought it up to date yet.
    package func identity() throws(StoreError) -> (store: String, installation: Installation)? {
        try asStoreError(path) {
            try queue.read { database in
                guard try database.tableExists("store"), let installation = try Installation.current(in: database),
                    let store = try String.fetchOne(database, sql: "SELECT id FROM store")
                else { return nil }
                return (store, installation)
            }
        }
    }

    /// The highest id there is; 0 without rows.
    package func lastID() throws(StoreError) -> Int64 {
        try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM events") ?? 0 }
        }
    }

    /// What stands in a range of ids: the ids of its first and last row, their number, and the times of the earliest and
    /// latest event, in the database's text form. Nil when there is none. It looks at no more than `limit` rows.
    package func summary(
        of range: ClosedRange<Int64>, limit: Int64 = .max
    ) throws(StoreError) -> (range: ClosedRange<Int64>, rows: Int, earliest: String, latest: String)? {
        try asStoreError(path) {
            try queue.read { database in
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT min(id), max(id), count(*), min(timestamp), max(timestamp)
                        FROM (SELECT id, timestamp FROM events WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?)
                        """, arguments: [range.lowerBound, range.upperBound, limit])
                guard let row, let first: Int64 = row[0], let last: Int64 = row[1] else { return nil }
                return (first...last, row[2], row[3] ?? "", row[4] ?? "")
            }
        }
    }

    /// The rows of a range of ids, up to `bounds`; nil when there are none.
    package func batch(in range: ClosedRange<Int64>, _ bounds: Bounds) throws(StoreError) -> Batch? {
        try asStoreError(path) {
            var (first, last): (Int64?, Int64) = (nil, 0)
            var (rows, bytes) = (0, 0)
            var pieces: [Data] = []
            var next = range.lowerBound
            while next <= range.upperBound, rows < bounds.rows, bytes < bounds.bytes || rows < bounds.leastRows {
                let limit = min(Self.pieceRows, bounds.rows - rows)
                guard let piece = try queue.read({ try Self.piece(next...range.upperBound, limit, from: $0) }) else {
                    break
                }
                first = first ?? piece.range.lowerBound
                last = piece.range.upperBound
                rows += piece.rows
                bytes += piece.text.count
                pieces.append(piece.text)
                next = last + 1
            }
            return first.map { Batch(range: $0...last, rows: rows, pieces: pieces) }
        }
    }

    // MARK: One piece

    private typealias Piece = (range: ClosedRange<Int64>, rows: Int, text: Data)

    /// The first rows of a range that come from one installation, up to `limit`.
    private static func piece(_ range: ClosedRange<Int64>, _ limit: Int, from database: Database) throws -> Piece? {
        // The next row may be far away where rows were purged, and under another line of the origins.
        let start = try Int64.fetchOne(
            database.cachedStatement(sql: "SELECT id FROM events WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1"),
            arguments: [range.lowerBound, range.upperBound])
        guard let start, let own = try Installation.current(in: database) else { return nil }
        let origins = try RowOrigins.read(from: database).origins
        let identity = origins.identity(of: start, own: own)
        let arguments: StatementArguments = [
            identity.installation.id, identity.id - start, start,
            min(range.upperBound, origins.endOfStretch(holding: start)), limit,
        ]
        let plain = try Row.fetchOne(database.cachedStatement(sql: plainSQL), arguments: arguments)
        guard let plain, let piece = Self.piece(plain) else { return nil }
        if Self.isPlain(piece.text, rows: piece.rows, absentNumbers: plain[4]) { return piece }
        return try Row.fetchOne(database.cachedStatement(sql: escapingSQL), arguments: arguments).flatMap(Self.piece)
    }

    private static func piece(_ row: Row) -> Piece? {
        guard let first: Int64 = row[0], let last: Int64 = row[1], let text: Data = row[3] else { return nil }
        return (first...last, row[2], text)
    }

    /// Whether nothing in the texts had to be escaped: there are just as many tabs, line feeds and backslashes as stand
    /// between and for values. Texts that came in through Nexus never have any; those that somebody wrote into the
    /// database with another tool may.
    private static func isPlain(_ text: Data, rows: Int, absentNumbers: Int) -> Bool {
        var (tabs, lines, backslashes) = (0, 0, 0)
        for byte in text {
            tabs += byte == UInt8(ascii: "\t") ? 1 : 0
            lines += byte == UInt8(ascii: "\n") ? 1 : 0
            backslashes += byte == UInt8(ascii: "\\") ? 1 : 0
        }
        return tabs == rows * (columns.count - 1) && lines == rows && backslashes == absentNumbers
    }

    private static let plainSQL = sql { $0 }
    private static let escapingSQL = sql { column in
        #"replace(replace(replace(\#(column), '\', '\\'), char(9), '\t'), char(10), '\n')"#
    }

    /// Ids of the first and last row, their number, their lines, and how many numbers are absent in them. `text` says how
    /// a column of text is written.
    private static func sql(_ text: (String) -> String) -> String {
        let numbers = ["duration_ms", "success", "services_count", "ports_used"]
        let values = columns.dropFirst(2)
            .map { column in numbers.contains(column) ? #"ifnull(\#(column), '\N')"# : text(column) }
        let absent = numbers.map { "(\($0) IS NULL)" }
        let format = #"%s\#t%d"# + String(repeating: #"\#t%s"#, count: values.count) + #"\#n"#
        return """
            SELECT min(id), max(id), count(*), CAST(group_concat(line, '') AS BLOB), total(absent)
            FROM (SELECT id, \(absent.joined(separator: " + ")) AS absent,
                    printf('\(format)', ?1, id + ?2, \(values.joined(separator: ", "))) AS line
                FROM events WHERE id BETWEEN ?3 AND ?4 ORDER BY id LIMIT ?5)
            """
    }
}

extension RowOrigins {
    /// The last id that the same line says about as about `id`; rows under no line end before the next line.
    fileprivate func endOfStretch(holding id: Int64) -> Int64 {
        guard let next = stretches.first(where: { $0.last >= id }) else { return .max }
        return next.first <= id ? next.last : next.first - 1
    }
}
