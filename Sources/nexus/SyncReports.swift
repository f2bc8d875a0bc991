import EventModel
import Platform
import Store
import Sync

/// What a run of `nexus sync` did.
struct SyncReport: Encodable {
    let schema = 1
    let destination: String
    let transfers: Int
    let events: Int
    let bytes: Int

    init(_ summary: TransferActor.Summary, to destination: Destination) {
        self.destination = destination.identity
        transfers = summary.transfers
        events = summary.rows
        bytes = summary.bytes
    }

    var text: String {
        let place = destination.escapedForDisplay
        guard transfers > 0 else { return "Nothing new for \(place).\n" }
        return "Sent \(events) event\(events == 1 ? "" : "s"), \(bytes) bytes, to \(place).\n"
    }
}

/// What a run of `nexus sync` would do.
struct PreviewReport: Encodable {
    let schema = 1
    let destination: String
    let transfers: Int
    let events: Int
    let bytes: Int
    let firstId: Int64?
    let lastId: Int64?
    /// RFC 3339, UTC; null without events.
    let earliest: String?
    let latest: String?
    let columns: [String]
    /// Texts as they would go; null where there is no value.
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
        columns = RowText.columns
        firstRows = preview.firstRows.map { row in row.map { $0.isEmpty || $0 == #"\N"# ? nil : $0 } }
    }

    var text: String {
        let place = destination.escapedForDisplay
        guard transfers > 0, let firstId, let lastId, let earliest, let latest else {
            return "Nothing new for \(place).\n"
        }
        var lines = [
            "Would go to \(place); nothing was sent:",
            "  Events:  \(events), ids \(firstId) to \(lastId)",
            "  From:    \(earliest.escapedForDisplay)",
            "  Until:   \(latest.escapedForDisplay)",
            "  Bytes:   \(bytes) in \(transfers) \(transfers == 1 ? "transfer" : "transfers")",
            "  The first:",
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

/// The names that destinations have.
struct DestinationsReport: Encodable {
    let schema = 1
    let destinations: [String: String]
}

/// What the ledger tells.
struct LedgerReport: Encodable {
    struct Line: Encodable {
        let at: String
        let destination: String
        let events: Int
        let bytes: Int
        let firstId: Int64
        let lastId: Int64
        let sha256: String
        /// False for one that was begun and never confirmed: it may have arrived.
        let confirmed: Bool
    }

    let schema = 1
    /// Whether the ledger is as it was written.
    let intact: Bool
    let lines: Int
    let transfers: [Line]

    init(_ transfers: [TransferLog.Item], _ findings: LedgerReader.Findings) {
        intact = findings.damage == nil
        lines = findings.chain.lines
        self.transfers = transfers.map { item in
            Line(
                at: item.at, destination: item.transfer.destination, events: item.transfer.rows,
                bytes: item.transfer.bytes, firstId: item.transfer.range.lowerBound,
                lastId: item.transfer.range.upperBound, sha256: item.transfer.sha256, confirmed: item.isConfirmed)
        }
    }

    var text: String {
        guard !transfers.isEmpty else { return intact ? "Nothing was ever sent.\n" : "" }
        let rows = transfers.map { line in
            [
                line.at.escapedForDisplay, String(line.events), String(line.bytes), String(line.sha256.prefix(12)),
                line.confirmed ? "sent" : "unconfirmed", line.destination.escapedForDisplay,
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
