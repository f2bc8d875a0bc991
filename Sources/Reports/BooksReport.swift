package import Core
package import Database
import Foundation
import SystemSupport

/// The state of recording: what `nexus telemetry status` shows.
package struct BooksReport: Sendable {
    /// What was sent to one destination so far.
    package struct Sent: Equatable, Sendable {
        package let destination: String
        package var transfers: Int
        package var rows: Int
        package var bytes: Int
        /// When the last transfer was confirmed, RFC 3339.
        package var last: String

        package init(destination: String, transfers: Int, rows: Int, bytes: Int, last: String) {
            self.destination = destination
            self.transfers = transfers
            self.rows = rows
            self.bytes = bytes
            self.last = last
        }

        var json: JSONValue {
            [
                "bytes": .integer(bytes), "destination": .string(destination), "last": .string(last),
                "rows": .integer(rows), "transfers": .integer(transfers),
            ]
        }
    }

    /// What recording one event has cost the scripts that waited for it, in microseconds.
    package struct Cost: Equatable, Sendable {
        package let calls: Int
        package let p50: Int
        package let p99: Int

        package init(calls: Int, p50: Int, p99: Int) {
            self.calls = calls
            self.p50 = p50
            self.p99 = p99
        }
    }

    let recording: RecordingSwitch
    let folder: String
    let bytes: Int
    let books: Books
    /// What the person has decided, whatever is in force here.
    package var settings = Settings()
    /// Why the key cannot be used; nil when it can, or there is none yet.
    package var keyProblem: String?
    /// The beginning of the oldest quarter of an hour with events, milliseconds since 1970; nil without events.
    package var since: Int64?
    /// Nil when no single event was recorded yet.
    package var cost: Cost?
    package var sent: [Sent] = []
    /// Why it is not known for sure what was sent; nil when it is.
    package var sentProblem: String?

    /// `bytes` is the size of the data folder.
    package init(recording: RecordingSwitch, folder: String, bytes: Int, books: Books) {
        self.recording = recording
        self.folder = folder
        self.bytes = bytes
        self.books = books
    }

    package var text: String {
        var lines = [
            "Recording:  " + recordingText + (settings.isRecordingOn ? "" : "; the setting is off"),
            "Data:       \(folder.escapedForDisplay) (\(sizeText))",
            "Kept:       "
                + (settings.retentionDays.map { "rows for \($0.counted("day")), counts for ever" } ?? "for ever"),
            "Received:   \(books.received)",
            "Accepted:   \(books.accepted)",
            "Rejected:   \(books.rejected)",
        ]
        if let keyProblem { lines.insert("KEY:        \(keyProblem)", at: 2) }
        if let since { lines.insert("Since:      \(Timestamp.rfc3339(since))", at: lines.count - 3) }
        lines += books.rejectedByReason.map { "              \($0.count) \($0.reason.name)" }
        lines += [
            "Stored:     \(books.stored) in \(books.sessions.counted("session"))",
            "Pending:    \(books.pending)" + pendingText,
        ]
        if books.imported > 0 { lines.append("Imported:   \(books.imported) from snapshots, beside those") }
        if books.purged > 0 {
            lines.append("Removed:    \(books.purged) of the stored ones, by 'nexus telemetry purge'")
        }
        if books.expired > 0 {
            lines.append("Expired:    \(books.expired) of the stored ones, as they were too old to be kept")
        }
        if books.droppedFields > 0 {
            lines.append("Dropped:    " + books.droppedFields.counted("unknown field"))
        }
        if books.cutCommands > 0 {
            lines.append("Cut:        \(books.cutCommands.counted("command")) where the arguments begin")
        }
        if books.redactedValues > 0 {
            lines.append("Redacted:   " + books.redactedValues.counted("suspected secret"))
        }
        if books.droppedEvents > 0 {
            lines.append(
                "Lost:       \(books.droppedEvents.counted("event")) that programs had no room for, never received")
        }
        if books.tornRecords > 0 {
            lines.append("Torn:       \(books.tornRecords.counted("record")) of killed writers, never acknowledged")
        }
        if books.damagedRecords > 0 {
            lines.append("Damaged:    \(books.damagedRecords.counted("record")) lost to changes on the disk")
        }
        if let cost {
            lines.append(
                "Cost:       half of the last \(cost.calls.counted("call")) took up to \(cost.p50) µs, 99 % up to \(cost.p99) µs"
            )
        }
        lines += sent.map {
            "Sent:       \($0.rows.counted("row")) (\($0.bytes.counted("byte"))) in \($0.transfers.counted("transfer")) to "
                + "\($0.destination.escapedForDisplay), last \($0.last.escapedForDisplay)"
        }
        if let sentProblem {
            lines.append("SENT:       not known for sure, as the record of it is not as it was written: \(sentProblem)")
        } else if sent.isEmpty {
            lines.append("Sent:       nothing, ever")
        }
        lines.append(
            books.balance
                ? "The books balance: received = accepted + rejected, accepted = stored + pending."
                : "THE BOOKS DO NOT BALANCE: accepted is not stored + pending.")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same as values. Keys without a value are left out.
    package var json: JSONValue {
        let reasons = books.rejectedByReason.map { ($0.reason.name, JSONValue.integer($0.count)) }.sorted {
            $0.0 < $1.0
        }
        let value: JSONValue = [
            "accepted": .integer(books.accepted), "balance": .bool(books.balance), "bytes": .integer(bytes),
            "cost_microseconds": cost.map {
                ["calls": .integer($0.calls), "p50": .integer($0.p50), "p99": .integer($0.p99)]
            }
                ?? .null,
            "cut_commands": .integer(books.cutCommands), "damaged_records": .integer(books.damagedRecords),
            "data_folder": .string(folder), "dropped_events": .integer(books.droppedEvents),
            "dropped_fields": .integer(books.droppedFields),
            "events": .integer(books.stored - books.purged - books.expired), "expired": .integer(books.expired),
            "imported": .integer(books.imported), "key_problem": .string(keyProblem),
            "pending": .integer(books.pending),
            "preference": .string(settings.isRecordingOn ? "on" : "off"), "purged": .integer(books.purged),
            "reason": .string(reason), "redacted_values": .integer(books.redactedValues),
            "received": .integer(books.received), "recording": .bool(recording == .on),
            "rejected": .integer(books.rejected), "rejected_by_reason": .object(reasons.map(JSONValue.Member.init)),
            "retention_days": .integer(settings.retentionDays), "schema": .integer(1), "sent": .array(sent.map(\.json)),
            "sent_problem": .string(sentProblem), "sessions": .integer(books.sessions),
            "since": .string(since.map(Timestamp.rfc3339)), "stored": .integer(books.stored),
            "torn_records": .integer(books.tornRecords),
        ]
        return value.withoutNulls
    }

    private var reason: String? {
        if case .off(let reason) = recording { reason } else { nil }
    }

    private var pendingText: String {
        guard books.pending > 0 else { return "" }
        return recording == .on
            ? " (in the buffer; 'nexus flush' stores them)" : " (in the buffer, until recording is on again)"
    }

    private var recordingText: String { reason.map { "off (\($0.escapedForDisplay))" } ?? "on" }

    private var sizeText: String {
        if bytes < 1024 { return bytes.counted("byte") }
        let units = ["KiB", "MiB", "GiB", "TiB"]
        var size = Double(bytes) / 1024
        var unit = 0
        while size >= 1024, unit < units.count - 1 {
            size /= 1024
            unit += 1
        }
        return String(format: "%.1f %@", size, units[unit])
    }
}
