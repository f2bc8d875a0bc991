import EventModel
import GRDB
package import Platform

/// Reads rows of `events` in the order of their ids as lines of text.
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
        package let pieces: [[UInt8]]

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

    /// What stands in a range of ids.
    package struct Summary: Equatable, Sendable {
        /// Ids here of the first and the last row.
        package let range: ClosedRange<Int64>
        package let rows: Int
        /// Times of the earliest and the latest event, in the database's text form.
        package let earliest: String
        package let latest: String
    }

    /// What stands in a range of ids, as far as the first `limit` rows; nil when there is none.
    package func summary(of range: ClosedRange<Int64>, limit: Int64 = .max) throws(StoreError) -> Summary? {
        try asStoreError(path) {
            try queue.read { database in
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT min(id), max(id), count(*), min(timestamp), max(timestamp)
                        FROM (SELECT id, timestamp FROM events WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?)
                        """, arguments: [range.lowerBound, range.upperBound, limit])
                guard let row, let first: Int64 = row[0], let last: Int64 = row[1] else { return nil }
                return Summary(range: first...last, rows: row[2], earliest: row[3] ?? "", latest: row[4] ?? "")
            }
        }
    }

    /// The rows of a range of ids, up to `bounds`; nil when there are none.
    package func batch(in range: ClosedRange<Int64>, _ bounds: Bounds) throws(StoreError) -> Batch? {
        try asStoreError(path) {
            var (first, last): (Int64?, Int64) = (nil, 0)
            var (rows, bytes) = (0, 0)
            var pieces: [[UInt8]] = []
            while last < range.upperBound, rows < bounds.rows, bytes < bounds.bytes || rows < bounds.leastRows {
                let rest = max(range.lowerBound, last + 1)...range.upperBound
                guard let piece = try piece(rest, limit: min(Self.pieceRows, bounds.rows - rows)) else { break }
                first = first ?? piece.range.lowerBound
                last = piece.range.upperBound
                rows += piece.rows
                bytes += piece.text.count
                pieces.append(piece.text)
            }
            return first.map { Batch(range: $0...last, rows: rows, pieces: pieces) }
        }
    }

    // MARK: One piece

    /// The first rows of a range, up to `limit`; nil when there is none.
    private func piece(
        _ range: ClosedRange<Int64>, limit: Int
    ) throws -> (range: ClosedRange<Int64>, rows: Int, text: [UInt8])? {
        try queue.read { database in
            guard let own = try Installation.current(in: database) else { return nil }
            // From the same moment as the rows: what the installation's id is renewed to is for later rows.
            let origins = try RowOrigins.read(from: database).origins
            var (first, last): (Int64?, Int64) = (nil, 0)
            var rows = 0
            var text: [UInt8] = []
            text.reserveCapacity(limit * 200)
            var reader = try EventRowReader(
                database, where: "id BETWEEN ? AND ?", arguments: [range.lowerBound, range.upperBound], limit: limit)
            while try reader.next({ row in
                first = first ?? row.id
                last = row.id
                rows += 1
                Self.append(row, origins.identity(of: row.id, own: own), to: &text)
            }) {}
            return first.map { ($0...last, rows, text) }
        }
    }

    private static func append(_ row: borrowing EventRow, _ identity: RowOrigins.Identity, to line: inout [UInt8]) {
        line.append(contentsOf: identity.installation.id.utf8)
        line.append(UInt8(ascii: "\t"))
        line.append(contentsOf: String(identity.id).utf8)
        for column in EventRow.Column.allCases {
            line.append(UInt8(ascii: "\t"))
            switch row[column] {
            case .integer(let number): line.append(contentsOf: String(number).utf8)
            case .text(let place): append(escaping: row.bytes.span.extracting(place), to: &line)
            case .null, .other: if holdsNumber(column) { line.append(contentsOf: #"\N"#.utf8) }
            }
        }
        line.append(UInt8(ascii: "\n"))
    }

    private static func holdsNumber(_ column: EventRow.Column) -> Bool {
        switch column {
        case .durationMS, .success, .servicesCount, .portsUsed: true
        default: false
        }
    }

    /// A text that came in through Nexus has nothing to escape; one that another tool wrote into the database may.
    private static func append(escaping text: Span<UInt8>, to line: inout [UInt8]) {
        var isPlain = true
        for index in text.indices {
            let byte = text[index]
            isPlain = isPlain && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\t") && byte != UInt8(ascii: "\n")
        }
        if isPlain { return line.append(text) }
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\\"): line.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\t"): line.append(contentsOf: #"\t"#.utf8)
            case UInt8(ascii: "\n"): line.append(contentsOf: #"\n"#.utf8)
            case let byte: line.append(byte)
            }
        }
    }
}
