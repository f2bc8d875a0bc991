package import EventModel
import Foundation
import Platform
package import Store

/// The state of recording: what `nexus telemetry status` shows.
package struct BooksReport: Sendable {
    let recording: RecordingSwitch
    let folder: String
    let bytes: Int
    let books: Books

    /// `bytes` is the size of the data folder.
    package init(recording: RecordingSwitch, folder: String, bytes: Int, books: Books) {
        self.recording = recording
        self.folder = folder
        self.bytes = bytes
        self.books = books
    }

    package var text: String {
        var lines = [
            "Recording:  " + recordingText,
            "Data:       \(folder.escapedForDisplay) (\(sizeText))",
            "Received:   \(books.received)",
            "Accepted:   \(books.accepted)",
            "Rejected:   \(books.rejected)",
        ]
        lines += books.rejectedByReason.map { "              \($0.count) \($0.reason.name)" }
        lines += [
            "Stored:     \(books.stored) in \(books.sessions) session\(books.sessions == 1 ? "" : "s")",
            "Pending:    \(books.pending)" + (books.pending > 0 ? " (in the buffer; 'nexus flush' stores them)" : ""),
        ]
        if books.imported > 0 { lines.append("Imported:   \(books.imported) from snapshots, beside those") }
        if books.droppedFields > 0 { lines.append("Dropped:    \(books.droppedFields) fields that are not an event's") }
        if books.cutCommands > 0 { lines.append("Cut:        \(books.cutCommands) commands, where arguments begin") }
        if books.droppedEvents > 0 {
            lines.append("Lost:       \(books.droppedEvents) events that programs had no room for, never received")
        }
        if books.tornRecords > 0 {
            lines.append("Torn:       \(books.tornRecords) records of killed writers, never acknowledged")
        }
        if books.damagedRecords > 0 {
            lines.append("Damaged:    \(books.damagedRecords) records that changed on the disk and are lost")
        }
        lines.append(
            books.balance
                ? "The books balance: received = accepted + rejected, accepted = stored + pending."
                : "THE BOOKS DO NOT BALANCE: accepted is not stored + pending.")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same as values for JSON.
    package var json: some Encodable {
        Values(
            recording: recording == .on, reason: reason, dataFolder: folder, bytes: bytes, received: books.received,
            accepted: books.accepted, rejected: books.rejected,
            rejectedByReason: Dictionary(
                uniqueKeysWithValues: books.rejectedByReason.map { ($0.reason.name, $0.count) }),
            stored: books.stored, imported: books.imported, pending: books.pending, sessions: books.sessions, droppedFields: books.droppedFields,
            cutCommands: books.cutCommands, droppedEvents: books.droppedEvents, tornRecords: books.tornRecords,
            damagedRecords: books.damagedRecords, balance: books.balance)
    }

    private struct Values: Encodable {
        let schema = 1
        let recording: Bool
        let reason: String?
        let dataFolder: String
        let bytes: Int
        let received: Int
        let accepted: Int
        let rejected: Int
        let rejectedByReason: [String: Int]
        let stored: Int
        let imported: Int
        let pending: Int
        let sessions: Int
        let droppedFields: Int
        let cutCommands: Int
        let droppedEvents: Int
        let tornRecords: Int
        let damagedRecords: Int
        let balance: Bool
    }

    private var reason: String? {
        if case .off(let reason) = recording { reason } else { nil }
    }

    private var recordingText: String { reason.map { "off (\($0.escapedForDisplay))" } ?? "on" }

    private var sizeText: String {
        if bytes < 1024 { return "\(bytes) bytes" }
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
