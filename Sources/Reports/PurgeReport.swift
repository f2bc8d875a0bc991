package import Core
import Database
package import Maintenance
import SystemSupport

/// The receipt of a purge.
package struct PurgeReport: Sendable {
    private let receipt: PurgeReceipt

    package init(_ receipt: PurgeReceipt) {
        self.receipt = receipt
    }

    package var text: String {
        var lines = [
            "Removed:  \(receipt.events.counted("event")), \(receipt.sessions.counted("session")), and their counts and names",
            "          \(receipt.bufferFiles.counted("file")) of the buffer",
        ]
        lines += receipt.snapshots.map { "          snapshot \($0.escapedForDisplay)" }
        if receipt.renewedKey { lines.append("          the key, which a new one replaces") }
        lines += [
            "Written:  the remaining database; freed pages were overwritten and the WAL is empty",
            "Size:     \(receipt.bytesBefore.counted("byte")) before, \(receipt.bytesAfter) now",
            "Searched: \(receipt.bytesSearched.counted("byte")) in \(receipt.filesSearched.counted("file")), for the commands, "
                + "session ids, event types, error categories,",
            "          templates and hashes that only removed events had:",
            "          \(receipt.values.counted("text")), of which \(receipt.valuesSearched) as bytes in the files; the others are "
                + "shorter than 8 bytes",
            "          or part of a remaining text, and were searched in the tables",
        ]
        lines.append(
            receipt.foundIn.isEmpty
                ? "Found:    nothing"
                : "FOUND:    in " + receipt.foundIn.map(\.escapedForDisplay).joined(separator: ", "))
        return lines.joined(separator: "\n") + "\n"
    }

    /// The receipt as JSON.
    package var json: JSONValue {
        [
            "buffer_files_removed": .integer(receipt.bufferFiles), "bytes_after": .integer(receipt.bytesAfter),
            "bytes_before": .integer(receipt.bytesBefore), "bytes_searched": .integer(receipt.bytesSearched),
            "events_removed": .integer(receipt.events), "files_searched": .integer(receipt.filesSearched),
            "found_in": .strings(receipt.foundIn), "key_renewed": .bool(receipt.renewedKey), "schema": .integer(1),
            "sessions_removed": .integer(receipt.sessions), "snapshots_removed": .strings(receipt.snapshots),
            "texts_removed": .integer(receipt.values), "texts_searched": .integer(receipt.valuesSearched),
        ]
    }
}
