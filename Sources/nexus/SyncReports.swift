import Core
import Sync
import SystemSupport

/// The result of a run of `nexus sync`.
struct SyncReport {
    let destination: String
    let transfers: Int
    let events: Int
    let bytes: Int

    init(_ summary: Transmission.Summary, to destination: Destination) {
        self.destination = destination.identity
        transfers = summary.transfers
        events = summary.rows
        bytes = summary.bytes
    }

    var json: JSONValue {
        [
            "bytes": .integer(bytes), "destination": .string(destination), "events": .integer(events),
            "schema": .integer(1), "transfers": .integer(transfers),
        ]
    }

    var text: String {
        let place = destination.escapedForDisplay
        guard transfers > 0 else { return "Nothing new for \(place).\n" }
        return "Sent \(events.counted("event")), \(bytes.counted("byte")), to \(place).\n"
    }
}

/// The transfers that `nexus sync` would make.
struct PreviewReport {
    let destination: String
    let transfers: Int
    let events: Int
    let bytes: Int
    /// The id of the first event to send; nil if there are no events to send.
    let firstId: Int64?
    /// The id of the last event to send; nil if there are no events to send.
    let lastId: Int64?
    /// The time of the earliest event, RFC 3339, UTC; nil if there are no events to send.
    let earliest: String?
    /// The time of the latest event, RFC 3339, UTC; nil if there are no events to send.
    let latest: String?
    /// The names of the values in each of `firstRows`.
    let columns: [String]
    /// The values of the first rows as they would be sent; nil for an empty value and for NULL.
    let firstRows: [[String?]]

    init(_ preview: SyncPlan.Preview, to destination: Destination) {
        self.destination = destination.identity
        transfers = preview.transfers
        events = preview.rows
        bytes = preview.bytes
        firstId = preview.range?.lowerBound
        lastId = preview.range?.upperBound
        earliest = preview.span.map { Self.rfc3339($0.earliest) }
        latest = preview.span.map { Self.rfc3339($0.latest) }
        columns = SyncPlan.columns
        firstRows = preview.firstRows.map { row in row.map { $0.isEmpty || $0 == #"\N"# ? nil : $0 } }
    }

    var json: JSONValue {
        let rows = firstRows.map { JSONValue.array($0.map { .string($0) }) }
        let value: JSONValue = [
            "bytes": .integer(bytes), "columns": .strings(columns), "destination": .string(destination),
            "earliest": .string(earliest), "events": .integer(events), "first_id": .integer(firstId),
            "first_rows": .array(rows), "last_id": .integer(lastId), "latest": .string(latest), "schema": .integer(1),
            "transfers": .integer(transfers),
        ]
        return value.withoutNulls
    }

    var text: String {
        let place = destination.escapedForDisplay
        guard transfers > 0, let firstId, let lastId, let earliest, let latest else {
            return "Nothing new for \(place).\n"
        }
        var lines = [
            "Would be sent to \(place); nothing was sent:",
            "  Events:  \(events), ids \(firstId) to \(lastId)",
            "  From:    \(earliest.escapedForDisplay)",
            "  Until:   \(latest.escapedForDisplay)",
            "  Bytes:   \(bytes) in \(transfers.counted("transfer"))",
            "  First rows:",
        ]
        lines += firstRows.map { row in
            let values = zip(columns, row).compactMap { column, text in
                text.map { "\(column)=\($0.escapedForDisplay)" }
            }
            return "    " + values.joined(separator: " ")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func rfc3339(_ databaseText: String) -> String { databaseText.replacing(" ", with: "T") + "Z" }
}

/// The content of the ledger.
struct LedgerReport {
    /// Whether the ledger is unchanged since it was written.
    private let isIntact: Bool
    private let lines: Int
    private let transfers: [TransferLog.Item]

    init(_ transfers: [TransferLog.Item], _ findings: LedgerReader.Findings) {
        isIntact = findings.damage == nil
        lines = findings.chain.lines
        self.transfers = transfers
    }

    /// The transfers as JSON. An unconfirmed transfer was started; its data may have arrived.
    var json: JSONValue {
        let values = transfers.map { item -> JSONValue in
            if let version = item.transfer.version {
                return [
                    "at": .string(item.at), "bytes": .integer(item.transfer.bytes),
                    "confirmed": .bool(item.isConfirmed),
                    "day": .string(DailyLines.date(item.transfer.range.lowerBound)),
                    "destination": .string(item.transfer.destination), "id": .string(item.transfer.installation),
                    "lines": .integer(item.transfer.rows), "sha256": .string(item.transfer.sha256),
                    "version": .integer(version),
                ]
            }
            return [
                "at": .string(item.at), "bytes": .integer(item.transfer.bytes), "confirmed": .bool(item.isConfirmed),
                "destination": .string(item.transfer.destination), "events": .integer(item.transfer.rows),
                "first_id": .integer(item.transfer.range.lowerBound),
                "last_id": .integer(item.transfer.range.upperBound), "sha256": .string(item.transfer.sha256),
            ]
        }
        return [
            "intact": .bool(isIntact), "lines": .integer(lines), "schema": .integer(1), "transfers": .array(values),
        ]
    }

    /// Returns a note on a transfer of aggregates, with its day and number of lines; empty for a transfer of rows.
    private static func dayText(_ transfer: Transfer) -> String {
        guard transfer.version != nil else { return "" }
        let day = DailyLines.date(transfer.range.lowerBound)
        return transfer.rows == 0
            ? " (aggregates of \(day) withdrawn)" : " (aggregates of \(day): \(transfer.rows.counted("line")))"
    }

    var text: String {
        guard !transfers.isEmpty else { return isIntact ? "Nothing was ever sent.\n" : "" }
        let rows = transfers.map { line in
            [
                line.at.escapedForDisplay, line.transfer.version == nil ? String(line.transfer.rows) : "-",
                String(line.transfer.bytes), String(line.transfer.sha256.prefix(12)),
                line.isConfirmed ? "sent" : "unconfirmed",
                line.transfer.destination.escapedForDisplay + Self.dayText(line.transfer),
            ]
        }
        let table = [["TIME (UTC)", "EVENTS", "BYTES", "SHA-256", "STATE", "DESTINATION"]] + rows
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { cells in
            let padded = cells.enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return column == 1 || column == 2 ? blanks + cell : (column == 5 ? cell : cell + blanks)
            }
            return padded.joined(separator: "  ") + "\n"
        }.joined()
    }
}
