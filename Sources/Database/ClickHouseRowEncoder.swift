package import Core
import GRDB
import SystemSupport

/// Encodes rows of `events` as lines of text, in the order of their ids.
///
/// A line is in ClickHouse's `TabSeparated` format: the row's identity (the installation that recorded the row and the
/// row's id there, see `RowProvenance`), then the columns of `events` from `timestamp` on. Values are separated by
/// tabs, and a line feed ends the line. An absent text is an empty field, because no text of an event is empty. An
/// absent number is `\N`. A backslash, tab or line feed in a text is escaped with a backslash.
///
/// Each chunk of a batch is a separate read transaction, so that a long batch does not block the writer. The results of
/// several reads fit together, because rows never change and no id is reused.
package struct ClickHouseRowEncoder: Sendable {
    /// Consecutive rows, encoded.
    package struct Batch: Sendable {
        /// Ids of the first and the last row in this database.
        package let range: ClosedRange<Int64>
        package let rows: Int
        /// The encoded lines, in chunks. A line is never split between two chunks.
        package let pieces: [[UInt8]]

        package var bytes: Int { pieces.reduce(0) { $0 + $1.count } }
    }

    /// Limits on the size of a batch.
    package struct Bounds: Sendable {
        package let rows: Int
        /// A batch gets no further chunk once it has at least this many bytes and at least `leastRows` rows.
        package let bytes: Int
        /// A batch with fewer rows than this gets further chunks, even if it has reached `bytes`.
        package let leastRows: Int

        package init(rows: Int, bytes: Int, leastRows: Int) {
            self.rows = rows
            self.bytes = bytes
            self.leastRows = leastRows
        }

        /// No limits.
        package static let none = Bounds(rows: .max, bytes: .max, leastRows: .max)
    }

    /// Names of the columns in a line, in their order.
    package static let columns = [
        "installation_id", "id", "timestamp", "session_id", "event_type", "workspace_hash", "task_hash", "command",
        "duration_ms", "success", "error_category", "template_used", "services_count", "ports_used",
    ]

    /// The number of rows in a chunk. Their text takes about half a megabyte.
    private static let pieceRows = 2500
    /// Initial capacity for a line, in bytes: enough for a typical line.
    private static let usualLineBytes = 240

    private let queue: DatabaseQueue
    private let path: String

    /// Opens the database of a data folder for reading; nil when there is none yet.
    package init?(data: DataFolder) throws(StoreError) {
        guard let queue = try DatabaseOpening.forReading(data) else { return nil }
        path = data.databasePath
        self.queue = queue
    }

    /// Returns the database's random name (from the table `store`) and its installation; nil when the database lacks
    /// the name or a valid installation id.
    package func identity() throws(StoreError) -> (store: String, installation: InstallationID)? {
        try asStoreError(path) {
            try queue.read { database in
                guard try database.tableExists("store"), let installation = try InstallationID.current(in: database),
                    let store = try String.fetchOne(database, sql: "SELECT id FROM store")
                else { return nil }
                return (store, installation)
            }
        }
    }

    /// Returns the highest row id in `events`; 0 without rows.
    package func lastID() throws(StoreError) -> Int64 {
        try asStoreError(path) {
            try queue.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM events") ?? 0 }
        }
    }

    /// A summary of the rows in a range of ids.
    package struct Summary: Equatable, Sendable {
        /// Ids of the first and the last row in this database.
        package let range: ClosedRange<Int64>
        package let rows: Int
        /// The time of the earliest event, in the database's text form.
        package let earliest: String
        /// The time of the latest event, in the database's text form.
        package let latest: String
    }

    /// Returns a summary of the first `limit` rows in a range of ids; nil when there are none.
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

    /// Returns the rows of a range of ids, up to `bounds`; nil when there are none.
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

    // MARK: One chunk

    /// Returns the first rows of a range, up to `limit`; nil when there is none.
    private func piece(
        _ range: ClosedRange<Int64>, limit: Int
    ) throws -> (range: ClosedRange<Int64>, rows: Int, text: [UInt8])? {
        try queue.read { database in
            guard let own = try InstallationID.current(in: database) else { return nil }
            // The origins are read in the same transaction as the rows. If the installation gets a new id afterwards,
            // that id applies to later rows only.
            let origins = try RowProvenance.read(from: database).origins
            var (first, last): (Int64?, Int64) = (nil, 0)
            var rows = 0
            var text: [UInt8] = []
            text.reserveCapacity(limit * Self.usualLineBytes)
            var line = LineWriter(origins, own: own)
            var reader = try EventRowReader(
                database, where: "id BETWEEN ? AND ?", arguments: [range.lowerBound, range.upperBound], limit: limit)
            while try reader.next({ row in
                first = first ?? row.id
                last = row.id
                rows += 1
                line.append(row, to: &text)
            }) {}
            return first.map { ($0...last, rows, text) }
        }
    }
}

/// Writes rows as lines.
private struct LineWriter {
    private let origins: RowProvenance
    private let own: InstallationID
    /// The installation of the last line.
    private var installation: InstallationID
    /// The id of `installation`, as it is written to a line.
    private var installationText: [UInt8]

    init(_ origins: RowProvenance, own: InstallationID) {
        self.origins = origins
        self.own = own
        installation = own
        installationText = Array(own.id.utf8)
    }

    mutating func append(_ row: borrowing EventRow, to text: inout [UInt8]) {
        let identity = origins.identity(of: row.id, own: own)
        if identity.installation != installation {
            installation = identity.installation
            installationText = Array(installation.id.utf8)
        }
        text.append(installationText.span)
        text.append(UInt8(ascii: "\t"))
        text.append(decimal: identity.id)
        for column in EventRow.Column.all {
            text.append(UInt8(ascii: "\t"))
            switch row[column] {
            case .integer(let number): text.append(decimal: number)
            case .text(let place): Self.append(escaping: row.bytes.span.extracting(place), to: &text)
            case .null, .other: if Self.holdsNumber(column) { text.append(#"\N"#.utf8.span) }
            }
        }
        text.append(UInt8(ascii: "\n"))
    }

    private static func holdsNumber(_ column: EventRow.Column) -> Bool {
        switch column {
        case .durationMS, .success, .servicesCount, .portsUsed: true
        default: false
        }
    }

    /// Appends a text, with escapes. Texts that Nexus recorded contain nothing to escape. Texts that another tool wrote
    /// may contain a tab, a line feed or a backslash.
    private static func append(escaping value: Span<UInt8>, to text: inout [UInt8]) {
        // The loop has no early exit, so that the compiler can vectorize it.
        var special: UInt8 = 0
        var index = 0
        while index < value.count {
            let byte = value[index]
            special |= byte == UInt8(ascii: "\\") ? 1 : 0
            special |= byte == UInt8(ascii: "\t") ? 1 : 0
            special |= byte == UInt8(ascii: "\n") ? 1 : 0
            index &+= 1
        }
        if special == 0 { return text.append(value) }
        for index in value.indices {
            switch value[index] {
            case UInt8(ascii: "\\"): text.append(#"\\"#.utf8.span)
            case UInt8(ascii: "\t"): text.append(#"\t"#.utf8.span)
            case UInt8(ascii: "\n"): text.append(#"\n"#.utf8.span)
            case let byte: text.append(byte)
            }
        }
    }
}
