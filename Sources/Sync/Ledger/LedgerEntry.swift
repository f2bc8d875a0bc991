import Core
import Foundation

/// One line of the egress ledger: a transfer that is about to begin, or one that was confirmed.
///
/// A line is a JSON object with its keys in alphabetical order, followed by a line feed:
///     at            time, RFC 3339, UTC
///     bytes         length of what is sent, before the connection encrypts it
///     destination   URL of the destination, without user name, password and query
///     event         "intent" before the first byte leaves, "sent" once the destination has confirmed it
///     first, last   ids of the first and the last row of the range
///     installation  installation id under which the rows are sent
///     line          number of the line, from 1 on
///     previous      SHA-256 of the previous line without its line feed; 64 zeros in the first line
///     rows          number of rows
///     sha256        SHA-256 of what is sent
///     store         id of the database that the row ids belong to; this id stays on this machine
///
/// A day of aggregates has a line of the same form. There `first` and `last` are the day's number since 1970, and
/// `installation` is the random id of the destination. `rows` counts lines, and `sha256` is `DailyLines.checksum`. An
/// additional key distinguishes a day from rows:
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

    /// The value of `store` in the lines of aggregates. It is the same for every database that the folder had, because
    /// a day replaces the day of an earlier database.
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

    /// Nil when the bytes are not a valid line, or its numbers are invalid.
    init?(encoded bytes: [UInt8]) {
        guard let entry = try? JSONDecoder().decode(LedgerEntry.self, from: Data(bytes)),
            entry.first >= 0, entry.last >= entry.first, entry.rows >= 0, entry.bytes >= 0, entry.line > 0
        else { return nil }
        self = entry
    }

    /// The entry for a transfer; the ledger adds the number and the chain.
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

/// A range of rows, or a day of aggregates, on its way to a destination.
package struct Transfer: Equatable, Sendable {
    /// The destination's identity (see `Destination`).
    package var destination: String
    /// The database that the row ids belong to.
    package var store: String
    /// The installation id under which the rows are sent.
    package var installation: String
    /// Ids of the first and the last row.
    package var range: ClosedRange<Int64>
    package var rows: Int
    package var bytes: Int
    /// The hash of the sent content, in hexadecimal digits.
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
