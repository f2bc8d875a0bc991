import Core
import Foundation

/// One line of the egress ledger: the intent to start a transfer, or the confirmation of a transfer.
///
/// A line is a JSON object with its keys in alphabetical order, followed by a line feed:
///
///     at            time, RFC 3339, UTC
///     bytes         length of the sent content, before the connection encrypts it
///     destination   URL of the destination, without user name, password and query
///     event         "intent": written before the first byte is sent; "sent": written after the confirmation
///     first, last   ids of the first and the last row of the range
///     installation  installation id under which the rows are sent
///     line          number of the line, from 1 on
///     previous      SHA-256 of the previous line without its line feed; 64 zeros in the first line
///     rows          number of rows
///     sha256        SHA-256 of the sent content
///     store         id of the database that the row ids belong to; this id stays on this machine
///
/// The line for a day of aggregates has the same keys. Its `first` and `last` are both the day's number since 1970, and
/// its `installation` is the random id of the destination. `rows` is the number of lines of the day, `bytes` is their
/// length before compression, and `sha256` is `DailyLines.checksum`. An additional key distinguishes a day from rows:
///
///     version       version of the day; a higher version replaces a lower version
package struct LedgerEntry: Decodable, Equatable, Sendable {
    package enum Event: String, Decodable, Sendable {
        case intent, sent
    }

    package var at: String
    package var bytes: Int
    package var destination: String
    package var event: Event
    package var first: Int64
    package var last: Int64
    package var installation: String
    package var line: Int
    package var previous: String
    package var rows: Int
    package var sha256: String
    package var store: String
    package var version: Int64?

    /// The value of `store` in the lines for aggregates. It does not depend on the database, because a day from a new
    /// database replaces the same day from an earlier database.
    static let aggregatesStore = "aggregates"

    /// The value of `previous` in the first line.
    static let noPrevious = String(repeating: "0", count: 64)

    /// Returns the line's bytes, without its line feed.
    func encoded() -> [UInt8] {
        let value: JSONValue = [
            "at": .string(at), "bytes": .integer(bytes), "destination": .string(destination),
            "event": .string(event.rawValue), "first": .integer(first), "installation": .string(installation),
            "last": .integer(last), "line": .integer(line), "previous": .string(previous), "rows": .integer(rows),
            "sha256": .string(sha256), "store": .string(store), "version": .integer(version),
        ]
        return Array(value.withoutNulls.text(.line).utf8)
    }

    /// Nil if the bytes are not a valid line, or if a number is out of range.
    init?(encoded bytes: [UInt8]) {
        guard let entry = try? JSONDecoder().decode(LedgerEntry.self, from: Data(bytes)),
            entry.first >= 0, entry.last >= entry.first, entry.rows >= 0, entry.bytes >= 0, entry.line > 0
        else { return nil }
        self = entry
    }

    /// Makes an entry for a transfer. `LedgerChain.extend` sets `line` and `previous`.
    package init(_ event: Event, _ transfer: Transfer, at time: Int64) {
        self.event = event
        at = Timestamp.rfc3339(time)
        bytes = transfer.bytes
        destination = transfer.destination
        first = transfer.range.lowerBound
        last = transfer.range.upperBound
        installation = transfer.installation
        rows = transfer.rows
        sha256 = transfer.sha256
        store = transfer.store
        version = transfer.version
        line = 0
        previous = Self.noPrevious
    }

    /// The transfer that the line records.
    package var transfer: Transfer {
        Transfer(
            destination: destination, store: store, installation: installation, range: first...last, rows: rows,
            bytes: bytes, sha256: sha256, version: version)
    }
}

/// A range of rows, or a day of aggregates, that is sent to a destination.
package struct Transfer: Equatable, Sendable {
    /// The destination's identity (see `Destination`).
    package var destination: String
    /// The id of the database that the row ids belong to; `LedgerEntry.aggregatesStore` for aggregates.
    package var store: String
    /// The installation id under which the rows are sent; for aggregates, the random id of the destination.
    package var installation: String
    /// Ids of the first and the last row; for aggregates, both are the day's number since 1970.
    package var range: ClosedRange<Int64>
    package var rows: Int
    package var bytes: Int
    /// SHA-256 of the sent content, in hexadecimal digits; for aggregates, `DailyLines.checksum`.
    package var sha256: String
    /// The version of a day of aggregates; nil for rows.
    package var version: Int64?

    package init(
        destination: String, store: String, installation: String, range: ClosedRange<Int64>, rows: Int, bytes: Int,
        sha256: String, version: Int64? = nil
    ) {
        self.destination = destination
        self.store = store
        self.installation = installation
        self.range = range
        self.rows = rows
        self.bytes = bytes
        self.sha256 = sha256
        self.version = version
    }
}
